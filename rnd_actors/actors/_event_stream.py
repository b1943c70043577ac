"""The event stream: whoever wants to know subscribes; actors never print and never log."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from rnd_actors.actors._events import ActorFailed, DeadLetter, Event, MessageFailed
from rnd_actors.actors._exits import Crashed, text_of
from rnd_actors.actors._loop import SYSTEM_ERRORS, raise_in_main, thread_id
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.actors._policy import Budget, RestartWindow
from rnd_actors.errors import WrongThreadError

E = TypeVar("E", bound=Event)


class EventStream:
    """Hands every published event to those who subscribed to its type, at once and in order.

    Subscribers run in the greenlet that publishes, so they must be quick and must not wait: a kill
    that meets one which waits would be lost. One that raises is reported to the logger `rnd_actors`
    and disturbs nobody.

    Example:
        >>> from rnd_actors import ActorStarted, EventStream
        >>> stream = EventStream()
        >>> unsubscribe = stream.subscribe(print)
        >>> stream.publish(ActorStarted("greeter", 1))
        greeter started (incarnation 1)
        >>> unsubscribe()
    """

    def __init__(self) -> None:
        self.thread_id = thread_id()
        """Of the thread in which events may be published."""
        self._by_type: dict[type[Event], dict[object, Callable[[Any], object]]] = {}

    def subscribe(
        self,
        subscriber: Callable[[E], object],
        to: type[E] = Event,  # type: ignore[assignment]
    ) -> Callable[[], None]:
        """Call `subscriber` with each event of the type `to`; call what is returned to end that.

        The subscription of an actor ends with its incarnation at the latest.
        """
        key = object()
        subscribers = self._by_type.setdefault(to, {})
        subscribers[key] = subscriber

        def unsubscribe() -> None:
            subscribers.pop(key, None)
            let_go()

        greenlet = current_greenlet()
        let_go = greenlet.owned.at_end(unsubscribe) if greenlet is not None else bool
        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell all subscribers of this type of event, those to the most specific type first.

        Raises:
            WrongThreadError: the stream belongs to another thread.
        """
        if thread_id() != self.thread_id:
            raise WrongThreadError(
                f"{type(event).__name__} is published in another thread than that of the system; "
                "tell() an actor, which publishes it"
            )
        for kind in type(event).__mro__:
            subscribers = self._by_type.get(kind)
            if subscribers:
                for subscriber in tuple(subscribers.values()):
                    _call(subscriber, event)


def _call(subscriber: Callable[[Event], object], event: Event) -> None:
    try:
        subscriber(event)
    except SYSTEM_ERRORS as error:
        raise_in_main(error)
    except BaseException:
        with suppress(Exception):  # handlers of logging are users' code, too
            logging.getLogger("rnd_actors").exception("a subscriber failed on %s", text_of(event))


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
