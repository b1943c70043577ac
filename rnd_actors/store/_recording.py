"""One run being written to a store: its samples, and what happens to its workers."""

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname
from typing import Any, Final

from attrs import asdict, define, field, frozen

from rnd_actors.actors import Event
from rnd_actors.collecting import Result, Sample, Tally
from rnd_actors.errors import SinkError, StoreError
from rnd_actors.store._database import StoreConnection, connect, transaction
from rnd_actors.store._facts import Statement, event_row, facts
from rnd_actors.store._json import to_json
from rnd_actors.store._records import StoredRun
from rnd_actors.store._seal import seal
from rnd_actors.store._statements import (
    FINISH,
    GO_ON,
    INSERT_RUN,
    INSERT_SAMPLE,
    INSERT_SESSION,
    NEXT_SESSION,
    UPDATE_SESSION,
)
from rnd_actors.workers import WorkerSpawned

__all__ = ["Recording", "RunDescription"]

_MOST_WAITING: Final = 10_000
"""Events between two writes; more are not kept, since workers can cause any number."""
_TALLY_S: Final = 0.5


@frozen(kw_only=True)
class RunDescription:
    """What a run is, for a store.

    Args:
        settings: plain data that the run is made of again when it is resumed.
        recipe: plain data that its collector is made of again; None if it cannot be.
        collector: what it collects, in words.
        goal: in samples; None if it is no number of samples.

    Example:
        >>> from rnd_actors.store import RunDescription
        >>> RunDescription(settings={"workers": 4}, recipe=None, collector="mine", goal=None).goal
    """

    settings: Mapping[str, Any]
    recipe: Mapping[str, Any] | None
    collector: str
    goal: int | None


@define
class Recording:
    """A session of a run in a store, which nobody else can resume as long as it is open.

    It is the writer of a sink, and is told of events besides; these are written with the samples.
    `finish` or `abandon` ends it.

    Args:
        path: the store.
        run: the run's id.
        session: its number.
        earlier_s: seconds that earlier sessions took.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import Collection, Outcome, Sample
        >>> from rnd_actors.store import Recording, RunDescription, read_run
        >>> settings = {"workers": 1, "base_port": 3001}
        >>> run = RunDescription(settings=settings, recipe=None, collector="mine", goal=1)
        >>> with TemporaryDirectory() as folder:
        ...     recording = Recording.begin(Path(folder, "runs.db"), run)
        ...     recording.write([Sample(0, 42, 3, 1, 0, received_at=0.5)])
        ...     recording.abandon()
        ...     history = read_run(Path(folder, "runs.db"))
        >>> history.run.state, history.samples[0].value
        ('died', 42)
    """

    path: Path
    run: int
    session: int
    earlier_s: float
    _connection: StoreConnection
    _started_at: float = field(factory=time.time)
    _elapsed_s: float = 0.0
    _spawned: bool = False
    _waiting: deque[Statement] = field(factory=deque)
    _take_tally: Callable[[], Tally] = Tally
    _tally: Tally | None = None
    _tallied_at: float = 0.0

    @classmethod
    def begin(cls, path: Path, run: RunDescription) -> "Recording":
        """Begin a new run, in a new store if there is none.

        Raises:
            StoreError: the file is no store, or cannot be written.
        """
        settings = to_json(run.settings)
        recipe = None if run.recipe is None else to_json(run.recipe)
        row = {
            "settings": settings,
            "recipe": recipe,
            "collector": run.collector,
            "goal": run.goal,
            "seal": seal(settings, recipe),
        }
        return cls._enter(path, connect(path, create=True), INSERT_RUN, row)

    @classmethod
    def resume(cls, path: Path, run: StoredRun) -> "Recording":
        """Go on with a run, as it was when it was read.

        Raises:
            StoreError: somebody works on it or has done so meanwhile, or the store cannot be
                written.
        """
        row = {"run": run.id, "sessions": run.sessions}
        return cls._enter(path, connect(path), GO_ON, row)

    @classmethod
    def _enter(
        cls, path: Path, connection: StoreConnection, sql: str, row: Mapping[str, object]
    ) -> "Recording":
        try:
            with transaction(connection):
                run = _entered(connection, sql, row)
                _lock(connection, run, path)
                number, earlier_s = connection.execute(NEXT_SESSION, {"run": run}).fetchone()
                recording = cls(path, run, number, earlier_s, connection)
                connection.execute(INSERT_SESSION, {**recording._row(), "host": gethostname()})
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"cannot write the store {path}: {error}") from error
            raise
        return recording

    def follow(self, take_tally: Callable[[], Tally]) -> None:
        """Ask this from time to time for what the run knows of its workers."""
        self._take_tally = take_tally
        self._tally = take_tally()

    def note(self, event: Event) -> None:
        """Keep what an event says, until the next write; a subscriber of the event stream."""
        now = time.time()
        if isinstance(event, WorkerSpawned) and not self._spawned:
            self._started_at, self._spawned = now, True
        self._waiting.extend(facts(event, now))
        if len(self._waiting) < _MOST_WAITING and (row := event_row(event, now)):
            self._waiting.append(row)
        if abs(now - self._tallied_at) >= _TALLY_S:
            self._tally, self._tallied_at = self._take_tally(), now

    def open(self) -> None:
        """Do nothing: it is open since it was begun."""

    def write(self, samples: Sequence[Sample]) -> None:
        """Store samples, and all that was noted, in one transaction.

        Raises:
            SinkError: it cannot.
        """
        if samples:
            self._elapsed_s = max(0.0, samples[-1].received_at - self._started_at)
        with self._clear_errors(), transaction(self._connection) as connection:
            connection.executemany(INSERT_SAMPLE, map(self._sample_row, samples))
            while self._waiting:
                statement = self._waiting.popleft()
                connection.execute(statement.sql, {"run": self.run, **statement.parameters})
            connection.execute(UPDATE_SESSION, self._row())

    def close(self) -> None:
        """Write what was noted since the last samples."""
        self.write(())

    def finish(self, result: Result) -> None:
        """End the session with the result of the run.

        Raises:
            SinkError: it cannot be written.
        """
        end = {
            "run": self.run,
            "outcome": result.outcome.value,
            "reason": result.reason,
            "findings": to_json(dict(result.findings)),
        }
        self._tally = self._take_tally()
        self._elapsed_s = result.elapsed_s - self.earlier_s
        try:
            self.write(())
            with self._clear_errors():
                self._connection.execute(FINISH, end)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """End the session without a word, as if the program had died."""
        self._connection.close()

    def _row(self) -> dict[str, object]:
        return {
            "run": self.run,
            "number": self.session,
            "started_at": self._started_at,
            "elapsed_s": self._elapsed_s,
            "tally": None if self._tally is None else to_json(self._tally),
        }

    def _sample_row(self, sample: Sample) -> dict[str, object]:
        return {"run": self.run, **asdict(sample)}

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SinkError(f"cannot write {self.path}: {error}") from error


def _entered(connection: sqlite3.Connection, sql: str, row: Mapping[str, object]) -> int:
    found = connection.execute(sql, row).fetchall()  # to the end: only then can it be committed
    if not found:
        raise StoreError(f"somebody else has resumed run {row['run']} meanwhile")
    return int(found[0][0])


def _lock(connection: StoreConnection, run: int, path: Path) -> None:
    if not connection.lock(run):
        raise StoreError(f"run {run} in {path} is being worked on; wait until that has ended")
