"""All that a store knows of one run."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from rnd_actors.collecting import Collection, Outcome, Result, Sample
from rnd_actors.store._database import opened
from rnd_actors.store._records import Incarnation, RunHistory, Session, StoredEvent, StoredRun
from rnd_actors.store._runs import SAMPLES, all_of, chosen_run, stored_tally
from rnd_actors.store._samples import StoredSamples
from rnd_actors.store._soundness import damaged, json_object

__all__ = ["read_run", "read_samples"]

_BATCH: Final = 10_000
_SESSIONS: Final = (
    "SELECT number, started_at, elapsed_s, host FROM sessions WHERE run = ? ORDER BY number"
)
_INCARNATIONS: Final = """
SELECT worker, number, port, pid, spawned_at, streaming_at, ended_at, failure
FROM incarnations WHERE run = ? ORDER BY worker, number
"""
_EVENTS: Final = "SELECT at, level, kind, text FROM events WHERE run = ? ORDER BY at, rowid"
_END: Final = "SELECT settings, outcome, reason, findings FROM runs WHERE id = ?"


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
        stored = chosen_run(connection, path, run)
        samples = StoredSamples(_batches(connection, stored.id))
        return RunHistory(
            run=stored,
            result=_result(connection, path, stored, samples),
            sessions=all_of(connection, _SESSIONS, stored.id, Session),
            samples=samples,
            incarnations=all_of(connection, _INCARNATIONS, stored.id, Incarnation),
            events=all_of(connection, _EVENTS, stored.id, StoredEvent),
        )


def read_samples(path: Path, run: int | None = None) -> Iterator[list[Sample]]:
    """Give the samples of a run, by default of the latest, in batches: a run may have millions.

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
    with opened(path) as connection:
        connection.execute("BEGIN")
        for rows in _batches(connection, chosen_run(connection, path, run).id):
            yield [Sample(*row) for row in rows]


def _batches(connection: sqlite3.Connection, run: int) -> Iterator[list[Any]]:
    cursor = connection.execute(SAMPLES, (run,))
    while rows := cursor.fetchmany(_BATCH):
        yield rows


def _result(
    connection: sqlite3.Connection, path: Path, stored: StoredRun, samples: Sequence[Sample]
) -> Result:
    settings, outcome, reason, findings = connection.execute(_END, (stored.id,)).fetchone()
    plain = json_object(settings, path, stored.id, "settings")
    found = json_object(findings, path, stored.id, "findings")
    if not all(isinstance(value, int | float | str | None) for value in found.values()):
        raise damaged(path, stored.id, "its findings are no numbers and texts")
    tally = stored_tally(connection, path, stored.id)
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
