"""The runs of a store, and what is read of each in more than one place."""

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

from rnd_actors.collecting import Tally
from rnd_actors.errors import StoreError
from rnd_actors.store._database import StoreConnection, opened
from rnd_actors.store._json import from_json
from rnd_actors.store._records import StoredRun
from rnd_actors.store._soundness import check_run, check_runs, damaged, json_object

__all__ = ["SAMPLES", "all_of", "chosen_run", "list_runs", "stored_tally"]

_RUNS: Final = """
SELECT id, outcome, collector, goal, json_extract(settings, '$.workers') AS workers,
    coalesce(json_extract(settings, '$.worker'), '[]') AS worker,
    (SELECT min(started_at) FROM sessions WHERE run = id) AS started_at,
    (SELECT count(*) FROM samples WHERE run = id) AS samples,
    (SELECT count(*) FROM sessions WHERE run = id) AS sessions,
    (SELECT total(elapsed_s) FROM sessions WHERE run = id) AS elapsed_s
FROM runs
"""
SAMPLES: Final = """
SELECT "index", value, worker, incarnation, seq, received_at FROM samples
WHERE run = ? ORDER BY "index"
"""
_TALLY: Final = """
SELECT tally FROM sessions WHERE run = ? AND tally IS NOT NULL ORDER BY number DESC LIMIT 1
"""
_LEAST: Final = 1e-12
_MOST: Final = 1e15


def list_runs(path: Path) -> list[StoredRun]:
    """Return the runs of a store, in the order in which they were begun.

    Raises:
        StoreError: there is no store, or it cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import RunSettings, run
        >>> from rnd_actors.store import list_runs
        >>> with TemporaryDirectory() as folder:
        ...     store = Path(folder, "runs.db")
        ...     fast = RunSettings(samples=4, workers=2, worker_args=("-interval", "0"),
        ...         base_port=0, outputs=store)
        ...     result = run(fast)
        ...     [(run.id, run.state, run.samples) for run in list_runs(store)]
        [(1, 'complete', 4)]
    """
    with opened(path) as connection:
        return _runs(connection, path)


def _runs(connection: StoreConnection, path: Path) -> list[StoredRun]:
    check_runs(connection, path)
    rows = _rows(connection, f"{_RUNS} ORDER BY id", ())
    return [_stored_run(row, connection) for row in rows]


def chosen_run(connection: StoreConnection, path: Path, run: int | None) -> StoredRun:
    """Return the run with this id, the latest if it is None; all that belongs to it is sound."""
    runs = _runs(connection, path)
    if not runs:
        raise StoreError(f"{path} holds no run yet")
    found = [stored for stored in runs if run in (None, stored.id)]
    if not found:
        ids = ", ".join(str(stored.id) for stored in runs[-20:])
        raise StoreError(f"{path} holds no run {run}; it holds {ids}")
    check_run(connection, path, found[-1].id)
    return found[-1]


def _stored_run(row: dict[str, Any], connection: StoreConnection) -> StoredRun:
    state = "running" if connection.is_locked(row["id"]) else row.pop("outcome") or "died"
    row.pop("outcome", None)
    row["worker"] = tuple(map(str, json.loads(row["worker"])))
    return StoredRun(state=state, **row)


def stored_tally(connection: sqlite3.Connection, path: Path, run: int) -> Tally:
    """Return what the run knew of its workers when that was last written."""
    row = connection.execute(_TALLY, (run,)).fetchone()
    if row is None:
        return Tally()
    trouble = damaged(path, run, "the tally of its workers cannot be read")
    if not _plausible(json_object(row[0], path, run, "tally")):
        raise trouble
    try:
        tally: Tally = from_json(row[0], Tally)
    except Exception as error:  # there is no telling what a converter raises
        raise trouble from error
    return tally


def _plausible(part: Any) -> bool:
    """Say whether all numbers of a tally can be those of a run: their quotients are finite."""
    if isinstance(part, dict):
        return all(map(_plausible, part.values()))
    if isinstance(part, list):
        return all(map(_plausible, part))
    return not isinstance(part, int | float) or part == 0 or _LEAST <= abs(part) <= _MOST


def all_of(connection: sqlite3.Connection, sql: str, run: int, kind: Any) -> tuple[Any, ...]:
    """Return what a query about a run finds, as objects with the names of its columns."""
    return tuple(kind(**row) for row in _rows(connection, sql, (run,)))


def _rows(
    connection: sqlite3.Connection, sql: str, parameters: tuple[object, ...]
) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
