"""What a live run can be asked besides what any system can."""

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict, evolve

from rnd_actors import _validators as valid
from rnd_actors._worker_limits import in_words
from rnd_actors.collectors import Outcome, Result
from rnd_actors.control._history import History
from rnd_actors.control._operation import Argument, Effect, Operation
from rnd_actors.control._operations import Operations
from rnd_actors.control._status import STATUS, status_of
from rnd_actors.events import Event
from rnd_actors.running import LiveRun, Progress
from rnd_actors.workers import WorkerProcess

if TYPE_CHECKING:
    from rnd_actors.control._hosts import Hosts

_ALL: Final = "all"
_WORKER: Final = Argument(
    "worker",
    "The id of a worker, or all.",
    valid.accepts("the id of a worker, or all", lambda value: type(value) is int or value == _ALL),
    {"oneOf": [{"type": "integer"}, {"type": "string", "enum": [_ALL]}]},
)
_DRAIN: Final = Argument(
    "drain",
    "The ids of workers that leave in any case.",
    valid.accepts(
        "a list of ids of workers",
        lambda value: isinstance(value, list | tuple) and all(type(each) is int for each in value),
    ),
    {"type": "array", "items": {"type": "integer"}},
    (),
)
_SAMPLES: Final = Argument(
    "samples",
    "The goal.",
    valid.whole_number(1, 10**9),
    {"type": "integer", "minimum": 1, "maximum": 10**9},
)
_SECONDS: Final = Argument(
    "seconds",
    "From the first spawn; null: no deadline.",
    valid.optional(valid.seconds),
    {"type": ["number", "null"], "exclusiveMinimum": 0},
)
_NOW: Final = Argument(
    "now",
    "Whether the workers are killed, and there is no result.",
    valid.instance(bool, "true or false"),
    {"type": "boolean"},
    default=False,
)
_OBJECT: Final = {"type": "object"}


