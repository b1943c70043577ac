"""A test waits for the messages to a probe, or for the events of a system."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

from gevent.queue import Empty, Queue

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Deferred, Request
from rnd_actors.events import Event
from rnd_actors.supervision import ChildSpec, Restart

T = TypeVar("T")
R = TypeVar("R")


class Awaited:
    """Messages or events, in the order in which they come, for a test to wait for.

    Args:
        what: "message" or "event", for the errors.
        timeout: seconds that `expect` and `fish_for` wait before they fail.
    """

    def __init__(self, what: str, timeout: float) -> None:
        self._what = what
        self._timeout = timeout
        self._queue: Queue[Any] = Queue()
        self.seen: list[Any] = []
        """All that the test has looked at, also those that were passed over."""

    def expect(self, kind: type[T]) -> T:
        """Return the next one, which must be of this type; AssertionError otherwise."""
        thing = self._next(kind)
        if isinstance(thing, kind):
            return thing
        raise AssertionError(f"expected a {kind.__name__} as the next {self._what}; got {thing!r}")

    def fish_for(self, kind: type[T]) -> T:
        """Return the next one of this type; others before it are passed over."""
        while not isinstance(thing := self._next(kind), kind):
            pass
        return thing

    def expect_none(self, within: float = 0.05) -> None:
        """Fail if one comes within so many seconds."""
        try:
            thing = self._queue.get(timeout=within)
        except Empty:
            return
        raise AssertionError(f"expected no {self._what} within {within:g} s; got {thing!r}")

    def _next(self, wanted: type) -> object:
        try:
            thing = self._queue.get(timeout=self._timeout)
        except Empty:
            raise AssertionError(
                f"expected a {wanted.__name__}, but no {self._what} came within "
                f"{self._timeout:g} s; before that came: {self.seen or 'nothing'}"
            ) from None
        self.seen.append(thing)
        return thing


class Probe(Awaited):
    """Stands in the place of an actor; its messages wait here until the test expects them.

    Args:
        system: where the probe lives.
        name: the id of its actor.
        timeout: seconds that `expect` and `fish_for` wait before they fail.

    Example:
        >>> from rnd_actors import ActorSystem
        >>> from rnd_actors.testing import Probe
        >>> with ActorSystem() as system:
        ...     probe = Probe(system)
        ...     for message in ("hello", 1, 2):
        ...         probe.ref.tell(message)
        ...     probe.expect(str), probe.fish_for(int)
        ('hello', 1)
    """

    def __init__(self, system: ActorSystem, name: str = "probe", timeout: float = 5.0) -> None:
        super().__init__("message", timeout)
        self._owed: dict[int, Deferred[Any]] = {}
        put, owed = self._queue.put, self._owed
        self.ref: ActorRef[Any] = system.start(
            ChildSpec(name, lambda: _Recorder(put, owed), restart=Restart.TEMPORARY)
        )

    def reply(self, request: Request[R], answer: R) -> None:
        """Answer a request that was expected before."""
        self._owed.pop(id(request)).reply(answer)


class _Recorder(Actor[Any]):
    def __init__(self, put: Callable[[Any], object], owed: dict[int, Deferred[Any]]) -> None:
        self._put = put
        self._owed = owed

    def receive(self, message: Any) -> None:
        if isinstance(message, Request):
            self._owed[id(message)] = self.defer(message)
        self._put(message)


class EventCapture(Awaited):
    """Records the events of a system while its block runs.

    Args:
        system: whose events.
        to: only events of this type.
        timeout: seconds that `expect` and `fish_for` wait before they fail.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.events import ActorStarted
        >>> from rnd_actors.testing import EventCapture
        >>> with ActorSystem() as system, EventCapture(system) as events:
        ...     ref = system.start(ChildSpec("idle", Actor))
        ...     events.fish_for(ActorStarted).actor
        'idle'
    """

    def __init__(self, system: ActorSystem, to: type[Event] = Event, timeout: float = 5.0) -> None:
        super().__init__("event", timeout)
        self._system = system
        self._to = to
        self.events: list[Event] = []
        """All that have been published in the block."""

    def __enter__(self) -> Self:
        self._unsubscribe = self._system.events.subscribe(self._add, to=self._to)
        return self

    def __exit__(self, *_: object) -> None:
        self._unsubscribe()

    def _add(self, event: Event) -> None:
        self.events.append(event)
        self._queue.put(event)
