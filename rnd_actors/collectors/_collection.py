"""The samples, the ledger and the state of the workers of a run, over restarts and sessions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import define, evolve, field, frozen

from rnd_actors.actors import ActorRef, Crashed, Normal
from rnd_actors.collectors._collector import Sample
from rnd_actors.collectors._result import Ledger, Outcome, Result, WorkerResult
from rnd_actors.errors import WorkerError
from rnd_actors.supervision import ChildDown, ChildUp, SupervisorMessage
from rnd_actors.workers import Samples


@define
class Collection:
    """The values, the ledger and the state of every worker.

    It belongs to the run, and so survives a restart of the collector actor. Of a sample it keeps
    the value alone: a run may have millions.

    Args:
        workers: the counts of each worker of the run, by its id.
    """

    workers: dict[int, WorkerCounts]
    supervisor: ActorRef[SupervisorMessage] | None = None
    """The supervisor of the workers; known from the first `ChildUp` on."""
    conclusion: Conclusion | None = None
    started_at: float | None = None
    """When the first worker was about to be spawned, in seconds of the monotonic clock."""
    values: list[int] = field(factory=list)
    """The samples that count, in the order of their arrival."""
    earlier_s: float = 0.0
    """Seconds that earlier sessions of the run took, if it is resumed."""
    _received: int = 0
    _surplus: int = 0
    _malformed: int = 0
    _last_counted_at: float = 0.0
    _concluded_at: float = 0.0
    _epoch_offset: float = 0.0

    @classmethod
    def for_workers(cls, ports: Mapping[int, int]) -> Collection:
        """Return an empty collection for workers with these ids and ports."""
        return cls({worker: WorkerCounts(port) for worker, port in ports.items()})

    def resume_from(self, samples: Sequence[Sample], counts: Counts, earlier_s: float) -> None:
        """Begin with samples and counts of the earlier sessions, which took `earlier_s` seconds."""
        self.values = [sample.value for sample in samples]
        self.earlier_s = earlier_s
        self._surplus, self._malformed = counts.surplus, counts.malformed
        self._received = len(samples) + counts.surplus + counts.malformed
        stored = Counter(sample.worker for sample in samples)
        for worker, present in self.workers.items():
            earlier = counts.workers.get(worker, present)
            self.workers[worker] = evolve(earlier, port=present.port, samples=stored[worker])

    def counts(self) -> Counts:
        """Return all but the samples, with every incarnation counted as ended now."""
        now = time.monotonic() if self.conclusion is None else self._concluded_at
        workers = {
            worker: evolve(counts, rests=False, received=0, times=counts.times.ended(now))
            for worker, counts in self.workers.items()
        }
        return Counts(self._surplus, self._malformed, workers)

    @property
    def all_rest(self) -> bool:
        """Whether no worker is left that could send anything."""
        return all(counts.rests for counts in self.workers.values())

    def worker_up(self, up: ChildUp) -> None:
        """Count a start of a worker; the first one starts the clock of the run."""
        now = time.monotonic()
        if self.started_at is None:
            self.started_at = now
            self._epoch_offset = time.time() - self.started_at
        self.supervisor = up.supervisor
        counts = self.workers[int(up.child_id)]
        counts.starts += 1
        counts.given_up = counts.rests = False
        counts.received = 0
        counts.times.up(now)

    def worker_down(self, down: ChildDown) -> None:
        """Count a crash of a worker, and keep its reason and its last words.

        An end by `Normal()` is no crash: the operator of the run asked for it.
        """
        counts = self.workers[int(down.child_id)]
        counts.times.down(time.monotonic())
        if isinstance(down.reason, Normal):
            return
        counts.crashes += 1
        error = down.reason.error if isinstance(down.reason, Crashed) else None
        counts.last_exit = str(error or down.reason)
        counts.last_words = error.last_words if isinstance(error, WorkerError) else ()

    def sample(self, batch: Samples, position: int, index: int) -> Sample:
        """Return the sample at a position of a batch; it gets this index in the run."""
        return Sample(
            index=index,
            value=batch.values[position],
            worker=batch.worker,
            incarnation=batch.incarnation,
            seq=batch.first_seq + position,
            received_at=batch.received_at + self._epoch_offset,
        )

    def count(self, batch: Samples, accepted: int) -> None:
        """Enter a batch into the ledger; `accepted` of its samples were accepted."""
        counts = self.workers[batch.worker]
        lines = batch.received - counts.received
        self._received += lines
        counts.times.lines(lines, batch.received_at)
        counts.received = batch.received
        self._malformed += batch.malformed
        counts.malformed += batch.malformed
        self._surplus += len(batch.values) - accepted
        counts.samples += accepted
        if accepted:
            self._last_counted_at = batch.received_at

    def conclude(self, outcome: Outcome, reason: str) -> None:
        """Conclude the run; only the first conclusion counts."""
        if self.conclusion is None:
            self.conclusion = Conclusion(outcome, reason)
            self._concluded_at = time.monotonic()

    def fail(self, reason: str) -> None:
        """Conclude the run as failed, even if it has another conclusion already."""
        self.conclude(Outcome.FAILED, reason)
        if self.conclusion and self.conclusion.outcome is not Outcome.FAILED:
            self.conclusion = Conclusion(Outcome.FAILED, reason)

    def result(self, goal: int | None, deadline_s: float | None) -> Result:
        """Return the result so far; a run without a conclusion has failed."""
        conclusion = self.conclusion or Conclusion(Outcome.FAILED, "the run ended without a word")
        return Result(
            outcome=conclusion.outcome,
            reason=conclusion.reason,
            goal=goal,
            elapsed_s=self._elapsed_s(),
            deadline_s=deadline_s,
            lines=Ledger(self._received, len(self.values), self._surplus, self._malformed),
            values=tuple(self.values),
            workers=tuple(
                counts.result(worker, self._concluded_at) for worker, counts in self.workers.items()
            ),
        )

    def _elapsed_s(self) -> float:
        if self.started_at is None:
            return self.earlier_s
        end = self._concluded_at or time.monotonic()
        if self.conclusion and self.conclusion.outcome is Outcome.COMPLETE:
            end = self._last_counted_at or end
        return self.earlier_s + end - self.started_at


@frozen
class Conclusion:
    """How the run ends, and why, in words."""

    outcome: Outcome
    reason: str


@frozen
class Counts:
    """All that a collection knows but its samples: plain data, from which a later session goes on.

    A store keeps it as JSON, by the names of the fields of this class and of those in it.
    """

    surplus: int = 0
    malformed: int = 0
    workers: Mapping[int, WorkerCounts] = field(factory=dict)


@define
class Lifetimes:
    """How soon a worker sends its first line, how fast it is, and how long it lasts.

    Sums over its incarnations; times are seconds of the monotonic clock.
    """

    _starting_s: float = 0.0
    _streams: int = 0
    """How many incarnations have sent a line."""
    _streamed_s: float = 0.0
    """Seconds from the first line to the end, without the present incarnation."""
    _paced_s: float = 0.0
    _paced: int = 0
    """Lines that came in that time, each after another one of the same incarnation."""
    _up_at: float = 0.0
    _first_at: float | None = None
    _last_at: float = 0.0

    def up(self, at: float) -> None:
        """Begin an incarnation."""
        self._up_at, self._first_at = at, None

    def lines(self, count: int, at: float) -> None:
        """Add lines of the present incarnation."""
        if self._first_at is None:
            self._first_at = at
            self._starting_s += at - self._up_at
            self._streams += 1
        else:
            self._paced_s += at - self._last_at
            self._paced += count
        self._last_at = at

    def down(self, at: float) -> None:
        """End the present incarnation."""
        self._streamed_s = self.streamed_s(at)
        self._first_at = None

    def ended(self, at: float) -> Lifetimes:
        """Return a copy in which the present incarnation ended at that time."""
        return evolve(self, streamed_s=self.streamed_s(at), first_at=None)

    def streamed_s(self, now: float) -> float:
        """Return the seconds from the first line of each incarnation to its end, or to `now`."""
        present_s = 0.0 if self._first_at is None else max(0.0, now - self._first_at)
        return self._streamed_s + present_s

    @property
    def startup_s(self) -> float | None:
        """Mean seconds from the beginning of an incarnation to its first line."""
        return self._starting_s / self._streams if self._streams else None

    @property
    def rate_per_s(self) -> float | None:
        """Lines a second, from the first to the last of each incarnation."""
        return self._paced / self._paced_s if self._paced_s else None


@define
class WorkerCounts:
    """The counts and times of one worker."""

    port: int
    samples: int = 0
    malformed: int = 0
    starts: int = 0
    crashes: int = 0
    last_exit: str | None = None
    last_words: tuple[str, ...] = ()
    given_up: bool = False
    """Whether its restart intensity is exceeded."""
    rests: bool = False
    """Whether it is down for good, in this session of the run."""
    received: int = 0
    """Lines that its present incarnation has read."""
    times: Lifetimes = field(factory=Lifetimes)

    def result(self, worker: int, now: float) -> WorkerResult:
        """Return the result of the worker with this id, at `now` (monotonic seconds)."""
        return WorkerResult(
            id=worker,
            port=self.port,
            samples=self.samples,
            starts=self.starts,
            crashes=self.crashes,
            malformed=self.malformed,
            last_exit=self.last_exit,
            startup_s=self.times.startup_s,
            streamed_s=self.times.streamed_s(now),
            rate_per_s=self.times.rate_per_s,
            given_up=self.given_up,
            last_words=self.last_words,
        )
