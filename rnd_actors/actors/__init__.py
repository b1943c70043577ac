"""The framework: actors on gevent, supervised as in Erlang/OTP.

It knows nothing of workers, HTTP, samples or the command line.
"""

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._backoff import Backoff
from rnd_actors.actors._bounded_mailbox import Overflow
from rnd_actors.actors._budget import Budget
from rnd_actors.actors._child_spec import BRUTAL_KILL, INFINITY, ChildSpec, Restart
from rnd_actors.actors._delegation import ChildDown, ChildGivenUp, ChildUp, Delegated
from rnd_actors.actors._event_log import log_events
from rnd_actors.actors._event_stream import EventStream
from rnd_actors.actors._events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ActorStuck,
    ChildAbandoned,
    ChildRestarting,
    DeadLetter,
    Event,
    MessageFailed,
    MessageUnhandled,
)
from rnd_actors.actors._exits import Crashed, ExitReason, Killed, Normal, Shutdown
from rnd_actors.actors._figures import Figures
from rnd_actors.actors._future import Future, gather
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._patching import require_patched
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Deferred, Request
from rnd_actors.actors._routing import (
    Broadcast,
    ConsistentHash,
    LeastLoaded,
    RoundRobin,
    Router,
    Routing,
)
from rnd_actors.actors._shutdown import ShutdownOrder
from rnd_actors.actors._strategy import AutoShutdown, Strategy
from rnd_actors.actors._supervision import (
    ChildCounts,
    ChildInfo,
    ChildState,
    CountChildren,
    DeleteChild,
    RestartChild,
    ShutDown,
    StartChild,
    SupervisorMessage,
    TerminateChild,
    WhichChildren,
)
from rnd_actors.actors._supervisor import Supervisor
from rnd_actors.actors._system import ActorSystem
from rnd_actors.actors._tree import ActorInfo
from rnd_actors.actors._watching import Terminated

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
    "Shutdown",
    "ShutdownOrder",
    "StartChild",
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
