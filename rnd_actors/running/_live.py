"""A run while it goes on, for those who look at it and steer it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import Final, TypeAlias

import gevent.event
from attrs import define, field

from rnd_actors._printing import ranges
from rnd_actors._validators import optional, require, seconds
from rnd_actors.actors import ActorRef, ActorSystem, Crashed
from rnd_actors.collectors import (
    ChangeGoal,
    Collection,
    CollectorMessage,
    DeadlineChanged,
    GoalChanged,
    RunScaled,
    Scale,
)
from rnd_actors.errors import (
    ActorDeadError,
    ChildRunningError,
    SettingsError,
    UnknownChildError,
)
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._workers import Workers
from rnd_actors.supervision import (
    ChildGivenUp,
    ChildState,
    RestartChild,
    StartChild,
    SupervisorMessage,
    WhichChildren,
)
from rnd_actors.workers import WorkerSpawned

_is_deadline: Final = optional(seconds)
_UP: Final = (ChildState.STARTING, ChildState.RUNNING)


@define(kw_only=True, eq=False)
class LiveRun:
    """A run from just before its workers start until they have ended.

    `run(..., control=function)` calls the function with it, and enters the context manager that the
    function returns. It is used in the thread of the run.

    Args:
        settings: with which it has begun.
        goal: wanted samples; None: the goal is no number of samples.
        system: in which its actors live.
        collection: its samples, its ledger, its deadline and the counts of its workers.
        interrupted: setting this flag ends the run soon, with the samples so far.
        stored_as: its id in the store among its outputs; None: it is not stored.
        workers: the supervisor of the workers; None: it has not started yet.
        url: where its page is, without the token; None: it has none.
    """

    settings: RunSettings
    goal: int | None
    system: ActorSystem
    collection: Collection
    interrupted: gevent.event.Event
    stored_as: int | None = None
    workers: ActorRef[SupervisorMessage] | None = None
    url: str | None = None
    _collecting: ActorRef[CollectorMessage] = field(alias="collecting")
    _known: Workers = field(alias="known")
    _incarnations: dict[int, int] = field(init=False, factory=dict)
    """The number of the last incarnation of each worker that was spawned."""

    def __attrs_post_init__(self) -> None:
        self.system.events.subscribe(self._note_incarnation, to=WorkerSpawned)
        self.system.events.subscribe(self._note_goal, to=GoalChanged)

    def restart(self, worker: int) -> None:
        """Stop a worker that runs, in order, and start it again; start one that is down.

        That is no crash. Of a worker that is given up the count of restarts begins again; the
        samples that it has read before its end count as any others.

        Raises:
            ActorDeadError: the workers have not started yet, or end already.
            UnknownChildError: there is no such worker, or it has left the run.
            Exception: why a worker that was given up did not start; it stays given up.
        """
        counts = self.collection.workers.get(worker)
        if counts is None or counts.left_s is not None:
            why = f"there is no worker {worker}" if counts is None else f"worker {worker} has left"
            raise UnknownChildError(f"{why}; the workers are {ranges(self.restartable)}")
        supervisor = self._supervisor()
        children = {info.id: info for info in supervisor.ask(WhichChildren())}
        child = children.get(str(worker))
        if child is None:
            self._start(supervisor, worker)
        elif child.state is ChildState.DOWN:
            with suppress(ChildRunningError):  # its collector has just decided the same
                supervisor.ask(RestartChild(child.id))
        elif child.state in _UP:
            child.ref.stop()

    def restart_all(self) -> list[int]:
        """Restart all workers that have not left the run, as `restart` does; return their ids."""
        children = self._supervisor().ask(WhichChildren())
        up = {int(child.id): child for child in children if child.state in _UP}
        restarted = []
        for worker in sorted(self.restartable, key=lambda each: each not in up):
            if worker in up:  # without a wait, so that it still is
                up[worker].ref.stop()
                restarted.append(worker)
                continue
            with suppress(UnknownChildError):  # it has left meanwhile
                self.restart(worker)
                restarted.append(worker)
        return sorted(restarted)

    @property
    def first_workers(self) -> int:
        """The number of workers with which this session begins, before any has started."""
        return len(self.collection.serving)

    @property
    def restartable(self) -> tuple[int, ...]:
        """The ids of the workers that have not left the run, at work or not."""
        workers = self.collection.workers.items()
        return tuple(worker for worker, counts in workers if counts.left_s is None)

    def scale(
        self, workers: int, *, relative: bool = False, drain: Iterable[int] = ()
    ) -> RunScaled:
        """Have another number of workers at work, and return at once what that changes.

        Workers that are missing are started, with the next ids. Those that are too many are
        drained: each is stopped in order, what it has sent counts, and nobody restarts it. The
        others go on as they are. Workers that were given up are not at work.

        Args:
            workers: how many there are to be, 1 to 1000, or to 10000 with a cluster.
            relative: whether `workers` is how many more there are to be, or fewer if below 0.
            drain: the ids of workers that leave in any case; of the others the newest go first.

        Raises:
            ActorDeadError: the run has no workers: it has not begun, or it ends.
            AskTimeoutError: the collector is busy for longer than 5 s; it may do it later.
            SettingsError: the number is out of range, or the system does not allow so many.
            UnknownChildError: one of `drain` is not at work.
        """
        return self._collecting.ask(Scale(workers, relative, tuple(drain)))

    def change_goal(self, samples: int) -> GoalChanged:
        """Collect exactly that many samples; the run is complete if it has them already.

        Raises:
            ActorDeadError: the run ends already.
            AskTimeoutError: the collector is busy for longer than 5 s; it may do it later.
            SettingsError: more samples have come already, or the goal of the collector is no number
                of samples, or one that cannot be changed.
        """
        return self._collecting.ask(ChangeGoal(samples))

    def change_deadline(self, deadline: float | None) -> DeadlineChanged:
        """Conclude the run `deadline` seconds after its first spawn; None: there is no deadline.

        Raises:
            ActorDeadError: the run ends already.
            SettingsError: it is no number of seconds, or so many have passed already.
        """
        require(_is_deadline, "deadline", deadline)
        if self.collection.conclusion is not None:
            raise ActorDeadError(f"the run ends: {self.collection.conclusion.reason}")
        elapsed_s = self.collection.elapsed_s
        if deadline is not None and deadline <= elapsed_s:
            form = f"more than the {elapsed_s:.1f} s that have passed since the first spawn"
            raise SettingsError("deadline", form, deadline)
        self.collection.change_deadline(deadline)
        changed = DeadlineChanged(deadline)
        self.system.events.publish(changed)
        return changed

    def _supervisor(self) -> ActorRef[SupervisorMessage]:
        if self.workers is None or self.collection.conclusion is not None:
            raise ActorDeadError("the run has no workers: it has not begun, or it ends")
        return self.workers

    def _start(self, workers: ActorRef[SupervisorMessage], worker: int) -> None:
        """Start a worker that was given up; its incarnations are counted on."""
        spec = self._known.spec(worker, self._collecting, self._incarnations.get(worker))
        try:
            workers.ask(StartChild(spec, or_get=True))
        except Exception as error:
            if self.collection.conclusion is None:
                self._collecting.tell(ChildGivenUp(workers, spec.id, Crashed(error)))
            raise

    def _note_incarnation(self, spawned: WorkerSpawned) -> None:
        self._incarnations[spawned.worker] = spawned.incarnation

    def _note_goal(self, changed: GoalChanged) -> None:
        self.goal = changed.goal


Control: TypeAlias = Callable[[LiveRun], AbstractContextManager[object]]
"""What looks at a run and steers it, while its context manager is entered."""
