"""The seal of a run: shows that this user has begun it, and that it runs what it was begun with.

It is a keyed digest (HMAC-SHA256) of the settings and the recipe of the run, which name what runs
again when it is resumed, programs and Python classes, and the files that are written. The key is a
secret of the user. So a store that somebody else has made or changed has no seal, whoever owns the
file: one that was downloaded belongs to who has downloaded it. It does not help against who can
read the user's own files, nor if the program that is named was replaced.
"""

import hmac
import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["is_sealed", "seal"]

_BYTES: Final = 32


def seal(settings: str, recipe: str | None) -> str | None:
    """Return the seal of a run; None if this user has no place for a secret."""
    secret = _secret()
    if secret is None:
        return None
    sealed = json.dumps([settings, recipe]).encode()
    return hmac.new(secret, sealed, "sha256").hexdigest()


def is_sealed(found: object, settings: str, recipe: str | None) -> bool:
    """Say whether this is the seal that this user has set on such a run."""
    expected = seal(settings, recipe)
    if expected is None or not isinstance(found, str):
        return False
    return hmac.compare_digest(found.encode(), expected.encode())


def _secret() -> bytes | None:
    """Return the secret of this user, which is made when it is first needed."""
    try:
        folder = _data_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return _read(folder / "secret")
        _make(folder / "secret")
        return _read(folder / "secret")
    except (OSError, RuntimeError):  # no home, or one that cannot be written
        return None


def _data_folder() -> Path:
    """Return where this program keeps its data, as the XDG Base Directory Specification has it."""
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    base = given if given.is_absolute() else Path.home() / ".local" / "share"
    return base / "rnd-actors"


def _read(path: Path) -> bytes | None:
    """Return what the file holds; None if anybody else could have read or written it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        known = os.fstat(descriptor)
        private = stat.S_ISREG(known.st_mode) and not known.st_mode & 0o077
        secret = file.read(_BYTES) if private and known.st_uid == os.geteuid() else b""
    return secret if len(secret) == _BYTES else None


def _make(path: Path) -> None:
    """Write a new secret, unless another program has just done so."""
    draft = path.with_name(f"secret.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
