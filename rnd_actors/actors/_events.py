"""The events that report the lives of actors, their stream, and their log."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from attrs import frozen

from rnd_actors._printing import shown, shown_error, text_of
from rnd_actors.actors._incarnation import Crashed, ExitReason
from rnd_actors.actors._loop import SYSTEM_ERRORS, raise_in_main, thread_id
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.actors._policy import RestartIntensity, RestartWindow
from rnd_actors.errors import WrongThreadError


@frozen
class Event:
    """The base of all events: `level` is a level of `logging`, `str(event)` is one line.

    Example:
        >>> import logging
        >>> from attrs import frozen
        >>> from rnd_actors import Event
        >>> @frozen
        ... class CacheFilled(Event):
        ...     level = logging.INFO
        ...     entries: int
        ...     def __str__(self) -> str:
        ...         return f"cache filled: {self.entries} entries"
        >>> print(CacheFilled(3))
        cache filled: 3 entries
    """

    level: ClassVar[int] = logging.DEBUG


@frozen
class ActorStarted(Event):
    """An incarnation of an actor is ready: its `on_start` has returned."""

    actor: str
    incarnation: int

    def __str__(self) -> str:
        return f"{self.actor} started (incarnation {self.incarnation})"


@frozen
class ActorStopped(Event):
    """An incarnation of an actor ended normally: by itself, or told to stop."""

    actor: str
    incarnation: int
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.actor} stopped (incarnation {self.incarnation}): {self.reason}"


@frozen
class ActorFailed(Event):
    """An incarnation of an actor ended abnormally: it crashed or was killed."""

    level = logging.WARNING
    actor: str
    incarnation: int
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.actor} failed (incarnation {self.incarnation}): {self.reason}"


@frozen
class ActorStuck(Event):
    """An actor did not end although it was killed; it is left behind."""

    level = logging.ERROR
    actor: str
    background: int = 0
    """How many pieces of its background work do not end; 0: the actor itself does not."""

    def __str__(self) -> str:
        of = f"background work ({self.background}) of " if self.background else ""
        return (
            f"{of}{self.actor} does not end: it catches the kill, or never gives up the processor"
        )


@frozen
class MessageFailed(Event):
    """A message was being handled when the actor crashed or was killed; it is not replayed."""

    level = logging.ERROR
    actor: str
    message: object
    error: BaseException

    def __str__(self) -> str:
        return f"{self.actor} failed on {shown(self.message)}: {shown_error(self.error)}"


@frozen
class DeadLetter(Event):
    """A message was not delivered: its receiver has stopped, or its mailbox was full."""

    level = logging.INFO
    actor: str
    message: object
    why: str

    def __str__(self) -> str:
        return f"dead letter for {self.actor} ({self.why}): {shown(self.message)}"


@frozen
class MessageUnhandled(Event):
    """An actor has no case for a message; a `DeadLetter` follows."""

    level = logging.WARNING
    actor: str
    message: object

    def __str__(self) -> str:
        return f"{self.actor} does not handle {shown(self.message)}"


@frozen
class ChildRestarting(Event):
    """A supervisor restarts a child after `delay_s` seconds (backoff; 0 is at once)."""

    level = logging.INFO
    child: str
    delay_s: float

    def __str__(self) -> str:
        when = f"in {self.delay_s:.2f} s" if self.delay_s else "now"
        return f"{self.child} is restarted {when}"


@frozen
class RestartIntensityReached(Event):
    """A supervisor gives a child up: its restart intensity is exceeded."""

    level = logging.ERROR
    child: str
    intensity: RestartIntensity
    reason: ExitReason

    def __str__(self) -> str:
        return f"{self.child} is given up after {self.intensity}; last: {self.reason}"


E = TypeVar("E", bound=Event)

_Subscribers: TypeAlias = dict[object, Callable[[Any], object]]


class EventStream:
    """Calls the subscribers of an event's type for every published event, at once and in order.

    Subscribers run in the greenlet that publishes, so they must be quick and must not wait: a kill
    that meets a wait would be lost. The error of a subscriber goes to the logger `rnd_actors`, and
    disturbs nobody.

    Example:
        >>> from rnd_actors.events import ActorStarted, EventStream
        >>> stream = EventStream()
        >>> unsubscribe = stream.subscribe(print)
        >>> stream.publish(ActorStarted("greeter", 1))
        greeter started (incarnation 1)
        >>> unsubscribe()
    """

    def __init__(self) -> None:
        self.thread_id = thread_id()
        """Of the thread in which events may be published."""
        self._by_type: dict[type[Event], _Subscribers] = {}
        self._of: dict[type[Event], tuple[tuple[_Subscribers, object], ...]] = {}
        """Of each published type: where each of its subscribers is, and under which key."""

    def subscribe(
        self,
        subscriber: Callable[[E], object],
        to: type[E] = Event,  # type: ignore[assignment]
    ) -> Callable[[], None]:
        """Call `subscriber` with each event of the type `to`; return a function that ends that.

        The subscription of an actor ends with its incarnation at the latest.

        Raises:
            WrongThreadError: the stream belongs to another thread.
        """
        if thread_id() != self.thread_id:
            raise WrongThreadError(
                "events can be subscribed to in the thread of the system alone; tell() an actor, "
                "which subscribes"
            )
        key = object()
        subscribers = self._by_type.setdefault(to, {})
        subscribers[key] = subscriber
        self._of.clear()

        def unsubscribe() -> None:
            subscribers.pop(key, None)
            self._of.clear()
            let_go()

        greenlet = current_greenlet()
        let_go = greenlet.owned.at_end(unsubscribe) if greenlet is not None else bool
        return unsubscribe

    def publish(self, event: Event) -> None:
        """Call all subscribers of this type of event, those to the most specific type first.

        Raises:
            WrongThreadError: the stream belongs to another thread.
        """
        if thread_id() != self.thread_id:
            raise WrongThreadError(
                f"{type(event).__name__} is published in another thread than that of the system; "
                "tell() an actor, which publishes it"
            )
        subscribers = self._of.get(type(event))
        if subscribers is None:
            of_each = [self._by_type.get(each, {}) for each in type(event).__mro__]
            subscribers = tuple((some, key) for some in of_each for key in tuple(some))
            self._of[type(event)] = subscribers
        for some, key in subscribers:
            if (subscriber := some.get(key)) is not None:  # another one may have ended it just now
                _call(subscriber, event)


def _call(subscriber: Callable[[Event], object], event: Event) -> None:
    try:
        subscriber(event)
    except SYSTEM_ERRORS as error:
        raise_in_main(error)
    except BaseException:
        with suppress(Exception):  # handlers of logging are users' code, too
            logging.getLogger("rnd_actors").exception("a subscriber failed on %s", text_of(event))


_LOGGED_DEAD_LETTERS: Final = RestartIntensity(10, within=10.0)


def log_events(events: EventStream, logger: str = "rnd_actors") -> Callable[[], object]:
    """Log all events of the stream to a logger of `logging`; return a function that ends that.

    An `ActorSystem` does this by itself for the logger `rnd_actors`, but not in virtual time, where
    thousands of schedules would flood the log. The record of a crash has the traceback; if the
    class of the error has `is_expected = True`, a record of its own at level DEBUG has it. At most
    ten dead letters in any ten seconds are logged; the next one names the number left out.
    """
    log = logging.getLogger(logger)
    dead_letters, left_out = RestartWindow(_LOGGED_DEAD_LETTERS), 0
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
        expected = getattr(error, "is_expected", False)
        log.log(event.level, "%s", text, exc_info=None if expected or error is told else error)
        if expected and error is not told:
            log.debug("the traceback of: %s", text, exc_info=error)
        told = error

    return events.subscribe(write)


def _error_of(event: Event) -> BaseException | None:
    if isinstance(event, MessageFailed):
        return event.error
    if isinstance(event, ActorFailed) and isinstance(event.reason, Crashed):
        return event.reason.error
    return None
