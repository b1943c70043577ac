"""What a store tells of its runs."""

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

from rnd_actors.collecting import Collection, Outcome, Sample, Tally
from rnd_actors.errors import StoreError
from rnd_actors.store._database import opened
from rnd_actors.store._json import from_json
from rnd_actors.store._lock import RunLock
from rnd_actors.store._records import Incarnation, RunHistory, Session, StoredEvent, StoredRun

__all__ = ["Remains", "list_runs", "read_remains", "read_run"]

_RUNS: Final = """
SELECT id, outcome, collector, goal, settings ->> 'workers' AS workers,
    (SELECT min(started_at) FROM sessions WHERE run = id) AS started_at,
    (SELECT count(*) FROM samples WHERE run = id) AS samples,
    (SELECT count(*) FROM sessions WHERE run = id) AS sessions,
    (SELECT total(elapsed_s) FROM sessions WHERE run = id) AS elapsed_s
FROM runs
"""
_SAMPLES: Final = """
SELECT "index", value, worker, incarnation, seq, received_at FROM samples
WHERE run = ? ORDER BY "index"
"""
_SESSIONS: Final = (
    "SELECT number, started_at, elapsed_s FROM sessions WHERE run = ? ORDER BY number"
)
_INCARNATIONS: Final = """
SELECT worker, number, port, pid, spawned_at, streaming_at, ended_at, failure
FROM incarnations WHERE run = ? ORDER BY worker, number
"""
_EVENTS: Final = "SELECT at, level, kind, text FROM events WHERE run = ? ORDER BY at, rowid"
_TALLY: Final = """
SELECT tally FROM sessions WHERE run = ? AND tally IS NOT NULL ORDER BY number DESC LIMIT 1
"""
_LAST_INCARNATIONS: Final = """
SELECT worker, max(number) FROM (
    SELECT worker, number FROM incarnations WHERE run = :run
    UNION ALL SELECT worker, incarnation FROM samples WHERE run = :run
) GROUP BY worker
"""


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


def read_run(path: Path, run: int | None = None) -> RunHistory:
    """Return all that a store knows of a run, by default of the latest.

    Raises:
        StoreError: there is no store, or no such run.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import RunSettings, run
        >>> from rnd_actors.store import read_run
        >>> with TemporaryDirectory() as folder:
        ...     store = Path(folder, "runs.db")
        ...     fast = RunSettings(samples=4, workers=2, worker_args=("-interval", "0"),
        ...         base_port=0, outputs=store)
        ...     result = run(fast)
        ...     history = read_run(store)
        >>> history.result == result, len(history.samples)
        (True, 4)
    """
    with opened(path) as connection:
        connection.execute("BEGIN")  # one moment for all tables
        stored = _chosen(connection, path, run)
        samples = _all(connection, _SAMPLES, stored.id, Sample)
        return RunHistory(
            run=stored,
            result=_result(connection, stored, samples),
            sessions=_all(connection, _SESSIONS, stored.id, Session),
            samples=samples,
            incarnations=_all(connection, _INCARNATIONS, stored.id, Incarnation),
            events=_all(connection, _EVENTS, stored.id, StoredEvent),
        )


@frozen(kw_only=True)
class Remains:
    """What a run that has not reached its goal has left, for a run that goes on with it.

    Args:
        run: as it is listed.
        settings: plain data of the settings that it was begun with.
        recipe: plain data that its collector is made of again, None if it cannot be.
        samples: what it has collected.
        tally: what it knew of its workers.
        incarnations: the highest number that each worker had; none for those that never ran.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors.store import Recording, RunDescription, read_remains
        >>> run = RunDescription(settings={"workers": 1}, recipe=None, collector="mine", goal=1)
        >>> with TemporaryDirectory() as folder:
        ...     Recording.begin(Path(folder, "runs.db"), run).abandon()
        ...     remains = read_remains(Path(folder, "runs.db"))
        >>> remains.settings, remains.samples
        ({'workers': 1}, ())
    """

    run: StoredRun
    settings: dict[str, Any]
    recipe: dict[str, Any] | None
    samples: tuple[Sample, ...]
    tally: Tally
    incarnations: dict[int, int]


