"""What a live run can be asked: a fixed table of operations, plain data in and plain data out."""

import os
import shlex
import time
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, Final

from rnd_actors import _validators as valid
from rnd_actors.control._events import KeptEvents, level_of
from rnd_actors.errors import ControlError
from rnd_actors.inspection import dump, trace
from rnd_actors.running import LiveRun, Progress
from rnd_actors.workers import WorkerProcess

_ALL: Final = "all"
_IS_NUMBER: Final = valid.whole_number(1, 1000)
_IS_NAME: Final = valid.instance(str, "the name of an actor, like workers/3 or collector")
_IS_SWITCH: Final = valid.instance(bool, "true or false")
_IS_LEVEL: Final = valid.accepts(
    "debug, info, warning, error or critical",
    lambda value: (
        isinstance(value, str)
        and value.lower() in ("debug", "info", "warning", "error", "critical")
    ),
)
_IS_WORKER: Final = valid.accepts(
    "the id of a worker, or all", lambda value: type(value) is int or value == _ALL
)


class Operations:
    """The operations on a live run, and what they need to know of it.

    Args:
        run: its id.
        live: the run.
        interrupt: called to stop the run, and a second time to end it at once; None: the first is
            `live.interrupted`, and the second kills the workers.
    """

    def __init__(self, run: str, live: LiveRun, interrupt: Callable[[], object] | None) -> None:
        self._run = run
        self._live = live
        self._interrupt = interrupt or self._interrupt_run
        self._started_at = time.time()
        self._progress = Progress(live.goal, live.settings.workers, live.settings.deadline)
        self._events = KeptEvents()
        live.system.events.subscribe(self._progress)
        live.system.events.subscribe(self._events)
        self._table: dict[str, Callable[..., Any]] = {
            "dump": self._dump,
            "events": self._last_events,
            "follow": self._follow,
            "restart": self._restart,
            "status": self._status,
            "stop": self._stop,
            "trace": self._trace,
            "tree": self._tree,
        }

    def answers(self, operation: object, arguments: object) -> Iterator[Any]:
        """Carry out an operation, and give its answers: most have one.

        Raises:
            ControlError: there is no such operation, or it has other arguments.
            RndActorsError: why it cannot be done.
        """
        carry_out = self._table.get(operation) if isinstance(operation, str) else None
        if carry_out is None:
            known = ", ".join(self._table)
            raise ControlError(f"there is no operation {operation!r}; the operations are: {known}")
        try:
            bound = signature(carry_out).bind(**_mapping(arguments))
        except TypeError as error:
            raise ControlError(f"{operation} cannot be asked with {arguments!r}: {error}") from None
        answer = carry_out(*bound.args, **bound.kwargs)
        if isinstance(answer, Iterator):
            yield from answer
        else:
            yield answer

    def end(self) -> None:
        """Let those who follow events read the last of them, and end."""
        self._events.end()

    def _status(self) -> dict[str, Any]:
        settings, report = self._live.settings, self._progress.report()
        rows = (
            {
                "id": worker,
                "state": row.state.value,
                "port": row.port,
                "pid": row.pid,
                "samples": row.samples,
                "restarts": row.restarts,
                "last_value": row.last_value,
            }
            for worker, row in self._progress.workers.items()
        )
        return {
            "id": self._run,
            "pid": os.getpid(),
            "worker": shlex.join([*settings.worker, *settings.worker_args]),
            "started_at": self._started_at,
            "goal": report.goal,
            "samples": report.samples,
            "progress": report.progress,
            "elapsed_s": report.elapsed_s,
            "rate_per_s": report.rate_per_s,
            "ideal_rate_per_s": report.ideal_rate_per_s,
            "finish_s": report.finish_s,
            "deadline_s": report.deadline_s,
            "restarts": report.restarts,
            "warnings": report.warnings,
            "last_warning": report.last_warning,
            "workers": list(rows),
        }

    def _tree(self) -> str:
        return str(self._live.system.tree())

    def _dump(self) -> str:
        return dump(self._live.system)

    def _last_events(self, n: int = 100, level: str = "info") -> list[dict[str, Any]]:
        valid.require(_IS_NUMBER, "n", n)
        valid.require(_IS_LEVEL, "level", level)
        return self._events.last(n, level_of(level))

    def _follow(self, level: str = "info") -> Iterator[dict[str, Any]]:
        valid.require(_IS_LEVEL, "level", level)
        return self._events.follow(level_of(level))

    def _restart(self, worker: int | str) -> list[int]:
        valid.require(_IS_WORKER, "worker", worker)
        ids = list(self._progress.workers) if isinstance(worker, str) else [worker]
        for each in ids:
            self._live.restart(each)
        return ids

    def _trace(self, actor: str, n: int = 20, seconds: float = 10.0) -> str:
        """Trace an actor until it is done with `n` messages, or for so many seconds."""
        valid.require(_IS_NAME, "actor", actor)
        valid.require(_IS_NUMBER, "n", n)
        valid.require(valid.seconds, "seconds", seconds)
        ref = self._live.system.find(actor)
        if ref is None:
            names = ", ".join(info.name for info in self._live.system.tree())
            raise ControlError(f"there is no actor {actor!r}; the actors are: {names}")
        with trace(ref, n) as messages:
            messages.wait_for(n, seconds)
            return str(messages)

    def _stop(self, now: bool = False) -> Iterator[str]:  # noqa: FBT001, FBT002  # JSON names it
        valid.require(_IS_SWITCH, "now", now)
        if now:
            yield "ends at once"  # it is sent before that happens
            if not self._live.interrupted.is_set():
                self._interrupt()
            self._interrupt()
        elif self._live.interrupted.is_set():
            yield "stops already"
        else:
            self._interrupt()
            yield "stops"

    def _interrupt_run(self) -> None:
        if self._live.interrupted.is_set():
            WorkerProcess.kill_all()
        self._live.interrupted.set()


def _mapping(arguments: object) -> dict[str, Any]:
    if not isinstance(arguments, dict):
        raise TypeError("they are no object")
    return arguments
