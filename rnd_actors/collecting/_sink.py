"""Where samples go besides the result."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
        self._file: IO[str] | None = None

    def on_start(self) -> None:
        with self._clear_errors():
            self._file = self._path.open("w", encoding="ascii")

    def receive(self, message: Accepted) -> None:
        lines = [json.dumps(asdict(sample)) + "\n" for sample in message.samples]
        if self._file is not None:
            with self._clear_errors():
                self._file.writelines(lines)
                self._file.flush()

    def on_stop(self, reason: ExitReason) -> None:
        if self._file is not None:
            self._file.close()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SinkError(f"cannot write {self._path}: {error.strerror}") from error
