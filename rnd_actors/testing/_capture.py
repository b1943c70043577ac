"""What is published in a system, for tests to wait on."""

from types import TracebackType
from typing import Self, TypeVar

from rnd_actors.actors import ActorSystem, Event
from rnd_actors.testing._awaited import Awaited

__all__ = ["EventCapture"]

E = TypeVar("E", bound=Event)


class EventCapture:
    """Records the events of a system while its block runs.

    Args:
        system: whose events.
        to: only events of this type.
        timeout: seconds that `expect` and `fish_for` wait before they fail.

    Example:
        >>> from rnd_actors import Actor, ActorStarted, ActorSystem, ChildSpec
        >>> from rnd_actors.testing import EventCapture
        >>> with ActorSystem() as system, EventCapture(system) as events:
        ...     ref = system.start(ChildSpec("idle", Actor))
        ...     events.fish_for(ActorStarted).actor
        'idle'
    """

    def __init__(self, system: ActorSystem, to: type[Event] = Event, timeout: float = 5.0) -> None:
        self._system = system
        self._to = to
        self._awaited = Awaited("event", timeout)
        self.events: list[Event] = []
        """All that have been published in the block."""

    def __enter__(self) -> Self:
        self._unsubscribe = self._system.events.subscribe(self._add, to=self._to)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._unsubscribe()

    def expect(self, kind: type[E]) -> E:
        """Return the next event, which must be of this type; AssertionError otherwise."""
        return self._awaited.expect(kind)

    def fish_for(self, kind: type[E]) -> E:
        """Return the next event of this type; others before it are passed over."""
        return self._awaited.fish_for(kind)

    def expect_none(self, within: float = 0.05) -> None:
        """Fail if an event comes within so many seconds."""
        self._awaited.expect_none(within)

    def _add(self, event: Event) -> None:
        self.events.append(event)
        self._awaited.add(event)
