"""Samples as lines of text, JSON or CSV: written, appended to, and cut back."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path

from attrs import asdict, astuple, define, field, fields_dict
from gevent.monkey import get_original

from rnd_actors.collecting import Sample
from rnd_actors.errors import SettingsError
from rnd_actors.sinks._files import sink_errors


@define
class LinesWriter:
    """Writes a line for each sample, after what the file holds already.

    A regular file ends with a whole line even if its disk becomes full.

    Args:
        name: of the file, for errors.
        open_file: opens it, unbuffered.
        line: returns the line of a sample, without its end.
        header: the first line of a file; None: there is none.
    """

    name: str
    _open_file: Callable[[], FileIO]
    line: Callable[[Sample], str]
    header: str | None = None
    _file: FileIO | None = field(default=None, init=False)

    def open(self) -> None:
        with sink_errors(self.name):
            self._file = self._open_file()
        if self.header is not None and not self._file.tell():
            self._append(f"{self.header}\n")

    def write(self, samples: Sequence[Sample]) -> None:
        self._append("".join(f"{self.line(sample)}\n" for sample in samples))

    def close(self) -> None:
        if self._file is not None:
            with sink_errors(self.name):
                self._file.close()

    def _append(self, lines: str) -> None:
        if self._file is not None:
            with sink_errors(self.name):
                _write_lines(self._file, lines.encode("ascii"))


def _write_lines(file: FileIO, lines: bytes) -> None:
    """Write all lines or, if that fails, only whole ones."""
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
    """Wait for room in a pipe that another program has made non-blocking; return 0."""
    get_original("select", "select")([], [file], [])
    return 0


def json_lines(path: Path) -> LinesWriter:
    """Return a writer of one JSON object a line."""
    return LinesWriter(str(path), lambda: _open_to_append(path), _json)


def json_lines_on_stdout() -> LinesWriter:
    """Return a writer of one JSON object a line, on stdout."""
    return LinesWriter("stdout", lambda: FileIO(sys.stdout.fileno(), "w", closefd=False), _json)


def csv_rows(path: Path) -> LinesWriter:
    """Return a writer of comma separated values under a header."""
    header = ",".join(fields_dict(Sample))
    return LinesWriter(str(path), lambda: _open_to_append(path), _csv, header)


def _open_to_append(path: Path) -> FileIO:
    """Open a file; a pipe without a reader is an error, since opening it does not wait."""
    return FileIO(path, "a", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK, 0o666))


def _json(sample: Sample) -> str:
    return json.dumps(asdict(sample))


def _csv(sample: Sample) -> str:
    return ",".join(map(str, astuple(sample)))


def check_appendable(path: Path, writer: LinesWriter, setting: str) -> None:
    """Check by its first line and its end that this writer could have written a file.

    Raises:
        SettingsError: it could not.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        first = file.readline(1000).decode(errors="replace").rstrip("\r\n")
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
    if writer.header not in (None, first):
        accepted = f"files to append to that begin with the line {writer.header}"
        raise SettingsError(setting, accepted, str(path))
    if last != b"\n":
        accepted = "files to append to whose last line is whole"
        raise SettingsError(setting, accepted, str(path))


def cut_run(path: Path, writer: LinesWriter, samples: tuple[Sample, ...], setting: str) -> None:
    """Cut the samples of a run from the end of a file, to which they are written again.

    Raises:
        SettingsError: another run has been appended since.
    """
    if not samples or not path.is_file():
        return
    first = f"{writer.line(samples[0])}\n".encode()
    beginning = first[: first.index(b",")]  # with the index 0, with which every run begins
    ours = last = None
    position = 0
    with path.open("rb") as file:
        for line in file:
            if line.startswith(beginning):
                last = position
                ours = position if line == first else ours
            position += len(line)
    if ours is None:
        return
    if ours != last:
        accepted = "files to append to that end with the run that goes on; move this one away"
        raise SettingsError(setting, accepted, str(path))
    os.truncate(path, ours)
