"""A store as a database: opened in the schema of today, for writing or for reading."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from rnd_actors.errors import RndActorsError, StoreError
from rnd_actors.store import _tables as sql
from rnd_actors.store._file import APPLICATION_ID, StoreFile, check_version, wrong_schema

_PATIENCE_S: Final = 30.0
"""How long a write waits for another run that writes to the same store."""


def connect(path: Path, *, create: bool = False) -> "StoreConnection":
    """Open a store to write to it, in the schema of today; make it if it may be made."""
    return _opened(path, create=create, only_reads=False)


@contextmanager
def reading(path: Path) -> Iterator["StoreConnection"]:
    """Have a store open in one read transaction: every query of the block sees the same moment."""
    connection = _opened(path, create=False, only_reads=True)
    with closing(connection), clear_errors(f"read the store {path}"):
        connection.execute("BEGIN")
        yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all that the block writes, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


@contextmanager
def clear_errors(what: str, kind: type[RndActorsError] = StoreError) -> Iterator[None]:
    """Raise an error of SQLite as one of this kind that tells what could not be done."""
    try:
        yield
    except sqlite3.Error as error:
        raise kind(f"cannot {what}: {error}") from error


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
        """Return whether anybody works on a run."""
        return self.file is not None and self.file.is_locked(run)

    def close(self) -> None:
        """Close the connection, and let others work on the run that it has locked."""
        super().close()
        if self.file is not None:
            if self.locked is not None:
                self.file.unlock(self.locked)
            self.file.leave()
            self.file = None


def _opened(path: Path, *, create: bool, only_reads: bool) -> StoreConnection:
    file = StoreFile.enter(path, create=create)
    try:
        with clear_errors(f"open the store {path}"):
            connection = _connected(path, file, only_reads=only_reads)
    except BaseException:
        if file.is_new and not os.fstat(file.descriptor).st_size:
            path.unlink(missing_ok=True)
        file.leave()
        raise
    connection.file = file
    return connection


def _connected(path: Path, file: StoreFile, *, only_reads: bool) -> StoreConnection:
    is_unchanging = only_reads and _cannot_change(path)
    connection = _sqlite(path.absolute().as_uri() + "?immutable=1" * is_unchanging)
    try:
        try:
            _migrate(connection, path, in_use=file.is_in_use)
        except (sqlite3.Error, StoreError):
            if not only_reads:
                raise
            connection = _migrated_copy(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _cannot_change(path: Path) -> bool:
    """Whether nobody writes to a store, and SQLite could not make the files beside it either.

    So it is on a read-only file system, or in the folder of somebody else.
    """
    true_path = path.resolve()
    is_in_use = true_path.with_name(f"{true_path.name}-wal").exists()
    return not (is_in_use or os.access(true_path.parent, os.W_OK, effective_ids=True))


def _sqlite(uri: str) -> StoreConnection:
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=_PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,
        factory=StoreConnection,
    )
    connection.execute("PRAGMA trusted_schema = OFF")  # anybody may have made the file
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, *, in_use: bool) -> None:
    """Bring a store of an older schema, or an empty file, to today's, and see that it has that.

    An older version that works on a run needs what would vanish.
    """
    version = _version(connection)
    if version:
        check_version(version, path)  # the header of the file may be older than its journal
    if 0 < version < sql.VERSION and in_use:
        raise StoreError(f"an older rnd-actors works on a run in {path}; wait until that has ended")
    try:
        if version == sql.VERSION:
            _find_columns(connection)
            return
        with transaction(connection):
            _bring_up_to_date(connection)
            _find_columns(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise wrong_schema(path, version, f"its tables are others ({error})") from error


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    version = _version(connection)  # another program may just have done it
    for statement in sql.MIGRATIONS[version - 1 :] if version else sql.SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {sql.VERSION}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _find_columns(connection: sqlite3.Connection) -> None:
    """Fail with SQLite's error if a table or a column of today's schema is missing."""
    for table in (sql.RUNS, *sql.TABLES_OF_A_RUN):
        connection.execute(table.select, (0,)).close()


def _version(connection: sqlite3.Connection) -> int:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrated_copy(connection: sqlite3.Connection, path: Path) -> StoreConnection:
    """Return a temporary database, in today's schema, of all that a store has that has to stay."""
    copy = _sqlite("")
    try:
        with closing(connection):
            connection.backup(copy)
        _migrate(copy, path, in_use=False)
    except BaseException:
        copy.close()
        raise
    return copy
