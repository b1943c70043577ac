"""The file of a store: told from other files, opened, and brought to today's schema."""

import os
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from rnd_actors.errors import StoreError
from rnd_actors.store._file import StoreFile
from rnd_actors.store._schema import APPLICATION_ID, MIGRATIONS

__all__ = ["StoreConnection", "connect", "opened", "transaction"]

_PATIENCE_S: Final = 30.0
"""How long a write waits for another run that writes to the same store."""
_HEADER: Final = struct.Struct(">16s44xi4xi28x")
"""See https://www.sqlite.org/fileformat.html: magic, user version, application id."""
_MAGIC: Final = b"SQLite format 3\0"


class StoreConnection(sqlite3.Connection):
    """A connection to a store, which has its file open as long as it is open itself."""

    file: StoreFile | None = None
    locked: int | None = None
    """The run that is locked by this connection."""

    def lock(self, run: int) -> bool:
        """Lock a run until the connection is closed; return whether nobody else works on it."""
        if self.file is None or not self.file.lock(run):
            return False
        self.locked = run
        return True

    def is_locked(self, run: int) -> bool:
        """Say whether anybody works on a run."""
        return self.file is not None and self.file.is_locked(run)

    def close(self) -> None:
        """Close it, and let others work on what it has locked."""
        super().close()
        if self.file is not None:
            if self.locked is not None:
                self.file.unlock(self.locked)
            self.file.leave()
            self.file = None


def connect(
    path: Path, *, create: bool = False, migrations: Sequence[str] = MIGRATIONS
) -> StoreConnection:
    """Open a store, in the schema of today.

    Args:
        path: the file.
        create: whether a store is made where there is none.
        migrations: what makes an empty file a store, step by step.

    Raises:
        StoreError: it is not there, not a store, or cannot be opened.
    """
    file = StoreFile.enter(path, create=create)
    try:
        _check(file, path, migrations, may_be_empty=create)
        connection = _connected(path, migrations)
    except BaseException:
        if file.is_new and not os.fstat(file.descriptor).st_size:
            path.unlink(missing_ok=True)
        file.leave()
        raise
    connection.file = file
    return connection


def _check(file: StoreFile, path: Path, migrations: Sequence[str], *, may_be_empty: bool) -> None:
    """See whether there is a store, and touch nothing."""
    header = os.pread(file.descriptor, _HEADER.size, 0)
    if not header and may_be_empty:
        return
    if not header:
        raise StoreError(f"there is no store at {path}: the file is empty")
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


def _connected(path: Path, migrations: Sequence[str]) -> StoreConnection:
    try:
        connection = sqlite3.connect(
            path,
            timeout=_PATIENCE_S,
            isolation_level=None,
            check_same_thread=False,
            factory=StoreConnection,
        )
        try:
            _migrate(connection, migrations)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA trusted_schema = OFF")  # anybody may have made the file
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
def opened(path: Path) -> Iterator[StoreConnection]:
    """Have a store open while the block runs; its errors are those of the store."""
    with closing(connect(path)) as connection:
        try:
            yield connection
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {path}: {error}") from error
