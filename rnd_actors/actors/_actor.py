"""The actor: what users subclass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from rnd_actors.actors._events import Event
from rnd_actors.actors._exits import ExitReason, Normal
from rnd_actors.actors._owned import Timer
from rnd_actors.actors._requests import Deferred, Request
from rnd_actors.errors import ActorError

if TYPE_CHECKING:
    from rnd_actors.actors._acceptance import Acceptance
    from rnd_actors.actors._incarnation import Incarnation
    from rnd_actors.actors._ref import ActorRef
    from rnd_actors.actors._signals import Signal

__all__ = ["Actor"]

M = TypeVar("M")
R = TypeVar("R")
Q = TypeVar("Q", bound=Request[Any])


class Actor(Generic[M]):
    """State that nobody else can reach, changed by one message of type `M` at a time.

    Subclass it, write `receive` with `match`, and hand a factory of it to a supervisor or an
    `ActorSystem`. What happens inside an actor is never concurrent: no locks are needed. An
    exception that leaves any method ends the incarnation; the supervisor decides what follows.

    A message that is no `M` does not reach `receive`: it is a dead letter, and an event says so.
    Methods other than the hooks work from `on_start` on, not yet in `__init__`.

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

    stash_capacity: ClassVar[int] = 1000
    """How many messages `stash` keeps; one more is a `StashFullError`."""

    _acceptance: ClassVar[Acceptance]
    _life: Incarnation | None = None
    _supervises: ClassVar[bool] = False

    def on_start(self) -> None:
        """Called once, before the first message of this incarnation."""

    def receive(self, message: M) -> None:
        """Handle one message."""
        self.unhandled(message)

    def on_stop(self, reason: ExitReason) -> None:
        """Called once, after the last message of this incarnation, also after a crash.

        Timers and background work have ended by then.
        """

    @property
    def ref(self) -> ActorRef[M]:
        """The address of this actor, for others."""
        return (self._life or self._incarnation).cell.ref

    @property
    def incarnation(self) -> int:
        """1 for the first instance, one more after each restart."""
        return self._incarnation.number

    def reply(self, request: Request[R], answer: R) -> None:
        """Answer the request that is being handled; nothing happens if it was told, not asked."""
        if asked := self._incarnation.asked(request):
            asked.answer(answer)

    def reply_error(self, request: Request[Any], error: Exception) -> None:
        """Let the asker's `ask` raise `error`; this actor goes on."""
        if asked := self._incarnation.asked(request):
            asked.fail(error)

    def defer(self, request: Request[R]) -> Deferred[R]:
        """Owe the answer to the request that is being handled, and go on.

        If this incarnation ends before `reply`, the asker gets an `ActorCrashedError`.
        """
        return self._incarnation.defer(request)

    def forward(self, request: Q, to: ActorRef[Q]) -> None:
        """Hand the request that is being handled on; `to` answers the asker in your place."""
        self._incarnation.forward(request, to._cell)  # noqa: SLF001

    def unhandled(self, message: object) -> None:
        """Say that there is no case for this message: for the last `case _` of a `match`."""
        self._incarnation.unhandled(message)

    def stash(self) -> None:
        """Keep the message that is being handled for later.

        A restart and a stop put stashed messages back where they came from.

        Raises:
            StashFullError: `stash_capacity` messages are kept already.
        """
        self._incarnation.stash(self.stash_capacity)

    def unstash(self) -> None:
        """Take the message that was stashed first up again, before all others.

        For an actor that goes on with one: after `unstash_all` it would stash the others again.
        """
        self._incarnation.unstash()

    def unstash_all(self) -> None:
        """Take all stashed messages up again, in their order and before all others."""
        self._incarnation.unstash_all()

    def publish(self, event: Event) -> None:
        """Tell the subscribers of the system's event stream."""
        self._incarnation.cell.system.events.publish(event)

    def mark_healthy(self) -> None:
        """Say that this incarnation works: when it ends, backoff and restart budget start anew."""
        self._incarnation.cell.healthy = True

    def stop(self) -> None:
        """End this incarnation normally after the message in hand."""
        self._incarnation.cell.stop(Normal())

    def after(self, delay: float, message: M) -> Timer:
        """Tell yourself `message` in `delay` seconds, unless this incarnation has ended."""
        life = self._incarnation
        return life.owned.after(delay, lambda: life.cell.door.put_forced(message))

    def every(self, interval: float, message: M) -> Timer:
        """Tell yourself `message` every `interval` seconds as long as this incarnation lives."""
        life = self._incarnation
        return life.owned.every(interval, lambda: life.cell.door.put_forced(message))

    def watch(self, ref: ActorRef[Any]) -> None:
        """Be told `Terminated(ref, reason)` once that actor has stopped for good.

        If it has already, the message comes at once. Watching ends with this incarnation.
        """
        self._incarnation.watch(ref._cell)  # noqa: SLF001

    def unwatch(self, ref: ActorRef[Any]) -> None:
        """Be no longer told of the end of that actor."""
        self._incarnation.unwatch(ref._cell)  # noqa: SLF001

    def background(self, work: Callable[..., object], *args: Any) -> None:
        """Run `work(*args)`, which may wait, in a greenlet that this incarnation owns.

        An exception in it crashes the actor; the end of the incarnation kills it.
        """
        life = self._incarnation
        life.owned.background(work, args, life.background_failed)

    def _on_signal(self, signal: Signal) -> None:
        """Handle what the system lane brings beyond stopping; only supervisors get such."""

    @property
    def _incarnation(self) -> Incarnation:
        if self._life is None:
            raise ActorError(
                f"this {type(self).__name__} does not run in a system; start it with "
                "system.start(ChildSpec(id, factory)), and use its ref from on_start() on"
            )
        return self._life
