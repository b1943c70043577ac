"""The event stream as a log: each event at its own level, dead letters at a bounded rate."""

import logging
import time
from collections.abc import Callable
from typing import Final

from rnd_actors.actors._budget import Budget, RestartWindow
from rnd_actors.actors._event_stream import EventStream
from rnd_actors.actors._events import ActorFailed, DeadLetter, Event, MessageFailed
from rnd_actors.actors._exits import Crashed

__all__ = ["log_events"]

_DEAD_LETTERS: Final = Budget(10, within=10.0)
"""How many dead letters are logged: they come in floods."""


def log_events(events: EventStream, logger: str = "rnd_actors") -> Callable[[], object]:
    """Log all events of the stream to a logger of `logging`; call what is returned to end that.

    An `ActorSystem` does this by itself for the logger `rnd_actors`, but not in virtual time, where
    thousands of schedules would flood the log. The record of a crash has the traceback. Of dead
    letters at most ten in any ten seconds are logged; how many were left out is said with the next
    one.

    Example:
        >>> from rnd_actors import ActorStarted, EventStream, log_events
        >>> events = EventStream()
        >>> end_logging = log_events(events, "my_service.actors")
        >>> events.publish(ActorStarted("cache", incarnation=1))
        >>> end_logging()
    """
    log = logging.getLogger(logger)
    dead_letters, left_out = RestartWindow(_DEAD_LETTERS), 0
    told: BaseException | None = None

    def write(event: Event) -> None:
        nonlocal left_out, told
        if not log.isEnabledFor(event.level):
            return
        text, error = str(event), _error_of(event)
        if isinstance(event, DeadLetter):
            if not dead_letters.spend(time.monotonic()):
                left_out += 1
                return
            if left_out:
                text += f" (and {left_out} dead letters before it that were not logged)"
                left_out = 0
        log.log(event.level, "%s", text, exc_info=None if error is told else error)
        told = error

    return events.subscribe(write)


def _error_of(event: Event) -> BaseException | None:
    if isinstance(event, MessageFailed):
        return event.error
    if isinstance(event, ActorFailed) and isinstance(event.reason, Crashed):
        return event.reason.error
    return None
