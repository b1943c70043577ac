"""Faults that tests inject: crashes at a given message, messages that are lost or late."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from rnd_actors.actors import Actor, ActorRef
from rnd_actors.actors._cell import message_of
from rnd_actors.actors._owned import Owned, current_greenlet
from rnd_actors.simulation import InjectedError


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
    matching: Callable[[Any], bool] = lambda _: True,
) -> Iterator[None]:
    """Lose messages to `receiver` while the block runs; each is counted as refused.

    Args:
        receiver: the actor that they do not reach.
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

    def lose(cell: Any, entry: Any) -> None:
        cell.mailbox.refuse(entry, "lost: a test wants it so")

    with _tampered(receiver, sender, matching, lose):
        yield


@contextmanager
def delay(
    receiver: ActorRef[Any],
    seconds: float,
    *,
    sender: ActorRef[Any] | None = None,
    matching: Callable[[Any], bool] = lambda _: True,
) -> Iterator[None]:
    """Deliver messages to `receiver` so many seconds late while the block runs, in their order.

    Those that are still on their way at the end of the block are delivered then. The arguments are
    those of `drop`.
    """
    timers = Owned(None)
    late: deque[Callable[[], object]] = deque()

    def hold_back(cell: Any, entry: Any) -> None:
        late.append(partial(cell.post, entry))
        timers.after(seconds, deliver_next)

    def deliver_next() -> None:
        late.popleft()()

    try:
        with _tampered(receiver, sender, matching, hold_back):
            yield
    finally:
        timers.end()
        while late:
            deliver_next()


@contextmanager
def _tampered(
    receiver: ActorRef[Any],
    sender: ActorRef[Any] | None,
    matching: Callable[[Any], bool],
    tamper: Callable[[Any, Any], None],
) -> Iterator[None]:
    """Call `tamper(cell, entry)` with the messages that match, instead of the mailbox."""
    cell: Any = receiver._cell  # noqa: SLF001
    put = cell.put

    def put_unless_hit(entry: Any, *how: Any) -> Any:
        greenlet = current_greenlet()
        sent_by = None if greenlet is None else greenlet.cell.ref
        if (sender is None or sent_by == sender) and matching(message_of(entry)):
            tamper(cell, entry)
            return True
        return put(entry, *how)

    cell.put = put_unless_hit
    try:
        yield
    finally:
        cell.put = put
