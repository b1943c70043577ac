"""Where a file may be written: what is there, and what becomes of what that holds."""

import os
import stat
from enum import Enum
from pathlib import Path

from rnd_actors.errors import SettingsError

__all__ = ["Existing", "check_file"]


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
    """It is lost."""
    APPEND = "append"
    """It stays, and what is new comes after it."""


def check_file(path: Path, setting: str, *, has_draft: bool, refused: str | None) -> None:
    """See whether a file can be written, and touch nothing.

    Args:
        path: where it is, or will be.
        setting: what names it, for the error.
        has_draft: whether a draft is written beside it first, or other files are.
        refused: what is said if it holds something already; None: it may.

    Raises:
        SettingsError: it cannot be written, or holds something that is not to be lost.

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
