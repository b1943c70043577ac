"""Runs being read from a store: listed, shown, exported, copied to another store, or resumed."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from rnd_actors.collecting import Collection, Outcome, Result, Sample, Tally
from rnd_actors.errors import StoreError
from rnd_actors.store import _tables as sql
from rnd_actors.store._database import StoreConnection, clear_errors, connect, reading, transaction
from rnd_actors.store._records import (
    Checkpoint,
    Incarnation,
    RunHistory,
    Session,
    StoredEvent,
    StoredRun,
    StoredSamples,
)
from rnd_actors.store._trust import (
    check_run,
    check_runs,
    damaged,
    is_sealed,
    json_object,
    sound_tally,
)

_BATCH: Final = 10_000


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
    with reading(path) as connection:
        return _runs(connection, path)


def read_run(path: Path, run: int | None = None) -> RunHistory:
    """Return the history of a run, by default of the latest.

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
    with reading(path) as connection:
        stored = _chosen_run(connection, path, run)
        samples = StoredSamples(_batches(connection, stored.id))
        return RunHistory(
            run=stored,
            result=_result(connection, path, stored, samples),
            sessions=_all_of(connection, sql.LIST_SESSIONS, stored.id, Session),
            samples=samples,
            incarnations=_all_of(connection, sql.LIST_INCARNATIONS, stored.id, Incarnation),
        )


def read_samples(path: Path, run: int | None = None) -> Iterator[list[Sample]]:
    """Yield the samples of a run, by default of the latest, in batches: a run may have millions.

    Raises:
        StoreError: there is no store, or no such run.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import Sample
        >>> from rnd_actors.store import Recording, RunDescription, read_samples
        >>> described = RunDescription(settings={"workers": 1}, recipe=None, collector="x", goal=1)
        >>> with TemporaryDirectory() as folder:
        ...     recording = Recording.begin(Path(folder, "runs.db"), described)
        ...     recording.write([Sample(0, 42, 3, 1, 0, received_at=0.5)])
        ...     recording.abandon()
        ...     [len(batch) for batch in read_samples(Path(folder, "runs.db"))]
        [1]
    """
    with reading(path) as connection:
        stored = _chosen_run(connection, path, run)
        for rows in _batches(connection, stored.id):
            yield [Sample(*row) for row in rows]


def read_events(path: Path, run: int | None = None) -> Iterator[StoredEvent]:
    """Yield the events of a run, by default of the latest, in the order of their times.

    They are those of its workers, and all of level INFO and above; a run may have any number.

    Raises:
        StoreError: there is no store, or no such run.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import WorkerStreaming
        >>> from rnd_actors.store import Recording, RunDescription, read_events
        >>> described = RunDescription(settings={"workers": 1}, recipe=None, collector="x", goal=1)
        >>> with TemporaryDirectory() as folder:
        ...     recording = Recording.begin(Path(folder, "runs.db"), described)
        ...     recording.note(WorkerStreaming(3, 1))
        ...     recording.close()
        ...     recording.abandon()
        ...     [event.kind for event in read_events(Path(folder, "runs.db"))]
        ['WorkerStreaming']
    """
    with reading(path) as connection:
        stored = _chosen_run(connection, path, run, tables=(sql.EVENTS,))
        for at, level, kind, text in connection.execute(sql.LIST_EVENTS, (stored.id,)):
            yield StoredEvent(at=at, level=level, kind=kind, text=text)


def read_checkpoint(path: Path, run: int | None = None) -> Checkpoint:
    """Return what is needed to go on with a run, by default with the latest.

    Raises:
        StoreError: there is no store or no such run, or the run is complete or being worked on.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.store import read_checkpoint
        >>> read_checkpoint(Path("/no/such/store.db"))
        Traceback (most recent call last):
        rnd_actors.errors.StoreError: there is no store at /no/such/store.db
    """
    with reading(path) as connection:
        stored = _chosen_run(connection, path, run)
        if stored.state == Outcome.COMPLETE.value:
            raise StoreError(f"run {stored.id} in {path} is complete: there is nothing to resume")
        if stored.state == "running":
            raise StoreError(f"run {stored.id} in {path} is still running; wait until it has ended")
        settings, recipe, seal = connection.execute(sql.BEGINNING_OF_RUN, (stored.id,)).fetchone()
        return Checkpoint(
            run=stored,
            is_own=is_sealed(seal, settings, recipe),
            settings=json_object(settings, path, stored.id, "settings"),
            recipe=recipe and json_object(recipe, path, stored.id, "recipe"),
            samples=_all_of(connection, sql.LIST_SAMPLES, stored.id, Sample),
            tally=_tally(connection, path, stored.id),
            incarnations=dict(connection.execute(sql.LAST_INCARNATIONS, {"run": stored.id})),
        )


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
    with reading(source) as connection:
        stored = _chosen_run(connection, source, run, tables=sql.TABLES_OF_A_RUN)
        with (
            closing(connect(target, create=True)) as other,
            clear_errors(f"copy run {stored.id} to {target}"),
            transaction(other),
        ):
            _copy_rows(connection, other, sql.RUNS, stored.id, None)
            [copy] = other.execute("SELECT last_insert_rowid()").fetchone()
            for table in sql.TABLES_OF_A_RUN:
                _copy_rows(connection, other, table, stored.id, copy)
    return int(copy)


