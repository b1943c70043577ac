"""The file of a store: told from other files, opened, and brought to today's schema."""

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from rnd_actors.errors import StoreError
from rnd_actors.store._schema import APPLICATION_ID, MIGRATIONS

__all__ = ["check", "connect", "opened", "transaction"]

_PATIENCE_S: Final = 30.0
"""How long a write waits for another run that writes to the same store."""
_HEADER: Final = struct.Struct(">16s44xi4xi28x")
"""See https://www.sqlite.org/fileformat.html: magic, user version, application id."""
_MAGIC: Final = b"SQLite format 3\0"


def check(path: Path, migrations: Sequence[str] = MIGRATIONS) -> bool:
    """Say whether there is a store; an empty file, or none, can become one. It touches nothing.

    Raises:
        StoreError: the file is something else, or belongs to a newer version, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    if not header:
        return False
    if len(header) < _HEADER.size or header[:16] != _MAGIC:
        raise StoreError(f"{path} is not a store of rnd-actors: it is no SQLite database")
    _, version, application = _HEADER.unpack(header)
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is not a store of rnd-actors: it belongs to another program")
    if version > len(migrations):
        raise StoreError(
            f"{path} was written by a newer rnd-actors: its schema is {version}, "
            f"and this one knows {len(migrations)}; please upgrade"
        )
    return True


def connect(
    path: Path, *, create: bool = False, migrations: Sequence[str] = MIGRATIONS
) -> sqlite3.Connection:
    """Open a store, in the schema of today.

    Args:
        path: the file.
        create: whether a store is made where there is none.
        migrations: what makes an empty file a store, step by step.

    Raises:
        StoreError: it is not there, not a store, or cannot be opened.
    """
    if not check(path, migrations) and not create:
        raise StoreError(f"there is no store at {path}")
    try:
        connection = sqlite3.connect(
            path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            _migrate(connection, migrations)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise StoreError(f"cannot open the store {path}: {error}") from error
    return connection


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    if _version(connection) == len(migrations):
        return
    with transaction(connection):
        for version in range(_version(connection), len(migrations)):
            for statement in migrations[version].split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _version(connection: sqlite3.Connection) -> int:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit all of the block, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Have a store open while the block runs; its errors are those of the store."""
    with closing(connect(path)) as connection:
        try:
            yield connection
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {path}: {error}") from error
