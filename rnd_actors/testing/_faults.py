"""Faults that tests inject: crashes at a given message, messages that are lost or late."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from rnd_actors.actors import Actor, ActorRef
from rnd_actors.actors._cell import message_of
from rnd_actors.actors._incarnation import Owned, current_greenlet
from rnd_actors.simulation import InjectedError

__all__ = ["crash_at", "delay", "drop"]

Matching: TypeAlias = Callable[[Any], bool]


def _any(_: Any) -> bool:
    return True


def crash_at(
    message_number: int, factory: Callable[[], Actor[Any]], error: type[Exception] = InjectedError
) -> Callable[[], Actor[Any]]:
    """Return a factory whose actor crashes instead of handling its `message_number`-th message.

    Messages are counted from 1 and over all incarnations, so it crashes once.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Restart
        >>> from rnd_actors.testing import crash_at
        >>> class Printer(Actor[str]):
        ...     def receive(self, message: str) -> None:
        ...         print(message)
        >>> with ActorSystem() as system:
        ...     spec = ChildSpec("printer", crash_at(2, Printer), restart=Restart.TRANSIENT)
        ...     printer = system.start(spec)
        ...     for message in ("one", "two", "three"):
        ...         printer.tell(message)
        ...     printer.drain()
        ...     printer.join()
        one
        three
        Normal()
    """
    handled = 0

    def make() -> Actor[Any]:
        actor = factory()
        receive = actor.receive

        def crash_or_receive(message: Any) -> None:
            nonlocal handled
            handled += 1
            if handled == message_number:
                raise error(f"message {message_number} was to crash the actor: {message!r}")
            receive(message)

        actor.receive = crash_or_receive  # type: ignore[method-assign]
        return actor

    return make


@contextmanager
def drop(
    receiver: ActorRef[Any],
    *,
    sender: ActorRef[Any] | None = None,
    matching: Matching = _any,
) -> Iterator[None]:
    """Lose messages to `receiver` while the block runs; each is counted as refused.

    Args:
        receiver: whom they do not reach.
        sender: only those that this actor sends; None: from anywhere.
        matching: only messages of which this is true.

    Example:
        >>> from rnd_actors import ActorSystem
        >>> from rnd_actors.testing import Probe, drop
        >>> with ActorSystem() as system:
        ...     probe = Probe(system)
        ...     with drop(probe.ref, matching=lambda message: message < 3):
        ...         for number in range(5):
        ...             probe.ref.tell(number)
        ...     probe.expect(int), probe.expect(int)
        (3, 4)
    """

    def lose(entry: Any, _: Callable[[Any], object]) -> None:
        cell: Any = receiver._cell  # noqa: SLF001
        cell.mailbox.refuse(entry, "lost: a test wants it so")

    with _tampered(receiver, _Filter(sender, matching), lose):
        yield


@contextmanager
def delay(
    receiver: ActorRef[Any],
    seconds: float,
    *,
    sender: ActorRef[Any] | None = None,
    matching: Matching = _any,
) -> Iterator[None]:
    """Deliver messages to `receiver` so many seconds late while the block runs, in their order.

    What is still on its way at the end of the block is delivered then. The arguments are those of
    `drop`.

    Example:
        >>> from rnd_actors import ActorSystem
        >>> from rnd_actors.testing import Probe, delay
        >>> with ActorSystem() as system:
        ...     probe = Probe(system)
        ...     with delay(probe.ref, 0.01, matching=lambda message: message == "slow"):
        ...         probe.ref.tell("slow")
        ...         probe.ref.tell("fast")
        ...         probe.expect(str), probe.expect(str)
        ('fast', 'slow')
    """
    timers = Owned()
    late: deque[tuple[Callable[[Any], object], Any]] = deque()

    def hold_back(entry: Any, deliver: Callable[[Any], object]) -> None:
        late.append((deliver, entry))
        timers.after(seconds, deliver_next)

    def deliver_next() -> None:
        deliver, entry = late.popleft()
        deliver(entry)

    try:
        with _tampered(receiver, _Filter(sender, matching), hold_back):
            yield
    finally:
        timers.end()
        while late:
            deliver_next()


class _Filter:
    """Says which messages a fault is for."""

    def __init__(self, sender: ActorRef[Any] | None, matching: Matching) -> None:
        self._sender = sender
        self._matching = matching

    def __call__(self, entry: Any) -> bool:
        greenlet = current_greenlet()
        if self._sender is not None and (greenlet is None or greenlet.cell.ref != self._sender):
            return False
        return self._matching(message_of(entry))


@contextmanager
def _tampered(
    receiver: ActorRef[Any],
    hit: _Filter,
    tamper: Callable[[Any, Callable[[Any], object]], None],
) -> Iterator[None]:
    """Let `tamper(entry, deliver)` have the messages that are hit, instead of the mailbox."""
    cell: Any = receiver._cell  # noqa: SLF001
    put = cell.put

    def put_unless_hit(entry: Any, *how: Any) -> Any:
        if not hit(entry):
            return put(entry, *how)
        tamper(entry, cell.post)
        return True

    cell.put = put_unless_hit
    try:
        yield
    finally:
        cell.put = put
