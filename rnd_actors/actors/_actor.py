"""The actor: what users subclass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rnd_actors.actors._events import Event
from rnd_actors.actors._exits import ExitReason, Normal
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._requests import Asked, Request
from rnd_actors.errors import ActorError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell
    from rnd_actors.actors._mailbox import Signal
    from rnd_actors.actors._ref import ActorRef

__all__ = ["Actor"]

M = TypeVar("M")
R = TypeVar("R")


class Actor(Generic[M]):
    """State that one greenlet owns, changed by one message of type `M` at a time.

    Subclass it, write `receive` with `match`, and hand a factory of it to a supervisor or an
    `ActorSystem`. What happens inside an actor is never concurrent: no locks are needed. An
    exception that leaves any method ends the incarnation; the supervisor decides what follows.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> @frozen
        ... class Add(Request[int]):
        ...     number: int
        >>> class Counter(Actor[Add]):
        ...     def __init__(self) -> None:
        ...         self.total = 0
        ...     def receive(self, message: Add) -> None:
        ...         match message:
        ...             case Add(number):
        ...                 self.total += number
        ...                 self.reply(message, self.total)
        >>> with ActorSystem() as system:
        ...     counter = system.start(ChildSpec("counter", Counter))
        ...     counter.ask(Add(2)), counter.ask(Add(40))
        (2, 42)
    """

    _cell: Cell | None = None

    def on_start(self) -> None:
        """Called once, before the first message of this incarnation."""

    def receive(self, message: M) -> None:
        """Handle one message."""
        raise ActorError(f"{type(self).__name__} has no receive(); it cannot handle {message!r}")

    def on_stop(self, reason: ExitReason) -> None:
        """Called once, after the last message of this incarnation, also after a crash.

        Timers and background work have ended by then.
        """

    @property
    def ref(self) -> ActorRef[M]:
        """The address of this actor, for others."""
        return self._running_cell.ref

    @property
    def incarnation(self) -> int:
        """1 for the first instance, one more after each restart."""
        return self._running_cell.incarnation

    def reply(self, request: Request[R], answer: R) -> None:
        """Answer the request that is being handled; nothing happens if it was told, not asked."""
        if asked := self._asked(request):
            asked.answer(answer)

    def reply_error(self, request: Request[Any], error: Exception) -> None:
        """Let the asker's `ask` raise `error`; this actor goes on."""
        if asked := self._asked(request):
            asked.fail(error)

    def publish(self, event: Event) -> None:
        """Tell the subscribers of the system's event stream."""
        self._running_cell.events.publish(event)

    def mark_healthy(self) -> None:
        """Say that this incarnation works: backoff and restart budget start anew."""
        self._running_cell.healthy = True

    def stop(self) -> None:
        """End this incarnation normally after the message in hand."""
        self._running_cell.stop(Normal())

    def after(self, delay: float, message: M) -> Timer:
        """Tell yourself `message` in `delay` seconds, unless this incarnation has ended."""
        cell = self._running_cell
        return cell.owned.after(delay, lambda: cell.mailbox.put_forced(message))

    def every(self, interval: float, message: M) -> Timer:
        """Tell yourself `message` every `interval` seconds as long as this incarnation lives."""
        cell = self._running_cell
        return cell.owned.every(interval, lambda: cell.mailbox.put_forced(message))

    def watch(self, ref: ActorRef[Any]) -> None:
        """Be told `Terminated(ref, reason)` once that actor has stopped for good.

        If it has already, the message comes at once. Watching ends with this incarnation.
        """
        self._running_cell.watch(ref._cell)  # noqa: SLF001

    def unwatch(self, ref: ActorRef[Any]) -> None:
        """Be no longer told of the end of that actor."""
        self._running_cell.unwatch(ref._cell)  # noqa: SLF001

    def background(self, work: Callable[..., object], *args: Any) -> None:
        """Run `work(*args)`, which may wait, in a greenlet that this incarnation owns.

        An exception in it crashes the actor; the end of the incarnation kills it.
        """
        cell = self._running_cell
        incarnation = cell.incarnation
        cell.owned.background(work, args, lambda error: cell.background_failed(incarnation, error))

    def _asked(self, request: Request[Any]) -> Asked | None:
        in_hand = self._running_cell.in_hand
        if isinstance(in_hand, Asked) and in_hand.request is request:
            return in_hand
        if in_hand is request:
            return None
        raise ActorError(f"only the request that is being handled can be answered; got {request!r}")

    def _on_signal(self, signal: Signal) -> None:
        """Handle what the system lane brings beyond stopping; only supervisors get such."""

    @property
    def _running_cell(self) -> Cell:
        if self._cell is None:
            raise ActorError(
                f"this {type(self).__name__} does not run in a system; start it with "
                "system.start(ChildSpec(id, factory)), and use its ref from on_start() on"
            )
        return self._cell
