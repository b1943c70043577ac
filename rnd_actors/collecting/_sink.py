"""Where samples go besides the result."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from attrs import asdict, frozen

from rnd_actors.actors import Actor, ExitReason
from rnd_actors.collecting._sample import Sample
from rnd_actors.errors import SinkError

__all__ = ["Accepted", "JsonLinesSink"]


@frozen
class Accepted:
    """Samples that count, for a sink; each is sent once, in the order of its index.

    Example:
        >>> from rnd_actors import Accepted, Sample
        >>> sample = Sample(index=0, value=42, worker=3, incarnation=1, seq=0, received_at=0.5)
        >>> [sample.value for sample in Accepted((sample,)).samples]
        [42]
    """

    samples: tuple[Sample, ...]


class JsonLinesSink(Actor[Accepted]):
    """Writes samples to a file as they arrive, one JSON object a line; replaces the file.

    It crashes with a `SinkError` if the file cannot be written. Then the file ends with the last
    line that was written as a whole, if it is one that can be cut.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import Accepted, ActorSystem, ChildSpec, JsonLinesSink, Sample
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "samples.jsonl")
        ...     with ActorSystem() as system:
        ...         sink = system.start(ChildSpec("file", lambda: JsonLinesSink(path), drain=True))
        ...         sink.tell(Accepted((Sample(0, 42, 3, 1, 0, received_at=0.5),)))
        ...     print(path.read_text(), end="")
        {"index": 0, "value": 42, "worker": 3, "incarnation": 1, "seq": 0, "received_at": 0.5}
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None

    def on_start(self) -> None:
        with self._clear_errors():
            self._file = FileIO(self._path, "w")

    def receive(self, message: Accepted) -> None:
        lines = [json.dumps(asdict(sample)) + "\n" for sample in message.samples]
        if self._file is not None:
            with self._clear_errors():
                _append(self._file, "".join(lines).encode("ascii"))

    def on_stop(self, reason: ExitReason) -> None:
        if self._file is not None:
            with self._clear_errors():
                self._file.close()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SinkError(f"cannot write {self._path}: {error.strerror}") from error


def _append(file: FileIO, lines: bytes) -> None:
    """Write all of this, or, if that fails, whole lines of it."""
    written = 0
    try:
        while written < len(lines):
            written += file.write(lines[written:])
    except OSError:
        piece = written - (lines.rfind(b"\n", 0, written) + 1)
        with suppress(OSError):  # devices and pipes cannot be cut
            file.truncate(file.tell() - piece)
        raise
