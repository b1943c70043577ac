"""Samples as lines of text: JSON or CSV, in a file or on stdout."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from attrs import asdict, astuple, define, field, fields_dict
from gevent.monkey import get_original

from rnd_actors.collecting import Sample
from rnd_actors.errors import SinkError

__all__ = ["LinesWriter", "csv_rows", "json_lines", "json_lines_on_stdout"]


@define
class LinesWriter:
    """Writes a line for each sample, after what is in the file already.

    A file ends with a whole line also when its disk has become full, if it is one that can be cut.

    Args:
        name: of the file, for people.
        open_file: opens it, unbuffered.
        line: makes a line of a sample, without its end.
        header: the first line of a file, if there is one.
    """

    name: str
    _open_file: Callable[[], FileIO]
    line: Callable[[Sample], str]
    header: str | None = None
    _file: FileIO | None = field(default=None, init=False)

    def open(self) -> None:
        with self._clear_errors():
            self._file = self._open_file()
        if self.header is not None and not self._file.tell():
            self._append(f"{self.header}\n")

    def write(self, samples: Sequence[Sample]) -> None:
        self._append("".join(f"{self.line(sample)}\n" for sample in samples))

    def close(self) -> None:
        if self._file is not None:
            with self._clear_errors():
                self._file.close()

    def _append(self, lines: str) -> None:
        if self._file is not None:
            with self._clear_errors():
                _append(self._file, lines.encode("ascii"))

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SinkError(f"cannot write {self.name}: {error.strerror}") from error


def json_lines(path: Path) -> LinesWriter:
    """Return a writer of one JSON object a line."""
    return LinesWriter(str(path), lambda: FileIO(path, "a", opener=_opener), _json)


def csv_rows(path: Path) -> LinesWriter:
    """Return a writer of comma separated values under a header."""
    header = ",".join(fields_dict(Sample))
    return LinesWriter(str(path), lambda: FileIO(path, "a", opener=_opener), _csv, header)


def json_lines_on_stdout() -> LinesWriter:
    """Return a writer of one JSON object a line, on stdout."""
    return LinesWriter("stdout", lambda: FileIO(sys.stdout.fileno(), "w", closefd=False), _json)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK, 0o666)  # a pipe that nobody reads is an error


def _json(sample: Sample) -> str:
    return json.dumps(asdict(sample))


def _csv(sample: Sample) -> str:
    return ",".join(map(str, astuple(sample)))


def _append(file: FileIO, lines: bytes) -> None:
    """Write all of this, or, if that fails, whole lines of it."""
    written = 0
    try:
        while written < len(lines):
            written += file.write(lines[written:]) or _await_room(file)
    except OSError:
        piece = written - (lines.rfind(b"\n", 0, written) + 1)
        with suppress(OSError):  # devices and pipes cannot be cut
            file.truncate(file.tell() - piece)
        raise


def _await_room(file: FileIO) -> int:
    """Wait for a pipe that does not wait by itself, as others may have made it; return 0."""
    get_original("select", "select")([], [file], [])
    return 0