class RunOperations(Operations):
    """The operations on a live run, and what they need to know of it.

    Args:
        live: the run.
        interrupt: called to stop the run, and a second time to end it at once; None: the first is
            `live.interrupted`, and the second kills the workers.
        run: its id; by default that of the process.
    """

    def __init__(
        self,
        live: LiveRun,
        interrupt: Callable[[], object] | None = None,
        run: str | None = None,
    ) -> None:
        self.live = live
        self._run = run or str(os.getpid())
        self._interrupt = interrupt or self._interrupt_run
        self._started_at = time.time()
        self._progress = Progress(live.goal, live.first_workers, live.settings.deadline)
        self._history = History(self._progress, live.collection.values)
        super().__init__(live.system)
        subscribe = live.system.events.subscribe
        self._unsubscribe += [subscribe(self._progress), subscribe(self._history)]
        self._hosts = _hosts_of(live)
        if self._hosts is not None:
            self._unsubscribe.append(subscribe(self._hosts))

    def status(self) -> dict[str, Any]:
        """Return how far the run is, with a row for each worker and each host of a cluster."""
        hosts = [] if self._hosts is None else self._hosts.to_plain(self.live.collection.hosts)
        return status_of(self._run, self._started_at, self.live, self._progress, hosts)

    def history(self) -> dict[str, Any]:
        """Return how the total has grown, the states of workers, and a histogram."""
        return self._history.to_plain()

    def outcome(self) -> dict[str, str]:
        """Return the `outcome` of the run and its `reason`; nothing while it goes on."""
        conclusion = self.live.collection.conclusion
        if conclusion is not None:
            return {"outcome": conclusion.outcome.value, "reason": conclusion.reason}
        if self.system.root.is_alive:
            return {}
        ends = self.events.ends_of(self.system.root.name)  # from which the run will conclude
        reason = ends[-1]["reason"] if ends else "its actors have ended"
        return {"outcome": Outcome.FAILED.value, "reason": reason}

    def result(self) -> Result:
        """Return the result so far; that of a run that goes on is that of an interrupted one."""
        result = self.live.collection.result(self.live.goal, self.live.collection.deadline_s)
        if self.live.collection.conclusion is None:
            return evolve(result, outcome=Outcome.INTERRUPTED, reason="it goes on")
        return result

    def _operations(self) -> Iterator[Operation]:
        yield from super()._operations()
        yield Operation(
            "status", "How far the run is, its workers and hosts.", self.status, answer=STATUS
        )
        yield Operation(
            "history",
            "How the total has grown, what the workers were doing, and a histogram of the values.",
            self.history,
            answer=_OBJECT,
        )
        yield Operation(
            "restart",
            "Stop a worker in order and start it again; start one that is given up or down.",
            self._restart,
            Effect.CHANGE,
            (_WORKER,),
            {"type": "array", "items": {"type": "integer"}},
        )
        yield Operation(
            "scale",
            "Have another number of workers at work; those that are too many leave in order.",
            self._scale,
            Effect.CHANGE,
            (_workers(self.live.collection.possible_workers), _DRAIN),
            _OBJECT,
        )
        yield Operation(
            "goal",
            "Collect exactly that many samples.",
            self._goal,
            Effect.CHANGE,
            (_SAMPLES,),
            _OBJECT,
        )
        yield Operation(
            "deadline",
            "Conclude the run so many seconds after its first spawn, or have no deadline.",
            self._deadline,
            Effect.CHANGE,
            (_SECONDS,),
            _OBJECT,
        )
        yield Operation(
            "stop",
            "End the run in order, with the samples so far; or at once.",
            self._stop,
            Effect.CHANGE,
            (_NOW,),
            {"type": "string"},
        )

    def _restart(self, worker: int | str) -> list[int]:
        if isinstance(worker, int):
            self.live.restart(worker)
            return [worker]
        return self.live.restart_all()

    def _scale(self, workers: int | str, drain: list[int]) -> dict[str, Any]:
        relative = isinstance(workers, str) and not workers.isdecimal()
        return self._told(self.live.scale(int(workers), relative=relative, drain=drain))

    def _goal(self, samples: int) -> dict[str, Any]:
        return self._told(self.live.change_goal(samples))

    def _deadline(self, seconds: float | None) -> dict[str, Any]:
        return self._told(self.live.change_deadline(seconds))

    def _told(self, event: Event) -> dict[str, Any]:
        """Return what has changed, as figures and in words."""
        return {**asdict(event), "text": str(event)}

    def _stop(self, now: bool) -> Iterator[str]:  # noqa: FBT001  # it has the name of its argument
        if now:
            yield "ends at once"  # it is sent before that happens
            if not self.live.interrupted.is_set():
                self._interrupt()
            self._interrupt()
        elif self.live.interrupted.is_set():
            yield "stops already"
        else:
            self._interrupt()
            yield "stops"

    def _interrupt_run(self) -> None:
        if self.live.interrupted.is_set():
            WorkerProcess.kill_all()
        self.live.interrupted.set()


def _workers(most: int) -> Argument:
    """Return the argument that says how many workers there are to be, of at most so many."""
    size = "[+-]?[0-9]{1,5}"
    return Argument(
        "workers",
        "How many are to be at work, or how many more or fewer, as +2 or -2.",
        valid.accepts(
            f"a whole number from 1 to {in_words(most)}; or a difference as a text like +2 or -2",
            lambda value: (
                type(value) is int or (isinstance(value, str) and bool(re.fullmatch(size, value)))
            ),
        ),
        {
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": most},
                {"type": "string", "pattern": f"^{size}$"},
            ]
        },
    )


def _hosts_of(live: LiveRun) -> "Hosts | None":
    """Return what follows the hosts of a run; None: it has no cluster."""
    if live.settings.cluster is None:
        return None
    from rnd_actors.control._hosts import Hosts  # noqa: PLC0415  # only such runs need it

    return Hosts()
