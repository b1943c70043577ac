"""Whether a store can be trusted: that it holds what this program writes, and whose run it is.

Anybody can change a file, so every value is checked before it is used.

The seal of a run shows that this user has begun it, and that it runs what it was begun with. It is
a keyed digest (HMAC-SHA256) of the settings and the spec of the run, which name the programs and
Python classes that run when it is resumed, and the files that are written. The key is a secret of
the user. So a store that somebody else has made or changed has no seal, whoever owns the file: a
download belongs to the user who made it. The seal does not help against somebody who can read the
user's own files, nor if the program that is named was replaced.
"""

import hmac
import json
import os
import secrets
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from rnd_actors.collectors import Counts
from rnd_actors.errors import StoreError
from rnd_actors.store import _tables as sql

_SECRET_BYTES: Final = 32
_LEAST: Final = 1e-12
_MOST: Final = 1e15


def check_runs(connection: sqlite3.Connection, path: Path) -> None:
    """Check all runs of a store and their sessions; a `StoreError` names the run and the column."""
    for table in (sql.RUNS, sql.SESSIONS):
        _check(connection, path, table.faults)
    for (run,) in connection.execute(sql.RUN_WITHOUT_SESSION):
        raise damaged(path, run, "it has no session")


def check_run(
    connection: sqlite3.Connection, path: Path, run: int, tables: Sequence[sql.Table]
) -> None:
    """Check what tables hold of a run that `check_runs` has found sound."""
    for table in tables:
        _check(connection, path, f"{table.faults} AND run = {run}")
    if sql.SAMPLES in tables:
        count, most = connection.execute(sql.COUNT_SAMPLES, (run,)).fetchone()
        if count and most != count - 1:
            raise damaged(path, run, "samples are missing between the first and the last one")


def json_object(text: str, path: Path, run: int, column: str) -> dict[str, Any]:
    """Return the object in a column that was checked."""
    try:
        found: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:  # too long or too deep for Python alone
        raise damaged(path, run, f"{column} cannot be read: {error}") from error
    return found


def sound_counts(text: str, path: Path, run: int) -> Counts:
    """Return the counts in a column that was checked."""
    trouble = damaged(path, run, "the counts of its workers cannot be read")
    counts = json_object(text, path, run, "tally")
    if not _is_plausible(counts):
        raise trouble
    from cattrs import structure  # noqa: PLC0415  # slow to import, and not for every run

    try:
        return structure(counts, Counts)
    except Exception as error:  # there is no telling what a converter raises
        raise trouble from error


def damaged(path: Path, run: object, trouble: str) -> StoreError:
    """Return the error for a run that is not as this program writes it."""
    return StoreError(
        f"run {run} in {path} is damaged, or was changed by another program: {trouble}"
    )


def seal(settings: str, collector_spec: str | None) -> str | None:
    """Return the seal of a run; None if this user has no place for a secret."""
    secret = _secret()
    if secret is None:
        return None
    sealed = json.dumps([settings, collector_spec]).encode()
    return hmac.new(secret, sealed, "sha256").hexdigest()


def is_sealed(found: object, settings: str, collector_spec: str | None) -> bool:
    """Return whether a value is the seal that this user has set on a run with this beginning."""
    expected = seal(settings, collector_spec)
    if expected is None or not isinstance(found, str):
        return False
    return hmac.compare_digest(found.encode(), expected.encode())


def _check(connection: sqlite3.Connection, path: Path, faults: str) -> None:
    for run, table, column in connection.execute(f"{faults} LIMIT 1"):
        name = f"{table}.{column}".replace('"', "")
        raise damaged(path, run, f"the column {name} holds something else than it should")


def _is_plausible(part: Any) -> bool:
    """Return whether all numbers of a counts can be those of a run: their quotients are finite."""
    if isinstance(part, dict):
        return all(map(_is_plausible, part.values()))
    if isinstance(part, list):
        return all(map(_is_plausible, part))
    return not isinstance(part, int | float) or part == 0 or _LEAST <= abs(part) <= _MOST


def _secret() -> bytes | None:
    """Return the secret of this user; the first call makes it."""
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
    """Return where this program keeps its data, by the XDG Base Directory Specification."""
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    base = given if given.is_absolute() else Path.home() / ".local" / "share"
    return base / "rnd-actors"


def _read(path: Path) -> bytes | None:
    """Return the secret in a file; None if anybody else could have read or written it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        known = os.fstat(descriptor)
        private = stat.S_ISREG(known.st_mode) and not known.st_mode & 0o077
        secret = file.read(_SECRET_BYTES) if private and known.st_uid == os.geteuid() else b""
    return secret if len(secret) == _SECRET_BYTES else None


def _make(path: Path) -> None:
    """Write a new secret, unless another program has just done so."""
    draft = path.with_name(f"secret.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
