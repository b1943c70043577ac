"""Files of samples and reports: checked, replaced as a whole, written line by line, cut back."""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

from attrs import asdict, astuple, define, field, fields_dict
from gevent.monkey import get_original

from rnd_actors.collectors import Sample
from rnd_actors.errors import SettingsError, SinkError

_LONGEST_NAME: Final = 40


class Existing(Enum):
    """What becomes of a file that holds something already."""

    REFUSE = "refuse"
    """Nothing: it is an error."""
    OVERWRITE = "overwrite"
    """Its content is lost."""
    APPEND = "append"
    """Its content stays, and new samples follow it."""


def check_file(path: Path, setting: str, *, has_draft: bool, refused: str | None) -> None:
    """Check that a file can be written, without touching it.

    Args:
        path: of the file, which need not exist.
        setting: the name of the setting, for the error.
        has_draft: whether a draft or other files are written in the same folder first.
        refused: what the error gives as accepted if the file holds something; None: it may.

    Raises:
        SettingsError: the file cannot be written, or holds something that is not to be lost.
    """
    try:
        known = path.stat()
    except FileNotFoundError:
        known = None
    except (OSError, ValueError) as error:
        trouble = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(setting, f"files that can be written ({trouble})", str(path)) from error
    if known is None or has_draft:
        _check_folder(Path(os.path.realpath(path)).parent, path, setting)
    if known is None:
        return
    is_device = stat.S_ISCHR(known.st_mode) and not has_draft
    if not (stat.S_ISREG(known.st_mode) or is_device):
        kind = "a folder" if stat.S_ISDIR(known.st_mode) else "a pipe or a device"
        raise SettingsError(setting, f"files, and this is {kind}", str(path))
    if not os.access(path, os.W_OK):
        raise SettingsError(setting, "files that you may write", str(path))
    if refused is not None and known.st_size:
        raise SettingsError(setting, refused, str(path))


def _check_folder(folder: Path, path: Path, setting: str) -> None:
    if not folder.is_dir():
        accepted = f"files in folders that exist, and there is no folder {folder}"
        raise SettingsError(setting, accepted, str(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        accepted = f"files in folders that you may write, and {folder} is none"
        raise SettingsError(setting, accepted, str(path))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a draft beside the file, and let it replace the file at the end of the block.

    If the block raises, the file stays as it was and the draft is removed. The draft is a new file:
    a draft that a killed program left behind is removed first, and so is a symbolic link at its
    place, which is not followed.

    Raises:
        SinkError: the path names something else than a plain file, or the draft cannot be made,
            written or put in the place of the file.
    """
    with sink_errors(path):
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            raise SinkError(f"cannot write {path}: it is no plain file")
        draft = target.with_name(_draft_name(target.name))
        draft.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(draft, flags, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def _draft_name(name: str) -> str:
    """Return a name that depends on that of the file alone, and has a bounded length."""
    return f".{name[:_LONGEST_NAME]}.{crc32(os.fsencode(name)):08x}.new"


@contextmanager
def sink_errors(name: object) -> Iterator[None]:
    """Turn an `OSError` of the block into a `SinkError` that names the file and the trouble."""
    try:
        yield
    except OSError as error:
        trouble = os.strerror(error.errno) if error.errno else error
        raise SinkError(f"cannot write {name}: {trouble}") from error


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
    """Write all lines; if that fails, leave no half a line in a regular file."""
    written = 0
    try:
        while written < len(lines):
            count = file.write(lines[written:])
            written += count or 0
            if not count:  # another program has made this pipe non-blocking, and it is full
                get_original("select", "select")([], [file], [])
    except OSError:
        piece = written - (lines.rfind(b"\n", 0, written) + 1)
        with suppress(OSError):  # devices and pipes cannot be cut
            file.truncate(file.tell() - piece)
        raise


def json_lines(path: Path) -> LinesWriter:
    """Return a writer of one JSON object a line to a file."""
    return LinesWriter(str(path), lambda: _open_to_append(path), _json)


def json_lines_on_stdout() -> LinesWriter:
    """Return a writer of one JSON object a line to stdout."""
    return LinesWriter("stdout", lambda: FileIO(sys.stdout.fileno(), "w", closefd=False), _json)


def csv_rows(path: Path) -> LinesWriter:
    """Return a writer of comma separated values to a file, under a header."""
    header = ",".join(fields_dict(Sample))
    return LinesWriter(
        str(path),
        lambda: _open_to_append(path),
        lambda sample: ",".join(map(str, astuple(sample))),
        header,
    )


def _open_to_append(path: Path) -> FileIO:
    """Open a file; a pipe without a reader is an error, since opening it does not wait."""
    return FileIO(path, "a", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK, 0o666))


def _json(sample: Sample) -> str:
    return json.dumps(asdict(sample))


def check_appendable(path: Path, writer: LinesWriter, setting: str) -> None:
    """Check by its first line and its end that a file may be of this writer.

    Raises:
        SettingsError: it is not.
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


def cut_run(path: Path, writer: LinesWriter, samples: Sequence[Sample]) -> None:
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
        raise SettingsError("outputs", accepted, str(path))
    os.truncate(path, ours)
