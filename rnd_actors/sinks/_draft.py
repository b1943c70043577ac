"""A file that is replaced as a whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

__all__ = ["replacing"]

_LONGEST_NAME: Final = 40


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Have a draft beside the file written by the block, and put it in its place at the end.

    If the block raises, the file stays as it was and the draft is removed. The draft is a new file:
    one that a killed program has left is removed before, and so is a link that somebody has put
    there, which is not followed.

    Raises:
        OSError: the draft cannot be made or not be put in its place, or there is no plain file.

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
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no plain file")
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
    """Return the same name for the same file, which is no longer than names may be."""
    return f".{name[:_LONGEST_NAME]}.{crc32(os.fsencode(name)):08x}.new"
