"""One run of a plan in virtual time: a heap of events, without actors.

What happens is what happens to the real ones in a `simulate` of `run`, but for the order of events
at the same time; tests/planning compares both. A worker crashes after its first sample, which ends
a row of failures, so that each restart is at once.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Final

from attrs import frozen

from rnd_actors.planning._settings import PlanSettings, WorkerProfile
from rnd_actors.scaling import (
    Measured,
    RunView,
    ScalingPolicy,
    WorkerView,
    decision_interval_s,
)

_SEED_SHIFT: Final = 10
"""Leaves the numbers below 1024 to the workers of a run."""


@frozen
class PlannedRun:
    """A simulated run of a plan."""

    elapsed_s: float
    """When it was complete, in seconds; inf: not in time."""
    most_workers: int
    """How many workers it had in the end, which is the most it had at once."""
    replaced: int
    """How many incarnations were replaced because they were slow."""
    lost_at_s: float | None
    """When the policy said that the deadline is lost; None: it did not, or was not asked again."""


def planned_run(
    plan: PlanSettings, policy: ScalingPolicy, seed: int, latest_s: float
) -> PlannedRun:
    """Simulate a run until it is complete, or for `latest_s` seconds.

    The policy is asked until the deadline; one that only starts workers is asked once. The random
    numbers of each worker are its own, so that two policies with the same seed have workers of the
    same fate.
    """
    return _Run(plan, policy, seed).until(latest_s)


class _Worker:
    """A worker and its present incarnation."""

    __slots__ = (
        "crash_at",
        "first_at",
        "gap_s",
        "id",
        "incarnation",
        "last_at",
        "next_at",
        "paced",
        "random",
        "seen",
        "squares",
        "started_at",
    )

    def __init__(self, id_: int, random: Random) -> None:
        self.id, self.random = id_, random
        self.incarnation = 0
        self.last_at = 0.0

    def start(self, now: float, profile: WorkerProfile) -> None:
        """Begin an incarnation."""
        random = self.random
        is_slow = bool(profile.slow_share) and random.random() < profile.slow_share
        self.incarnation += 1
        self.started_at = now
        self.first_at: float | None = None
        self.next_at = now + profile.startup
        self.crash_at = inf
        if profile.mtbf is not None:
            self.crash_at = self.next_at + random.expovariate(1 / profile.mtbf)
        self.gap_s = (profile.slow_factor if is_slow else 1.0) / profile.rate
        self.paced, self.squares = 0, 0.0
        self.seen: WorkerView | None = None

    def view(self) -> WorkerView:
        """Return what a policy sees of it, which is made anew after each event."""
        if self.seen is None:
            self.seen = WorkerView(
                id=self.id,
                started_s=self.started_at,
                first_s=self.first_at,
                last_s=self.last_at,
                paced=self.paced,
                arrivals=self.paced,
                squares=self.squares,
            )
        return self.seen


class _Run:
    """The state of a run: its workers, the events to come, and the sums over all incarnations."""

    def __init__(self, plan: PlanSettings, policy: ScalingPolicy, seed: int) -> None:
        self._plan, self._policy, self._seed = plan, policy, seed
        self._irregular = plan.profile.irregular
        self._now = 0.0
        self._workers: list[_Worker] = []
        self._events: list[tuple[float, int, int, _Worker]] = []
        """Of each worker its next sample or its crash: when, a serial number, its incarnation."""
        self._serial = self._starts = self._samples = 0
        self._first_samples = self._crashes = self._replaced = self._paced = 0
        self._starting_s = self._ended_s = self._paced_s = 0.0
        self._lost_at_s: float | None = None

    def until(self, latest_s: float) -> PlannedRun:
        plan, events = self._plan, self._events
        interval_s = decision_interval_s(plan.deadline, plan.workers)
        decisions, decide_at = 0, 0.0
        while self._samples < plan.samples:
            due = events[0][0] if events else inf
            if decide_at < due:
                self._now = decide_at
                self._decide()
                decisions += 1
                decide_at = decisions * interval_s
                if decide_at > plan.deadline or self._policy.only_starts:
                    decide_at = inf
            elif due > latest_s:
                return self._result(inf)
            else:
                self._now, _, incarnation, worker = heappop(events)
                if incarnation == worker.incarnation:  # otherwise it was replaced
                    self._happen(worker)
        return self._result(self._now)

    def _result(self, elapsed_s: float) -> PlannedRun:
        return PlannedRun(elapsed_s, len(self._workers), self._replaced, self._lost_at_s)

    def _happen(self, worker: _Worker) -> None:
        if worker.next_at <= worker.crash_at:
            self._send(worker)
        else:
            self._crashes += 1
            self._restart(worker)

    def _send(self, worker: _Worker) -> None:
        now = self._now
        self._samples += 1
        if worker.first_at is None:
            worker.first_at = now
            self._first_samples += 1
            self._starting_s += now - worker.started_at
        else:
            gap_s = now - worker.last_at
            worker.paced += 1
            worker.squares += gap_s * gap_s
            self._paced += 1
            self._paced_s += gap_s
        worker.last_at, worker.seen = now, None
        gap_s = worker.random.expovariate(1 / worker.gap_s) if self._irregular else worker.gap_s
        worker.next_at = now + gap_s
        self._await(worker)

    def _decide(self) -> None:
        decision = self._policy.decision_on(self._view())
        for id_ in decision.replace:
            self._replaced += 1
            self._restart(self._workers[id_ - 1])
        for _ in range(min(decision.start, self._plan.workers - len(self._workers))):
            id_ = len(self._workers) + 1
            self._workers.append(_Worker(id_, Random(self._seed << _SEED_SHIFT | id_)))  # noqa: S311
            self._start(self._workers[-1])
        if decision.lost is not None and self._lost_at_s is None:
            self._lost_at_s = self._now

    def _restart(self, worker: _Worker) -> None:
        if worker.first_at is not None:
            self._ended_s += self._now - worker.first_at
        self._start(worker)

    def _start(self, worker: _Worker) -> None:
        self._starts += 1
        worker.start(self._now, self._plan.profile)
        self._await(worker)

    def _await(self, worker: _Worker) -> None:
        self._serial += 1
        due = min(worker.next_at, worker.crash_at)
        heappush(self._events, (due, self._serial, worker.incarnation, worker))

    def _view(self) -> RunView:
        now, plan = self._now, self._plan
        streaming_s = sum(now - w.first_at for w in self._workers if w.first_at is not None)
        return RunView(
            elapsed_s=now,
            deadline_s=plan.deadline,
            goal=plan.samples,
            samples=self._samples,
            lines=self._samples,
            least=plan.least_workers,
            most=plan.workers,
            workers=tuple(worker.view() for worker in self._workers),
            measured=Measured(
                first_samples=self._first_samples,
                starting_s=self._starting_s,
                crashes=self._crashes,
                streamed_s=self._ended_s + streaming_s,
                paced=self._paced,
                paced_s=self._paced_s,
            ),
            starts=self._starts,
            replaced=self._replaced,
        )
