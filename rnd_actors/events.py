"""Events of actor systems, and the stream that hands them to subscribers.

Workers and collectors publish events of their own: see `rnd_actors.workers` and `.collectors`.
"""

from rnd_actors.actors._events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ActorStuck,
    ChildRestarting,
    DeadLetter,
    Event,
    EventStream,
    MessageFailed,
    MessageUnhandled,
    RestartIntensityReached,
    log_events,
)

__all__ = [
    "ActorFailed",
    "ActorStarted",
    "ActorStopped",
    "ActorStuck",
    "ChildRestarting",
    "DeadLetter",
    "Event",
    "EventStream",
    "MessageFailed",
    "MessageUnhandled",
    "RestartIntensityReached",
    "log_events",
]