def _runs(connection: StoreConnection, path: Path) -> list[StoredRun]:
    check_runs(connection, path)
    return [_stored_run(row, connection) for row in _rows(connection, sql.LIST_RUNS)]


def _stored_run(row: dict[str, Any], connection: StoreConnection) -> StoredRun:
    outcome = row.pop("outcome") or "died"
    state = "running" if connection.is_locked(row["id"]) else outcome
    row["worker"] = tuple(map(str, json.loads(row["worker"])))
    return StoredRun(state=state, **row)


def _chosen_run(
    connection: StoreConnection,
    path: Path,
    run: int | None,
    *,
    tables: Sequence[sql.Table] = (sql.SAMPLES, sql.INCARNATIONS),
) -> StoredRun:
    """Return the run with this id, the latest if it is None, once these tables are checked."""
    runs = _runs(connection, path)
    if not runs:
        raise StoreError(f"{path} holds no run yet")
    found = [stored for stored in runs if run in (None, stored.id)]
    if not found:
        ids = ", ".join(str(stored.id) for stored in runs[-20:])
        raise StoreError(f"{path} holds no run {run}; it holds {ids}")
    check_run(connection, path, found[-1].id, tables)
    return found[-1]


def _result(
    connection: sqlite3.Connection, path: Path, stored: StoredRun, samples: Sequence[Sample]
) -> Result:
    settings, outcome, reason, findings = connection.execute(
        sql.END_OF_RUN, (stored.id,)
    ).fetchone()
    plain = json_object(settings, path, stored.id, "settings")
    found = json_object(findings, path, stored.id, "findings")
    if not all(isinstance(value, int | float | str | None) for value in found.values()):
        raise damaged(path, stored.id, "its findings are no numbers and texts")
    tally = _tally(connection, path, stored.id)
    ports = {
        worker: plain.get("base_port", 0) + worker - 1 for worker in range(1, stored.workers + 1)
    }
    ports |= {worker: known.port for worker, known in tally.workers.items()}
    collection = Collection.of(ports)
    collection.go_on(samples, tally, stored.elapsed_s)
    if outcome is None:
        what = "it still runs" if stored.state == "running" else "the program died"
        collection.conclude(Outcome.FAILED, what)
    else:
        collection.conclude(Outcome(outcome), reason)
    result = collection.result(stored.goal, plain.get("deadline"))
    return evolve(result, findings=found)


def _tally(connection: sqlite3.Connection, path: Path, run: int) -> Tally:
    """Return what the run knew of its workers when it last wrote that down."""
    row = connection.execute(sql.LATEST_TALLY, (run,)).fetchone()
    return Tally() if row is None else sound_tally(row[0], path, run)


def _copy_rows(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    table: sql.Table,
    run: int,
    copy: int | None,
) -> None:
    rows = source.execute(table.select, (run,))
    target.executemany(table.insert, ((copy, *row) for row in rows))


def _batches(connection: sqlite3.Connection, run: int) -> Iterator[list[Any]]:
    cursor = connection.execute(sql.LIST_SAMPLES, (run,))
    while rows := cursor.fetchmany(_BATCH):
        yield rows


def _all_of(connection: sqlite3.Connection, query: str, run: int, kind: Any) -> tuple[Any, ...]:
    """Return what a query about a run finds, as objects with the names of its columns."""
    return tuple(kind(**row) for row in _rows(connection, query, run))


def _rows(connection: sqlite3.Connection, query: str, *parameters: object) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
