"""The framework: actors on gevent, supervised as in Erlang/OTP.

It knows nothing of workers, HTTP, samples or the command line.
"""

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._bounded import Overflow
from rnd_actors.actors._events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ActorStuck,
    ChildAbandoned,
    ChildRestarting,
    Crashed,
    DeadLetter,
    Event,
    EventStream,
    ExitReason,
    Killed,
    MessageFailed,
    MessageUnhandled,
    Normal,
    Stopped,
    log_events,
)
from rnd_actors.actors._handling import Deferred
from rnd_actors.actors._loop import require_patched
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._policy import (
    AutoShutdown,
    Backoff,
    Budget,
    Restart,
    ShutdownOrder,
    Strategy,
)
from rnd_actors.actors._ref import ActorRef, Figures, Terminated
from rnd_actors.actors._requests import Future, Request, gather
from rnd_actors.actors._routing import (
    Broadcast,
    ConsistentHash,
    LeastLoaded,
    RoundRobin,
    Router,
    Routing,
)
from rnd_actors.actors._supervision import (
    BRUTAL_KILL,
    INFINITY,
    ChildCounts,
    ChildDown,
    ChildGivenUp,
    ChildInfo,
    ChildSpec,
    ChildState,
    ChildUp,
    CountChildren,
    Delegated,
    DeleteChild,
    RestartChild,
    ShutDown,
    StartChild,
    SupervisorMessage,
    TerminateChild,
    WhichChildren,
)
from rnd_actors.actors._supervisor import Supervisor
from rnd_actors.actors._system import ActorInfo, ActorSystem

__all__ = [
    "BRUTAL_KILL",
    "INFINITY",
    "Actor",
    "ActorFailed",
    "ActorInfo",
    "ActorRef",
    "ActorStarted",
    "ActorStopped",
    "ActorStuck",
    "ActorSystem",
    "AutoShutdown",
    "Backoff",
    "Broadcast",
    "Budget",
    "ChildAbandoned",
    "ChildCounts",
    "ChildDown",
    "ChildGivenUp",
    "ChildInfo",
    "ChildRestarting",
    "ChildSpec",
    "ChildState",
    "ChildUp",
    "ConsistentHash",
    "CountChildren",
    "Crashed",
    "DeadLetter",
    "Deferred",
    "Delegated",
    "DeleteChild",
    "Event",
    "EventStream",
    "ExitReason",
    "Figures",
    "Future",
    "Killed",
    "LeastLoaded",
    "MessageFailed",
    "MessageUnhandled",
    "Normal",
    "Overflow",
    "Request",
    "Restart",
    "RestartChild",
    "RoundRobin",
    "Router",
    "Routing",
    "ShutDown",
    "ShutdownOrder",
    "StartChild",
    "Stopped",
    "Strategy",
    "Supervisor",
    "SupervisorMessage",
    "TerminateChild",
    "Terminated",
    "Timer",
    "WhichChildren",
    "gather",
    "log_events",
]

require_patched()
