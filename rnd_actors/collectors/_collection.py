"""The samples, the ledger and the state of the workers of a run, over restarts and sessions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gevent.event
from attrs import define, evolve, field, frozen

from rnd_actors._worker_limits import MOST_WORKERS
from rnd_actors.actors import ActorRef, Crashed, Normal
from rnd_actors.collectors._collector import Sample
from rnd_actors.collectors._counts import Counts, WorkerCounts
from rnd_actors.collectors._result import Outcome, Result
from rnd_actors.collectors._worker_result import HostResult, Ledger, sums_by_host
from rnd_actors.errors import WorkerError
from rnd_actors.scaling import DeadlineLost
from rnd_actors.supervision import ChildDown, ChildUp, SupervisorMessage
from rnd_actors.workers import LinesLost, Samples, WorkerSpawned


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
    deadline_s: float | None = None
    """Seconds from the first spawn until the run is concluded; None: there is no limit."""
    least_workers: int = 1
    most_workers: int = MOST_WORKERS
    """Between these numbers a scaling policy decides; who scales by hand sets them."""
    possible_workers: int = MOST_WORKERS
    """How many there may be after any scaling."""
    lost: DeadlineLost | None = None
    """Said once: the deadline will be missed, whatever is done."""
    missing: int = 0
    """Samples of the goal that none of the workers at work can send; 0: it is within reach."""
    deadline_changed: gevent.event.Event = field(factory=gevent.event.Event)
    """Set by `change_deadline`."""
    conclusion: Conclusion | None = None
    started_at: float | None = None
    """When the first worker was about to be spawned, in seconds of the monotonic clock."""
    values: list[int] = field(factory=list)
    """The samples that count, in the order of their arrival."""
    earlier_s: float = 0.0
    """Seconds that earlier sessions of the run took, if it is resumed."""
    crash_reasons: Counter[str] = field(factory=Counter)
    """How many crashes there were in this session, by the class of the error."""
    ending: dict[int, float] = field(factory=dict)
    """The workers whose incarnation was slow and is told to end, each with its lines a second."""
    _up: dict[int, ActorRef[Any]] = field(factory=dict)
    """The workers that have an incarnation, each with its ref."""
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

    def resume_from(
        self,
        samples: Sequence[Sample],
        counts: Counts,
        earlier_s: float,
        hosts: Mapping[tuple[int, int], str] = {},
    ) -> None:
        """Begin with what earlier sessions have left.

        Args:
            samples: all that count.
            counts: as they were written last, which may be before the last samples came.
            earlier_s: seconds that the sessions took.
            hosts: where each incarnation of a worker was, by both numbers; without those that were
                on this machine.
        """
        self.values = [sample.value for sample in samples]
        self.earlier_s = earlier_s
        self._surplus, self._malformed = counts.surplus, counts.malformed
        self._received = len(samples) + counts.surplus + counts.malformed
        stored = Counter(sample.worker for sample in samples)
        for worker, present in self.workers.items():
            earlier = counts.workers.get(worker, present)
            self.workers[worker] = evolve(earlier, port=present.port, samples=stored[worker])
        for worker in counts.workers.keys() - self.workers.keys():
            earlier = counts.workers[worker]
            self.workers[worker] = evolve(earlier, samples=stored[worker], rests=True)
        if hosts:
            self._place(samples, hosts)

    def counts(self) -> Counts:
        """Return all but the samples, with every incarnation counted as ended now."""
        now = self._now
        workers = {
            worker: evolve(
                counts,
                rests=False,
                received=0,
                times=counts.times.ended(now),
                hosts=dict(counts.hosts),
                host=None,
                has_process=False,
            )
            for worker, counts in self.workers.items()
        }
        return Counts(self._surplus, self._malformed, workers)

    @property
    def ledger(self) -> Ledger:
        """The ledger so far."""
        lost = sum(host.lost for host in self.hosts)
        return Ledger(self._received, len(self.values), self._surplus, self._malformed, lost)

    @property
    def hosts(self) -> tuple[HostResult, ...]:
        """What the workers did on each host of a cluster so far."""
        return sums_by_host(counts.hosts.values() for counts in self.workers.values())

    @property
    def all_rest(self) -> bool:
        """Whether no worker is left that could send anything."""
        return all(counts.rests for counts in self.workers.values())

    @property
    def serving(self) -> frozenset[int]:
        """The ids of the workers that are at work, or will be again after a restart."""
        return frozenset(worker for worker, counts in self.workers.items() if counts.serves)

    @property
    def streaming(self) -> int:
        """How many of the workers that are at work have sent a line since they started last."""
        return sum(counts.serves and counts.times.is_streaming for counts in self.workers.values())

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first spawn of this session; 0.0 before it."""
        return 0.0 if self.started_at is None else time.monotonic() - self.started_at

    def add_workers(self, workers: Iterable[int]) -> None:
        """Have more workers, from now on."""
        joined_s = self.earlier_s + self.elapsed_s
        self.workers |= {worker: WorkerCounts(port=0, joined_s=joined_s) for worker in workers}

    def settle(self, workers: int) -> None:
        """Have so many workers as somebody wants: those that were given up are written off."""
        self.most_workers, self.lost = workers, None
        self.least_workers = min(self.least_workers, workers)
        for worker, counts in self.workers.items():
            if not counts.serves:
                self._leave(worker)

    def end_slow(self, worker: int) -> None:
        """End the incarnation of a worker, if it has one; it counts as replaced when it is down."""
        counts, ref = self.workers[worker], self._up.get(worker)
        if ref is not None and counts.times.present is not None and counts.serves:
            self.ending.setdefault(worker, counts.times.present.rate_per_s)
            ref.stop()

    def drain(self, worker: int) -> ActorRef[Any] | None:
        """Let a worker leave the run; return its ref if it has an incarnation, which is to end."""
        self._leave(worker)
        return self._up.get(worker)

    def is_up(self, worker: int) -> bool:
        """Return whether a worker has an incarnation."""
        return worker in self._up

    def employ(self, ports: Mapping[int, int]) -> None:
        """Begin a session with workers of these ids and ports; all others have left."""
        self.add_workers(ports.keys() - self.workers.keys())
        for worker, port in ports.items():
            counts = self.workers[worker]
            counts.port, counts.rests = port, False
            if counts.left_s is not None:
                counts.joined_s, counts.left_s = self.earlier_s, None
        for worker in self.workers.keys() - ports.keys():
            self._leave(worker)
            self.workers[worker].rests = True

    def change_deadline(self, deadline_s: float | None) -> None:
        """Have another deadline, in seconds from the first spawn; None: no limit."""
        self.deadline_s, self.lost = deadline_s, None
        self.deadline_changed.set()

    def worker_up(self, up: ChildUp) -> None:
        """Count a start of a worker; the first one starts the clock of the run.

        One that has left before it was known to start was ended meanwhile, and nobody tells when.
        """
        now = time.monotonic()
        if self.started_at is None:
            self.started_at = now
            self._epoch_offset = time.time() - self.started_at
        self.supervisor = up.supervisor
        worker = int(up.child_id)
        counts = self.workers[worker]
        counts.starts += 1
        counts.received = 0
        counts.times.up(now)
        if counts.left_s is None or not counts.rests:
            counts.given_up = counts.rests = False
            self._up[worker] = up.ref

    def worker_spawned(self, spawned: WorkerSpawned) -> None:
        """Note where the present process of a worker is."""
        self.workers[spawned.worker].spawned(spawned.port, spawned.host)

    def lines_lost(self, lost: LinesLost) -> None:
        """Enter lines into the ledger that were lost with a host."""
        self.workers[lost.worker].add_on_host(lost.host, lost=lost.lines)

    def worker_down(self, down: ChildDown) -> float | None:
        """Count a crash of a worker, and keep its reason and its last words.

        An end by `Normal()` is no crash: the operator of the run asked for it, or the worker is
        replaced; then its lines a second are returned.
        """
        worker = int(down.child_id)
        counts, slow_rate = self.workers[worker], self.ending.pop(worker, None)
        counts.ended(time.monotonic(), crashed=not isinstance(down.reason, Normal))
        self._up.pop(worker, None)
        if isinstance(down.reason, Normal):
            if slow_rate is None or self.conclusion is not None or not counts.serves:
                return None
            counts.replaced += 1
            return slow_rate
        error = down.reason.error if isinstance(down.reason, Crashed) else None
        self.crash_reasons[type(error or down.reason).__name__] += 1
        counts.last_exit = str(error or down.reason)
        counts.last_words = error.last_words if isinstance(error, WorkerError) else ()
        return None

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
        counts.add_on_host(counts.host, samples=accepted)
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
            lines=self.ledger,
            values=tuple(self.values),
            workers=tuple(
                counts.result(worker, self._now) for worker, counts in self.workers.items()
            ),
        )

    def _place(self, samples: Sequence[Sample], hosts: Mapping[tuple[int, int], str]) -> None:
        """Count the samples of each host again: the counts may be older than the last of them."""
        for counts in self.workers.values():
            counts.hosts = {host: evolve(on, samples=0) for host, on in counts.hosts.items()}
        placed = Counter(
            (sample.worker, hosts.get((sample.worker, sample.incarnation))) for sample in samples
        )
        for (worker, host), number in placed.items():
            if worker in self.workers:
                self.workers[worker].add_on_host(host, samples=number)

    def _leave(self, worker: int) -> None:
        counts = self.workers[worker]
        if counts.left_s is None:
            counts.left_s = self.earlier_s + self.elapsed_s

    @property
    def _now(self) -> float:
        """When it was concluded, or now, in monotonic seconds."""
        return time.monotonic() if self.conclusion is None else self._concluded_at

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
