"""The collector actor: counts the samples of the workers, and does what its collector decides."""

import time
from collections.abc import Sequence
from typing import Final

from rnd_actors.actors import Actor, ActorRef, Crashed, ExitReason, Normal, Terminated
from rnd_actors.collectors._autoscaling import Autoscaling
from rnd_actors.collectors._checks import progress_of
from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._collector import Collector, Sample
from rnd_actors.collectors._messages import (
    Accepted,
    ChangeGoal,
    CheckReach,
    CollectorMessage,
    Conclude,
    Decide,
    Look,
    RunScaled,
    SamplesAccepted,
    Scale,
    WorkerDrained,
    WorkerGivenUp,
    WorkerReplaced,
)
from rnd_actors.collectors._reach import Reach
from rnd_actors.collectors._result import Outcome
from rnd_actors.collectors._steering import MakeWorkers, change_goal, scale
from rnd_actors.collectors._time_limits import TimeLimits
from rnd_actors.errors import SettingsError, WorkerError
from rnd_actors.scaling import decision_interval_s
from rnd_actors.supervision import (
    ChildDown,
    ChildGivenUp,
    ChildSpec,
    ChildUp,
    DeleteChild,
    RestartChild,
    ShutDown,
)
from rnd_actors.workers import Samples

_LOOK: Final = "look"
_REACH: Final = "reach"


