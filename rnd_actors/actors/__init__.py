"""The framework: actors on gevent, supervised as in Erlang/OTP.

It knows nothing of workers, HTTP, samples or the command line. Supervision and events have public
modules of their own, `rnd_actors.supervision` and `.events`; routers and pools are in `.routing`.
"""

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._futures import Future, gather
from rnd_actors.actors._handling import Deferred
from rnd_actors.actors._incarnation import Crashed, ExitReason, Killed, Normal, Stopped
from rnd_actors.actors._loop import require_patched
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._policy import Overflow
from rnd_actors.actors._ref import ActorRef, ActorStats, Restarted, Terminated
from rnd_actors.actors._requests import Request
from rnd_actors.actors._system import ActorInfo, ActorSystem
from rnd_actors.actors._tasks import Task, TaskGroup

__all__ = [
    "Actor",
    "ActorInfo",
    "ActorRef",
    "ActorStats",
    "ActorSystem",
    "Crashed",
    "Deferred",
    "ExitReason",
    "Future",
    "Killed",
    "Normal",
    "Overflow",
    "Request",
    "Restarted",
    "Stopped",
    "Task",
    "TaskGroup",
    "Terminated",
    "Timer",
    "gather",
    "require_patched",
]
