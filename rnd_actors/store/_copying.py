"""One run of a store, copied to another store."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from rnd_actors.errors import StoreError
from rnd_actors.store._database import connect, opened, transaction
from rnd_actors.store._runs import chosen_run

__all__ = ["copy_run"]

_TABLES: Final = ("sessions", "samples", "incarnations", "restarts", "events")


def copy_run(source: Path, run: int | None, target: Path) -> int:
    """Copy a run with all that belongs to it, and return its id in the other store.

    Args:
        source: the store that holds it.
        run: its id there; None: the latest.
        target: the other store; it is made if it is not there.

    Raises:
        StoreError: there is no such run, or one of the two is no store or cannot be used.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors.store import Recording, RunDescription, copy_run, list_runs
        >>> described = RunDescription(settings={"workers": 1}, recipe=None, collector="x", goal=1)
        >>> with TemporaryDirectory() as folder:
        ...     one, other = Path(folder, "one.db"), Path(folder, "other.db")
        ...     Recording.begin(one, described).abandon()
        ...     copy_run(one, 1, other), len(list_runs(other))
        (1, 1)
    """
    with opened(source) as connection:  # it gets today's schema, and so the columns of the target
        run = chosen_run(connection, source, run).id
    with closing(connect(target, create=True)) as connection:
        try:
            connection.execute("ATTACH ? AS source", (str(source),))
            with transaction(connection):
                return _copy(connection, run)
        except sqlite3.Error as error:
            raise StoreError(f"cannot copy run {run} to {target}: {error}") from error


def _copy(connection: sqlite3.Connection, run: int) -> int:
    columns = _columns(connection, "runs", but="id")
    [copy] = connection.execute(
        f"INSERT INTO main.runs ({columns}) "  # noqa: S608  # names of our own schema
        f"SELECT {columns} FROM source.runs WHERE id = ? RETURNING id",
        (run,),
    ).fetchone()
    for table in _TABLES:
        columns = _columns(connection, table, but="run")
        connection.execute(
            f"INSERT INTO main.{table} (run, {columns}) "  # noqa: S608
            f"SELECT ?, {columns} FROM source.{table} WHERE run = ?",
            (copy, run),
        )
    return int(copy)


def _columns(connection: sqlite3.Connection, table: str, but: str) -> str:
    names = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
    return ", ".join(f'"{name}"' for name in names if name != but)
