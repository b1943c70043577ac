"""Runs being read from a store: listed, shown, exported, copied to another store, or resumed."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from rnd_actors.collectors import Collection, Counts, Outcome, Result, Sample
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
    sound_counts,
)

_BATCH: Final = 10_000


def list_runs(path: Path) -> list[StoredRun]:
    """Return the runs of a store, in the order in which they were begun.

    Raises:
        StoreError: there is no store, or it cannot be read.
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
        sessions = _rows(connection, sql.LIST_SESSIONS, stored.id)
        incarnations = _rows(connection, sql.INCARNATIONS.select, stored.id)
        return RunHistory(
            run=stored,
            result=_result(connection, path, stored, samples),
            sessions=tuple(Session(**row) for row in sessions),
            samples=samples,
            incarnations=tuple(Incarnation(**row) for row in incarnations),
        )


def read_samples(path: Path, run: int | None = None) -> Iterator[list[Sample]]:
    """Yield the samples of a run, by default of the latest, in batches: a run may have millions.

    Raises:
        StoreError: there is no store, or no such run.
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
    """
    with reading(path) as connection:
        stored = _chosen_run(connection, path, run, tables=(sql.EVENTS,))
        for at, level, kind, text in connection.execute(sql.EVENTS.select, (stored.id,)):
            yield StoredEvent(at=at, level=level, kind=kind, text=text)


def read_checkpoint(path: Path, run: int | None = None) -> Checkpoint:
    """Return what is needed to go on with a run, by default with the latest.

    Raises:
        StoreError: there is no store or no such run, or the run is complete or being worked on.
    """
    with reading(path) as connection:
        stored = _chosen_run(connection, path, run)
        if stored.state == Outcome.COMPLETE.value:
            raise StoreError(f"run {stored.id} in {path} is complete: there is nothing to resume")
        if stored.state == "running":
            raise StoreError(f"run {stored.id} in {path} is still running; wait until it has ended")
        settings, collector_spec, seal = connection.execute(
            sql.BEGINNING_OF_RUN, (stored.id,)
        ).fetchone()
        samples = connection.execute(sql.SAMPLES.select, (stored.id,))
        return Checkpoint(
            run=stored,
            is_own=is_sealed(seal, settings, collector_spec),
            settings=json_object(settings, path, stored.id, "settings"),
            collector_spec=collector_spec
            and json_object(collector_spec, path, stored.id, "recipe"),
            samples=tuple(Sample(*row) for row in samples),
            counts=_counts(connection, path, stored.id),
            incarnations=dict(connection.execute(sql.LAST_INCARNATIONS, {"run": stored.id})),
            hosts=_hosts(connection, stored.id),
        )


def copy_run(source: Path, run: int | None, target: Path) -> int:
    """Copy a run with all that belongs to it, and return its id in the other store.

    Args:
        source: the store that holds it.
        run: its id there; None: the latest.
        target: the other store; it is made if it is not there.

    Raises:
        StoreError: there is no such run, or one of the two is no store or cannot be used.
    """

    def copy_rows(table: sql.Table, new_id: int | None) -> None:
        rows = connection.execute(table.select, (stored.id,))
        other.executemany(table.insert, ((new_id, *row) for row in rows))

    with reading(source) as connection:
        stored = _chosen_run(connection, source, run, tables=sql.TABLES_OF_A_RUN)
        with (
            closing(connect(target, create=True)) as other,
            clear_errors(f"copy run {stored.id} to {target}"),
            transaction(other),
        ):
            copy_rows(sql.RUNS, None)
            [copy] = other.execute("SELECT last_insert_rowid()").fetchone()
            for table in sql.TABLES_OF_A_RUN:
                copy_rows(table, copy)
    return int(copy)


def _runs(connection: StoreConnection, path: Path) -> list[StoredRun]:
    check_runs(connection, path)
    runs = []
    for row in _rows(connection, sql.LIST_RUNS):
        outcome = row.pop("outcome") or "died"
        state = "running" if connection.is_locked(row["id"]) else outcome
        row["worker"] = tuple(map(str, json.loads(row["worker"])))
        runs.append(StoredRun(state=state, **row))
    return runs


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
    row = connection.execute(sql.END_OF_RUN, (stored.id,)).fetchone()
    settings, outcome, reason, findings = row
    plain = json_object(settings, path, stored.id, "settings")
    found = json_object(findings, path, stored.id, "findings")
    if not all(isinstance(value, int | float | str | None) for value in found.values()):
        raise damaged(path, stored.id, "its findings are no numbers and texts")
    counts = _counts(connection, path, stored.id)
    base_port = plain.get("base_port", 0)
    ports = {worker: base_port + worker - 1 for worker in range(1, stored.workers + 1)}
    ports |= {worker: known.port for worker, known in counts.workers.items()}
    collection = Collection.for_workers(ports)
    hosts = _hosts(connection, stored.id)
    collection.resume_from(samples, counts, stored.elapsed_s, hosts)
    if outcome is None:
        what = "it still runs" if stored.state == "running" else "the program died"
        collection.conclude(Outcome.FAILED, what)
    else:
        collection.conclude(Outcome(outcome), reason)
    return evolve(collection.result(stored.goal, plain.get("deadline")), findings=found)


def _counts(connection: sqlite3.Connection, path: Path, run: int) -> Counts:
    """Return what the run knew of its workers when it last wrote that down."""
    row = connection.execute(sql.LATEST_TALLY, (run,)).fetchone()
    return Counts() if row is None else sound_counts(row[0], path, run)


def _hosts(connection: sqlite3.Connection, run: int) -> dict[tuple[int, int], str]:
    """Return the hosts of a cluster that incarnations of workers were on, by their numbers."""
    rows = connection.execute(sql.HOSTS_OF_INCARNATIONS, (run,))
    return {(worker, number): host for worker, number, host in rows}


def _batches(connection: sqlite3.Connection, run: int) -> Iterator[list[Any]]:
    cursor = connection.execute(sql.SAMPLES.select, (run,))
    while rows := cursor.fetchmany(_BATCH):
        yield rows


def _rows(connection: sqlite3.Connection, query: str, *parameters: object) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