class CollectorActor(Actor[CollectorMessage]):
    """Counts `Samples`, decides on every worker that goes down, and ends the run.

    It is the decider of the workers' supervisor, which it learns from `ChildUp`. Samples that
    arrive after the run is concluded are surplus.

    Args:
        collector: decides what is accepted, when the goal is reached and who is restarted.
        collection: keeps the samples and the ledger, and the deadline, at which it is concluded.
        sinks: actors that are sent every accepted sample; the end of one ends the run.
        make_workers: makes the child specs of workers that are added while the run goes on; None:
            none can be.
        autoscaling: decides how many workers there are; None: nobody but an operator.
    """

    def __init__(
        self,
        collector: Collector,
        collection: Collection,
        sinks: Sequence[ActorRef[Accepted]] = (),
        make_workers: MakeWorkers | None = None,
        autoscaling: Autoscaling | None = None,
    ) -> None:
        self._collector = collector
        self._collection = collection
        self._sinks = sinks
        self._make_workers = make_workers
        self._autoscaling = autoscaling
        self._reach = Reach(collector, collection)
        self._limits = TimeLimits(collection, collector.duration)

    def on_start(self) -> None:
        for sink in self._sinks:
            self.watch(sink)
        self._arm_timers()

    def receive(self, message: CollectorMessage) -> None:
        match message:
            case Samples():
                self._collect(message)
            case ChildUp():
                self._worker_up(message)
            case ChildDown():
                self._worker_down(message)
            case ChildGivenUp(child_id=worker, reason=reason):
                self._give_up(int(worker), reason)
            case Terminated(ref, reason):
                self._conclude(Outcome.FAILED, f"{ref.name}: {_described(reason)}")
            case Conclude(outcome, reason):
                self._conclude(outcome, reason)
            case Scale() | ChangeGoal():
                self._steer(message)
            case CheckReach() | Look() | Decide():
                self._do_own(message)

    def _do_own(self, message: CheckReach | Look | Decide) -> None:
        """Do what it has told itself to do later."""
        match message:
            case CheckReach():
                self._check_reach()
            case Look():  # what has arrived by now is read in this turn of the loop, and counted
                self.set_timer(_LOOK, 0.0, Decide())
            case Decide():
                self._decide()

    def _collect(self, batch: Samples) -> None:
        accept = self._accept_at_once if self._collector.counts_only else self._accept_each
        before, accepted = len(self._collection.values), list[Sample]()
        self._conclude_if_time_is_up()
        try:
            if batch.values and self._collection.conclusion is None:
                accept(batch, accepted)
        finally:
            number = len(self._collection.values) - before
            self._collection.count(batch, number)
            if number:
                self._hand_on(accepted, number)
        if self._reach.may_change_with(batch.worker):
            self._check_reach()

    def _accept_at_once(self, batch: Samples, accepted: list[Sample]) -> None:
        """Accept as many as the goal still needs; make a `Sample` of each only for sinks."""
        values, goal = self._collection.values, self._collector.goal
        number = len(batch.values) if goal is None else min(len(batch.values), goal - len(values))
        shown = range(number) if self._sinks else range(number - 1, number)
        accepted.extend(self._collection.sample(batch, i, len(values) + i) for i in shown)
        values.extend(batch.values[:number])
        if self._collector.is_reached(accepted[-1]):
            self._conclude(Outcome.COMPLETE, "the goal is reached")

    def _accept_each(self, batch: Samples, accepted: list[Sample]) -> None:
        """Ask the collector about one sample after the other, until the goal is reached."""
        values = self._collection.values
        for position in range(len(batch.values)):
            self.checkpoint()
            sample = self._collection.sample(batch, position, len(values))
            is_accepted = self._collector.accepts(sample)
            if self._collection.conclusion is not None:  # the deadline passed in between
                return
            if is_accepted:
                values.append(sample.value)
                accepted.append(sample)
                if self._collector.is_reached(sample):
                    self._conclude(Outcome.COMPLETE, "the goal is reached")
                    return

    def _hand_on(self, accepted: list[Sample], number: int) -> None:
        for sink in self._sinks:
            sink.tell(Accepted(tuple(accepted)))
        last = accepted[-1]
        total, progress = last.index + 1, self._progress()
        self.publish(SamplesAccepted(last.worker, number, last.value, total, progress))

    def _progress(self) -> float:
        """Return the share of the goal that is reached; of a duration, by the clock."""
        duration, started_at = self._collector.duration, self._collection.started_at
        if duration is None or started_at is None:
            return progress_of(self._collector)
        elapsed_s = self._collection.earlier_s + time.monotonic() - started_at
        return min(1.0, elapsed_s / duration)

    def _worker_up(self, up: ChildUp) -> None:
        is_first = self._collection.started_at is None
        self._collection.worker_up(up)
        if is_first:
            self._arm_timers()
        if self._collection.conclusion is not None:
            up.supervisor.tell(ShutDown())
        elif self._collection.workers[int(up.child_id)].left_s is not None:
            up.ref.stop()

    def _worker_down(self, down: ChildDown) -> None:
        slow_rate = self._collection.worker_down(down)
        if self._collection.conclusion is not None:
            return
        if slow_rate is not None:
            self.publish(WorkerReplaced(int(down.child_id), slow_rate))
        if self._collection.workers[int(down.child_id)].left_s is not None:
            down.supervisor.tell(DeleteChild(down.child_id))
            self._has_left(int(down.child_id))
            return
        restart = True
        try:
            if not isinstance(down.reason, Normal):
                restart = self._collector.restarts(int(down.child_id), down.reason)
        finally:
            if restart:
                down.supervisor.tell(RestartChild(down.child_id))
            else:
                self._let_rest(int(down.child_id), _described(down.reason))

    def _give_up(self, worker: int, reason: ExitReason) -> None:
        counts = self._collection.workers[worker]
        counts.given_up = True
        self.publish(WorkerGivenUp(worker, counts.last_exit or str(reason), counts.last_words))
        self._let_rest(worker, _described(reason))

    def _let_rest(self, worker: int, why: str) -> None:
        self._collection.workers[worker].rests = True
        if self._collection.all_rest:
            self._conclude(Outcome.FAILED, f"no worker is left; the last one: {why}")
        self._check_reach_soon()

    def _check_reach_soon(self) -> None:
        self.set_timer(_REACH, 0.0, CheckReach())  # once for all that rest at the same time

    def _check_reach(self) -> None:
        """Tell when the workers cannot reach the goal, and end the run when they have sent all."""
        if self._collection.conclusion is not None:
            return
        if (news := self._reach.look()) is not None:
            self.publish(news)
        if self._reach.is_exhausted:
            self._conclude(Outcome.FAILED, f"the goal is out of reach: {self._reach.in_words}")

    def _has_left(self, worker: int) -> None:
        self.publish(WorkerDrained(worker))
        self._let_rest(worker, "it was told to leave")

    def _steer(self, request: Scale | ChangeGoal) -> None:
        collection = self._collection
        try:
            match request:
                case Scale():
                    self.reply(request, self._scale(request, by_hand=True))
                case ChangeGoal(goal):
                    changed = change_goal(request, self._collector, collection)
                    self.publish(changed)
                    if len(collection.values) == goal:
                        self._conclude(Outcome.COMPLETE, "the goal is reached")
                    self._check_reach()
                    self.reply(request, changed)
        except Exception as error:  # noqa: BLE001  # whoever asked is told, and the run goes on
            self.reply_error(request, error)

    def _scale(self, request: Scale, *, by_hand: bool = False) -> RunScaled:
        scaled = scale(request, self._collection, self._more_workers)
        if by_hand:
            self._collection.settle(scaled.workers)
        self.publish(scaled)
        for worker in scaled.draining:
            if not self._collection.is_up(worker):
                self._has_left(worker)
        self._check_reach()
        return scaled

    def _look_again(self) -> None:
        if self._autoscaling is not None and self._autoscaling.is_asked_again(self._collection):
            workers = len(self._collection.workers)
            pause_s = decision_interval_s(self._collection.deadline_s, workers)
            self.set_timer(_LOOK, pause_s, Look())

    def _decide(self) -> None:
        """Do what the scaling policy decides."""
        collection, autoscaling = self._collection, self._autoscaling
        if autoscaling is None or collection.conclusion is not None:
            return
        decision = autoscaling.decide(collection, self._collector)
        if decision.start > 0:
            self._scale(Scale(decision.start, relative=True))
        for worker in decision.replace:
            collection.end_slow(worker)
        if decision.lost is not None and collection.lost is None:
            collection.lost = decision.lost
            self.publish(decision.lost)
            if autoscaling.gives_up_early:
                self._conclude(Outcome.DEADLINE, str(decision.lost))
        self._look_again()

    def _more_workers(self, ids: Sequence[int]) -> Sequence[ChildSpec]:
        if self._make_workers is None:
            raise SettingsError("workers", "no more than there are: none can be added", len(ids))
        return self._make_workers(ids, self.ref)

    def _arm_timers(self) -> None:
        """Conclude the run when its time is up, once it has begun."""
        if self._collection.started_at is None:
            return
        self.background(self._conclude_in_time)
        self._look_again()
        self._check_reach_soon()

    def _conclude_in_time(self) -> None:
        """Conclude when the time is up, even while `receive` waits for a slow sink."""
        changed = self._collection.deadline_changed
        while (limit := self._limits.first()) is None or limit.left_s > 0:
            if changed.wait(None if limit is None else limit.left_s):
                changed.clear()
                self.set_timer(_LOOK, 0.0, Look())
        self._conclude(limit.outcome, limit.reason)

    def _conclude_if_time_is_up(self) -> None:
        """Conclude late: a loop that has stood still hands on samples before it looks at timers."""
        limit = self._limits.first()
        if limit is not None and limit.left_s < 0 and self._collection.conclusion is None:
            self._conclude(limit.outcome, limit.reason)

    def _conclude(self, outcome: Outcome, reason: str) -> None:
        self._collection.conclude(outcome, reason)
        if self._collection.supervisor is not None:
            self._collection.supervisor.tell(ShutDown())


def _described(reason: ExitReason) -> str:
    """Return why an actor ended; for a worker with the last lines that it wrote."""
    if not isinstance(reason, Crashed):
        return str(reason)
    if isinstance(reason.error, WorkerError) and reason.error.last_words:
        return "\n  ".join((f"{reason.error}; its last words:", *reason.error.last_words))
    return str(reason.error)
