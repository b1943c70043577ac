"""Steering a run while it goes on: another goal, another deadline, more workers or fewer."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from rnd_actors._printing import ranges
from rnd_actors._validators import require, whole_number
from rnd_actors._worker_limits import number_of_workers
from rnd_actors.actors import ActorRef
from rnd_actors.collectors._checks import progress_of
from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._collector import Collector
from rnd_actors.collectors._messages import ChangeGoal, GoalChanged, RunScaled, Scale
from rnd_actors.errors import ActorDeadError, SettingsError, UnknownChildError
from rnd_actors.supervision import ChildSpec, DeleteChild, StartChild, TerminateChild

MakeWorkers: TypeAlias = Callable[[Sequence[int], ActorRef[Any]], Sequence[ChildSpec]]
"""Returns the child specs of new workers with these ids, for the collector with this ref.

It raises `SettingsError` if the system does not allow so many.
"""


def change_goal(request: ChangeGoal, collector: Collector, collection: Collection) -> GoalChanged:
    """Give a collector another goal; errors are those of the request."""
    require_going_on(collection)
    require(whole_number(1, 10**9), "goal", request.goal)
    have = len(collection.values)
    if request.goal < have:
        raise SettingsError(
            "goal", f"{have} or more, since so many have come already", request.goal
        )
    collector.change_goal(request.goal)
    collection.lost = None
    return GoalChanged(request.goal, progress_of(collector))


def scale(
    request: Scale,
    collection: Collection,
    make_specs: Callable[[Sequence[int]], Sequence[ChildSpec]],
) -> RunScaled:
    """Have workers started and drained; errors are those of the request."""
    supervisor = require_going_on(collection).supervisor
    if supervisor is None:
        raise ActorDeadError("the run has no workers yet")
    serving = collection.serving
    for worker in request.drain:
        if worker not in serving:
            raise UnknownChildError(
                f"worker {worker} is not at work; at work are: {ranges(sorted(serving))}"
            )
    leaving = dict.fromkeys(request.drain)
    wanted = request.workers + len(serving) * request.relative
    require(number_of_workers(collection.possible_workers), "workers", wanted)
    staying = [worker for worker in sorted(serving) if worker not in leaving]
    leaving |= dict.fromkeys(reversed(staying[wanted:]))
    next_id = max(collection.workers) + 1
    started = range(next_id, next_id + max(0, wanted - len(staying)))
    specs = make_specs(started)
    collection.add_workers(started)
    for spec in specs:
        supervisor.tell(StartChild(spec))
    for worker in leaving:
        ref = collection.drain(worker)
        if ref is not None:
            ref.stop()
        else:  # it waits for its restart
            supervisor.tell(TerminateChild(str(worker)))
            supervisor.tell(DeleteChild(str(worker)))
    return RunScaled(wanted, tuple(started), tuple(leaving))


def require_going_on(collection: Collection) -> Collection:
    """Return the collection of a run that is not concluded; raise `ActorDeadError` otherwise."""
    if collection.conclusion is not None:
        raise ActorDeadError(f"the run ends: {collection.conclusion.reason}")
    return collection
