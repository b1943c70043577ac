"""A run being written to a store: its samples, and the events of its workers."""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from socket import gethostname
from typing import Final, TypeAlias

from attrs import asdict, astuple, define, field

from rnd_actors._printing import encodable
from rnd_actors.collectors import Counts, Result, Sample
from rnd_actors.errors import SinkError, StoreError
from rnd_actors.events import ActorFailed, ActorStopped, Event
from rnd_actors.store import _tables as sql
from rnd_actors.store._database import StoreConnection, clear_errors, connect, transaction
from rnd_actors.store._records import RunDescription, StoredRun
from rnd_actors.store._trust import is_sealed, seal
from rnd_actors.workers import WorkerEvent, WorkerSpawned, WorkerStreaming

_MOST_WAITING: Final = 10_000
"""Events between two writes; more are not kept, since workers can cause any number."""
_TALLY_S: Final = 0.5
_TALLIED_PER_S: Final = 2_000
"""Workers: of more, the counts are taken less often, since each costs some 0.03 ms."""
_WORKERS: Final = "workers/"
_INSERT_EVENT: Final = sql.EVENTS.insert

_Statement: TypeAlias = tuple[str, Mapping[str, object] | Sequence[object]]
"""SQL with its parameters."""


@define
class Recording:
    """A session of a run in a store, which nobody else can resume as long as it is open.

    It is the writer of a sink and a subscriber of the event stream; events are written with the
    samples. `finish` or `abandon` ends it.

    Args:
        path: the store.
        run: the run's id.
        session: its number.
        earlier_s: seconds that earlier sessions took.
    """

    path: Path
    run: int
    session: int
    earlier_s: float
    _connection: StoreConnection
    _started_at: float = field(factory=time.time)
    _elapsed_s: float = 0.0
    _spawned: bool = False
    _waiting: deque[_Statement] = field(factory=deque)
    _take_counts: Callable[[], Counts] = Counts
    _counts: Counts | None = None
    _tallied_at: float = 0.0
    _tally_s: float = _TALLY_S
    _description: RunDescription | None = None
    """Another beginning of the run, to be written."""

    @classmethod
    def begin(cls, path: Path, run: RunDescription) -> "Recording":
        """Begin a new run, in a new store if there is none.

        Raises:
            StoreError: the file is no store, or cannot be written.
        """
        return cls._enter(path, connect(path, create=True), sql.INSERT_RUN, _row_of(run))

    @classmethod
    def resume(cls, path: Path, run: StoredRun) -> "Recording":
        """Go on with a run, as it was when it was read.

        Raises:
            StoreError: somebody works on it or has done so meanwhile, or the store cannot be
                written.
        """
        row = {"run": run.id, "sessions": run.sessions}
        return cls._enter(path, connect(path), sql.REOPEN_RUN, row)

    @classmethod
    def _enter(
        cls, path: Path, connection: StoreConnection, statement: str, row: Mapping[str, object]
    ) -> "Recording":
        try:
            with clear_errors(f"write the store {path}"), transaction(connection):
                run = _locked_run(connection, path, statement, row)
                number, earlier_s = connection.execute(sql.NEXT_SESSION, (run,)).fetchone()
                recording = cls(path, run, number, earlier_s, connection)
                session = (run, number, recording._started_at, gethostname())
                connection.execute(sql.INSERT_SESSION, session)
        except BaseException:
            connection.close()
            raise
        return recording

    def follow(self, take_counts: Callable[[], Counts]) -> None:
        """Call this from time to time, and store what it returns with the next samples."""
        self._take_counts = take_counts
        self._counts = take_counts()

    def describe(self, run: RunDescription) -> None:
        """Store with the next samples that the run was changed: it is resumed as it is now."""
        self._description = run

    def note(self, event: Event) -> None:
        """Keep an event until the next write; a subscriber of the event stream.

        Stored are the events of workers, and all from level INFO on.
        """
        now = time.time()
        if isinstance(event, WorkerSpawned) and not self._spawned:
            self._started_at, self._spawned = now, True
        if (change := self._incarnation_change(event, now)) is not None:
            self._waiting.append(change)
        is_kept = event.level >= logging.INFO or isinstance(event, WorkerEvent)
        if is_kept and len(self._waiting) < _MOST_WAITING:
            row = (self.run, now, event.level, type(event).__name__, encodable(str(event)))
            self._waiting.append((_INSERT_EVENT, row))
        if abs(now - self._tallied_at) >= self._tally_s:
            self._counts, self._tallied_at = self._take_counts(), now
            self._tally_s = max(_TALLY_S, len(self._counts.workers) / _TALLIED_PER_S)

    def open(self) -> None:
        """Do nothing: a recording is open from its beginning."""

    def write(self, samples: Sequence[Sample]) -> None:
        """Store samples and all noted events in one transaction.

        Raises:
            SinkError: they cannot be written, and none of them is.
        """
        if samples:
            self._elapsed_s = max(0.0, samples[-1].received_at - self._started_at)
        rows = ((self.run, *astuple(sample)) for sample in samples)
        counts, self._counts = self._counts, None
        session = {
            "run": self.run,
            "number": self.session,
            "started_at": self._started_at,
            "elapsed_s": self._elapsed_s,
            "tally": None if counts is None else json.dumps(asdict(counts)),
        }
        with clear_errors(f"write {self.path}", SinkError), transaction(self._connection):
            self._connection.executemany(sql.SAMPLES.insert, rows)
            while self._waiting:
                self._connection.execute(*self._waiting.popleft())
            self._connection.execute(sql.UPDATE_SESSION, session)
            if self._description is not None:
                self._write_description(self._description)
                self._description = None

    def close(self) -> None:
        """Write the events since the last samples."""
        self.write(())

    def finish(self, result: Result) -> None:
        """End the session with the result of the run.

        Raises:
            SinkError: it cannot be written.
        """
        findings = {  # JSON knows neither infinity nor what is no number
            name: None if isinstance(found, float) and not isfinite(found) else found
            for name, found in result.findings.items()
        }
        end = {
            "run": self.run,
            "outcome": result.outcome.value,
            "reason": encodable(result.reason),
            "findings": json.dumps(findings, default=str),
        }
        self._counts = self._take_counts()
        self._elapsed_s = result.elapsed_s - self.earlier_s
        try:
            self.write(())
            with clear_errors(f"write {self.path}", SinkError):
                self._connection.execute(sql.FINISH_RUN, end)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """End the session without a result, as if the program had died."""
        self._connection.close()

    def _write_description(self, run: RunDescription) -> None:
        """Write the settings; they are sealed if those before were: a foreign run stays one."""
        row = {**_row_of(run), "run": self.run}
        settings, collector_spec, found = self._connection.execute(
            sql.BEGINNING_OF_RUN, (self.run,)
        ).fetchone()
        if not is_sealed(found, settings, collector_spec):
            row["seal"] = found
        self._connection.execute(sql.DESCRIBE_RUN, row)

    def _incarnation_change(self, event: Event, at: float) -> _Statement | None:
        """Return what an event changes in the table of incarnations."""
        row: dict[str, object] = {"run": self.run, "at": at}
        match event:
            case WorkerSpawned(worker, number, pid, port, host):
                row |= {"worker": worker, "number": number, "pid": pid, "port": port}
                row["host"] = host and encodable(host)
                return sql.INSERT_INCARNATION, row
            case WorkerStreaming(worker, number):
                return sql.INCARNATION_STREAMS, row | {"worker": worker, "number": number}
            case ActorFailed(actor=name, reason=reason) if name.startswith(_WORKERS):
                row["failure"] = encodable(str(reason))
            case ActorStopped(actor=name) if name.startswith(_WORKERS):
                row["failure"] = None
            case _:
                return None
        return sql.INCARNATION_ENDED, row | {"worker": int(name.removeprefix(_WORKERS))}


def _row_of(run: RunDescription) -> dict[str, object]:
    settings = json.dumps(run.settings)
    collector_spec = None if run.collector_spec is None else json.dumps(run.collector_spec)
    return {
        "settings": settings,
        "recipe": collector_spec,
        "collector": encodable(run.collector),
        "goal": run.goal,
        "seal": seal(settings, collector_spec),
    }


def _locked_run(
    connection: StoreConnection, path: Path, statement: str, row: Mapping[str, object]
) -> int:
    ids = connection.execute(statement, row).fetchall()  # to the end, as a commit needs it
    if not ids:
        raise StoreError(f"somebody else has resumed run {row['run']} meanwhile")
    run = int(ids[0][0])
    if not connection.lock(run):
        raise StoreError(f"run {run} in {path} is being worked on; wait until that has ended")
    return run