def read_remains(path: Path, run: int | None = None) -> Remains:
    """Return what is needed to go on with a run, by default with the latest.

    Raises:
        StoreError: there is no store or no such run, or the run is complete or being worked on.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.store import read_remains
        >>> read_remains(Path("/no/such/store.db"))
        Traceback (most recent call last):
        rnd_actors.errors.StoreError: there is no store at /no/such/store.db
    """
    with opened(path) as connection:
        connection.execute("BEGIN")
        stored = _chosen(connection, path, run)
        if stored.state == Outcome.COMPLETE.value:
            raise StoreError(f"run {stored.id} in {path} is complete: there is nothing to resume")
        if stored.state == "running":
            raise StoreError(f"run {stored.id} in {path} is still running; wait until it has ended")
        settings, recipe = connection.execute(
            "SELECT settings, recipe FROM runs WHERE id = ?", (stored.id,)
        ).fetchone()
        return Remains(
            run=stored,
            settings=json.loads(settings),
            recipe=None if recipe is None else json.loads(recipe),
            samples=_all(connection, _SAMPLES, stored.id, Sample),
            tally=_tally(connection, stored.id),
            incarnations=dict(connection.execute(_LAST_INCARNATIONS, {"run": stored.id})),
        )


def _runs(connection: sqlite3.Connection, path: Path) -> list[StoredRun]:
    rows = _rows(connection, f"{_RUNS} ORDER BY id", ())
    return [_stored_run(row, path) for row in rows]


def _chosen(connection: sqlite3.Connection, path: Path, run: int | None) -> StoredRun:
    runs = _runs(connection, path)
    if not runs:
        raise StoreError(f"{path} holds no run yet")
    found = [stored for stored in runs if run in (None, stored.id)]
    if not found:
        ids = ", ".join(str(stored.id) for stored in runs[-20:])
        raise StoreError(f"{path} holds no run {run}; it holds {ids}")
    return found[-1]


def _stored_run(row: dict[str, Any], path: Path) -> StoredRun:
    running = RunLock.is_held(path, row["id"])
    state = "running" if running else row.pop("outcome") or "died"
    row.pop("outcome", None)
    return StoredRun(state=state, **row)


def _result(connection: sqlite3.Connection, stored: StoredRun, samples: tuple[Sample, ...]) -> Any:
    deadline, base_port, outcome, reason, findings = connection.execute(
        "SELECT settings ->> 'deadline', settings ->> 'base_port', outcome, reason, findings "
        "FROM runs WHERE id = ?",
        (stored.id,),
    ).fetchone()
    tally = _tally(connection, stored.id)
    ports = {worker: base_port + worker - 1 for worker in range(1, stored.workers + 1)}
    ports |= {worker: known.port for worker, known in tally.workers.items()}
    collection = Collection.of(ports)
    collection.go_on(samples, tally, stored.elapsed_s)
    if outcome is None:
        what = "it still runs" if stored.state == "running" else "the program died"
        collection.conclude(Outcome.FAILED, what)
    else:
        collection.conclude(Outcome(outcome), reason)
    result = collection.result(stored.goal, deadline)
    return evolve(result, findings=json.loads(findings))


def _tally(connection: sqlite3.Connection, run: int) -> Tally:
    row = connection.execute(_TALLY, (run,)).fetchone()
    return Tally() if row is None else from_json(row[0], Tally)


def _all(connection: sqlite3.Connection, sql: str, run: int, kind: Any) -> tuple[Any, ...]:
    return tuple(kind(**row) for row in _rows(connection, sql, (run,)))


def _rows(
    connection: sqlite3.Connection, sql: str, parameters: tuple[object, ...]
) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
