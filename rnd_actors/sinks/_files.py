"""Files for samples and reports: whether they can be written, and replacing one as a whole."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

from rnd_actors.errors import SettingsError, SinkError

_LONGEST_NAME: Final = 40


class Existing(Enum):
    """What becomes of a file that holds something already.

    Example:
        >>> from rnd_actors import RunSettings
        >>> RunSettings(outputs="samples.csv", existing="append").existing
        <Existing.APPEND: 'append'>
    """

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

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import check_file
        >>> check_file(Path("/dev"), "FILE", has_draft=False, refused=None)
        Traceback (most recent call last):
        rnd_actors.errors.SettingsError: FILE takes files, and this is a folder; got '/dev'
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

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors.sinks import replacing
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "report.md")
        ...     with replacing(path) as file:
        ...         written = file.write(b"all of it")
        ...     path.read_text()
        'all of it'
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
    """Turn every `OSError` of the block into a `SinkError` that names the file and the trouble."""
    try:
        yield
    except OSError as error:
        trouble = os.strerror(error.errno) if error.errno else error
        raise SinkError(f"cannot write {name}: {trouble}") from error
