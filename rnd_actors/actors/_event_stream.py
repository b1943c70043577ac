"""The event stream: whoever wants to know subscribes; actors never print and never log."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from rnd_actors.actors._events import Event

__all__ = ["EventStream"]

E = TypeVar("E", bound=Event)


class EventStream:
    """Hands every published event to those who subscribed to its type, at once and in order.

    Subscribers run in the greenlet that publishes, so they must be quick and must not wait; a
    subscriber that raises is reported to the logger `rnd_actors` and disturbs nobody.

    Example:
        >>> from rnd_actors import ActorStarted, EventStream
        >>> stream = EventStream()
        >>> unsubscribe = stream.subscribe(print)
        >>> stream.publish(ActorStarted("greeter", 1))
        greeter started (incarnation 1)
        >>> unsubscribe()
    """

    def __init__(self) -> None:
        self._subscribers: dict[object, tuple[type[Event], Callable[[Any], object]]] = {}
        self._by_type: dict[type[Event], tuple[Callable[[Any], object], ...]] = {}
        """Who is told of each type of event, as far as it has been published."""

    def subscribe(
        self,
        subscriber: Callable[[E], object],
        to: type[E] = Event,  # type: ignore[assignment]
    ) -> Callable[[], None]:
        """Call `subscriber` with each event of the type `to`; call what is returned to end that."""
        key = object()
        self._subscribers[key] = (to, subscriber)
        self._by_type.clear()

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)
            self._by_type.clear()

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell all subscribers of this type of event."""
        kind = type(event)
        if kind not in self._by_type:
            self._by_type[kind] = tuple(
                subscriber
                for wanted, subscriber in self._subscribers.values()
                if issubclass(kind, wanted)
            )
        for subscriber in self._by_type[kind]:
            try:
                subscriber(event)
            except Exception:
                logging.getLogger("rnd_actors").exception("a subscriber failed on %s", event)
