"""The framework: actors on gevent, supervised as in Erlang/OTP.

It knows nothing of workers, HTTP, samples or the command line.
"""

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._backoff import Backoff
from rnd_actors.actors._budget import Budget
from rnd_actors.actors._child_spec import (
    BRUTAL_KILL,
    INFINITY,
    ChildSpec,
    Restart,
)
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
)
from rnd_actors.actors._exits import (
    Crashed,
    ExitReason,
    Killed,
    Normal,
    Shutdown,
)
from rnd_actors.actors._mailbox import Overflow
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._patching import require_patched
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Request
from rnd_actors.actors._shutdown import ShutdownOrder
from rnd_actors.actors._supervision import (
    ChildDown,
    ChildGivenUp,
    ChildUp,
    Delegated,
    RestartChild,
    ShutDown,
    StartChild,
    SupervisorMessage,
)
from rnd_actors.actors._supervisor import Supervisor
from rnd_actors.actors._system import ActorSystem
from rnd_actors.actors._watching import Terminated

__all__ = [
    "BRUTAL_KILL",
    "INFINITY",
    "Actor",
    "ActorFailed",
    "ActorRef",
    "ActorStarted",
    "ActorStopped",
    "ActorStuck",
    "ActorSystem",
    "Backoff",
    "Budget",
    "ChildAbandoned",
    "ChildDown",
    "ChildGivenUp",
    "ChildRestarting",
    "ChildSpec",
    "ChildUp",
    "Crashed",
    "DeadLetter",
    "Delegated",
    "Event",
    "EventStream",
    "ExitReason",
    "Killed",
    "MessageFailed",
    "Normal",
    "Overflow",
    "Request",
    "Restart",
    "RestartChild",
    "ShutDown",
    "Shutdown",
    "ShutdownOrder",
    "StartChild",
    "Supervisor",
    "SupervisorMessage",
    "Terminated",
    "Timer",
]

require_patched()
