"""rnd-actors: a gevent actor framework, and a tool that collects samples from flaky workers.

Here are the names that a first program needs; all others are in the public modules: `actors`,
`supervision`, `routing`, `events`, `workers`, `collectors`, `running`, `errors`, `store`, `sinks`,
`control`, `cluster`, `planning`, `reporting`, `scaling`, `simulation`, `testing` and `notebook`.

Names can be imported in a process that gevent has not patched. `ActorSystem`, `run` and `resume`
raise `NotPatchedError` there when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnd_actors.actors import (
        Actor,
        ActorRef,
        ActorSystem,
        Crashed,
        ExitReason,
        Future,
        Killed,
        Normal,
        Overflow,
        Request,
        Stopped,
        Terminated,
        gather,
    )
    from rnd_actors.collectors import (
        Collection,
        Collector,
        EveryValue,
        FixedTime,
        MeanWithin,
        Outcome,
        Result,
        Sample,
        SampleCount,
        WorkerQuota,
    )
    from rnd_actors.errors import (
        ActorCrashedError,
        ActorDeadError,
        AskTimeoutError,
        MailboxFullError,
        NotPatchedError,
        RestartIntensityError,
        RndActorsError,
        SettingsError,
        StoreError,
        WorkerError,
    )
    from rnd_actors.events import Event
    from rnd_actors.running import RunSettings, resume, run
    from rnd_actors.supervision import (
        Backoff,
        ChildSpec,
        Restart,
        RestartIntensity,
        Strategy,
        Supervisor,
    )
    from rnd_actors.workers import WorkerSettings

__all__ = [
    "Actor",
    "ActorCrashedError",
    "ActorDeadError",
    "ActorRef",
    "ActorSystem",
    "AskTimeoutError",
    "Backoff",
    "ChildSpec",
    "Collection",
    "Collector",
    "Crashed",
    "Event",
    "EveryValue",
    "ExitReason",
    "FixedTime",
    "Future",
    "Killed",
    "MailboxFullError",
    "MeanWithin",
    "Normal",
    "NotPatchedError",
    "Outcome",
    "Overflow",
    "Request",
    "Restart",
    "RestartIntensity",
    "RestartIntensityError",
    "Result",
    "RndActorsError",
    "RunSettings",
    "Sample",
    "SampleCount",
    "SettingsError",
    "Stopped",
    "StoreError",
    "Strategy",
    "Supervisor",
    "Terminated",
    "WorkerError",
    "WorkerQuota",
    "WorkerSettings",
    "gather",
    "resume",
    "run",
]

_MODULES = ("actors", "collectors", "errors", "events", "running", "supervision", "workers")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        for each in _MODULES if name in __all__ else ():
            module = import_module(f"rnd_actors.{each}")
            if name in module.__all__:
                globals()[name] = getattr(module, name)
                return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
