"""The incarnation: one life of an actor, from its construction to its `on_stop`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit, get_hub
from gevent.event import Event as Flag

from rnd_actors.actors._acceptance import Acceptance, acceptance_of
from rnd_actors.actors._actor import Actor
from rnd_actors.actors._duties import Duties
from rnd_actors.actors._events import ActorFailed, ActorStarted, ActorStopped, ActorStuck
from rnd_actors.actors._exits import Crashed, ExitReason, Killed
from rnd_actors.actors._owned import Owned
from rnd_actors.actors._requests import Asked
from rnd_actors.actors._signals import Doom, Signal, Stop
from rnd_actors.errors import ChildSpecError

if TYPE_CHECKING:
    from rnd_actors.actors._carrier import Carrier
    from rnd_actors.actors._cell import Cell

__all__ = ["Incarnation"]


class Incarnation(Duties):
    """A fresh instance of the user's actor, and all that ends with it."""

    __slots__ = (
        "_accepts",
        "_context",
        "_ended",
        "_owned",
        "_receive",
        "actor",
        "carrier",
        "is_over",
        "number",
        "watched",
    )

    _accepts: Acceptance
    _receive: Callable[[Any], None]

    def __init__(self, cell: Cell, number: int) -> None:
        super().__init__(cell)
        self.turns = cell.system.turns
        self.number = number
        self.actor: Actor[Any] | None = None
        self.carrier: Carrier | None = None
        """The greenlet on which it has its turn; None while it waits for one."""
        self.is_over = False
        self.watched: dict[Cell, None] = {}
        self._context = copy_context()
        self._owned: Owned | None = None
        self._ended: Flag | None = None
        """Set when it is over; made for the first one who waits for that."""

    @property
    def owned(self) -> Owned:
        """Its timers and background work."""
        if self._owned is None:
            self._owned = Owned(self.cell)
        return self._owned

    def take_turn(self, carrier: Carrier) -> None:
        """Begin to live, or handle what has come meanwhile."""
        self.carrier = carrier
        carrier.cell = self.cell
        carrier.gr_context = self._context
        try:
            if self.actor is None:
                self._begin()
            reason = self._serve()
        except BaseException as error:  # noqa: BLE001
            reason = _reason_of(error)
        if reason is not None:
            self._end(reason)
        self.carrier = None

    def kill(self, error: BaseException | None = None) -> None:
        """Raise `GreenletExit`, or this error, where the actor waits; the loop does it, soon."""
        get_hub().loop.run_callback(self._throw, error or GreenletExit())

    def join(self, timeout: float | None) -> None:
        """Wait until it is over, for so many seconds at most."""
        if not self.is_over:
            if self._ended is None:
                self._ended = Flag()
            self._ended.wait(timeout)

    def background_failed(self, error: BaseException) -> None:
        """Hear that background work has raised: the incarnation crashes with that."""
        if self.cell.life is self:
            self.cell.mailbox.put_signal(Doom(error))

    def watch(self, other: Cell) -> None:
        """Be told `Terminated` when `other` has stopped for good, or at once if it has already."""
        self.watched[other] = None
        other.add_watcher(self.cell)

    def unwatch(self, other: Cell) -> None:
        """Undo `watch`; a `Terminated` that is on its way still comes."""
        self.watched.pop(other, None)
        other.watchers.pop(self.cell, None)

    def _throw(self, error: BaseException) -> None:
        if self.carrier is not None:
            self.carrier.throw(error)
        elif self.actor is not None and not self.is_over:
            self.cell.mailbox.put_signal(Doom(error))
            self.turns.give_now(self)
        elif not self.is_over:
            self.turns.forget(self)
            self._end(_reason_of(error))

    def _begin(self) -> None:
        cell = self.cell
        actor = cell.make_actor()
        if not isinstance(actor, Actor) or actor._life is not None:  # noqa: SLF001
            raise ChildSpecError(
                f"the factory of {cell.name} must make a fresh Actor each time; it made {actor!r}"
            )
        self.actor = actor
        actor._life = self  # noqa: SLF001
        actor.on_start()
        self._receive, self._accepts = actor.receive, acceptance_of(type(actor))
        cell.system.events.publish(ActorStarted(cell.name, self.number))
        cell.ready()

    def _serve(self) -> ExitReason | None:
        """Handle what is there, one at a time; return why to end, or None to wait for more."""
        cell, receive, accepts = self.cell, self._receive, self._accepts
        mailbox, known = cell.mailbox, accepts.known
        at_hand = mailbox.at_hand
        if mailbox.idle_since is not None:
            mailbox.idle_s += self.turns.now - mailbox.idle_since
            mailbox.idle_since = None
        while cell.life is self:
            if at_hand and not mailbox.signals:
                entry = at_hand.popleft()
            elif mailbox.signals or mailbox.entries:
                entry = mailbox.take()
            else:
                self.turns.now = mailbox.idle_since = time.monotonic()
                mailbox.sleeper = self
                return None
            if entry.__class__ in known:
                self.in_hand = entry
                try:
                    receive(entry)
                except BaseException as error:
                    self.fail(entry, error)
                    raise
                if self.in_hand is not None:
                    self.in_hand = None
                    cell.handled += 1
            elif not isinstance(entry, Signal):
                self._handle(entry)
            elif isinstance(entry, Stop):
                return entry.reason
            else:
                self._obey(entry)
        return Killed()  # it was stuck, and has been replaced meanwhile

    def _handle(self, entry: Any) -> None:
        """Handle a request that was asked, or a message of a class that has not come before."""
        message = entry.request if isinstance(entry, Asked) else entry
        self.in_hand = entry
        try:
            if self._accepts(message):
                self._receive(message)
            else:
                self.unhandled(message)
        except BaseException as error:
            self.fail(message, error)
            raise
        if self.in_hand is not None:
            self.in_hand = None
            self.cell.handled += 1
            if isinstance(entry, Asked) and not entry.is_answered:
                self.demand_answer(entry)

    def _obey(self, signal: Signal) -> None:
        if isinstance(signal, Doom):
            raise signal.error
        self.actor._on_signal(signal)  # type: ignore[union-attr]  # noqa: SLF001

    def _end(self, reason: ExitReason) -> None:
        cell = self.cell
        if self.actor is not None:
            reason = self._wind_down(self.actor, reason)
        self.is_over = True
        event = ActorFailed if isinstance(reason, Crashed | Killed) else ActorStopped
        cell.system.events.publish(event(cell.name, self.number, reason))
        if cell.life is self:
            cell.ended(reason)
        if self._ended is not None:
            self._ended.set()
        self.turns.now = time.monotonic()

    def _wind_down(self, actor: Actor[Any], reason: ExitReason) -> ExitReason:
        """End what the incarnation owns, also what `on_stop` may begin; return why it ended."""
        for other in tuple(self.watched):
            self.unwatch(other)
        self.unstash_all()
        if self._owned is not None:
            reason = _after(reason, self._owned.end)
        reason = _after(reason, actor.on_stop, reason)
        if self._owned is not None:
            reason = _after(reason, self._end_owned, self._owned)
        self.owe_nothing(str(reason))
        return reason

    def _end_owned(self, owned: Owned) -> None:
        """End what `on_stop` has begun, and say what does not end at all."""
        if left := owned.end():
            self.cell.system.events.publish(ActorStuck(self.cell.name, background=left))


def _after(reason: ExitReason, step: Callable[..., object], *args: Any) -> ExitReason:
    """Take a step of winding down; a kill or an error ends just that step.

    The reason is then that error, unless the incarnation had crashed before.
    """
    try:
        step(*args)
    except BaseException as error:  # noqa: BLE001
        if not isinstance(reason, Crashed):
            return _reason_of(error)
        reason.error.add_note(f"while it wound down, too: {error!r}")
    return reason


def _reason_of(error: BaseException) -> ExitReason:
    return Killed() if isinstance(error, GreenletExit) else Crashed(error)
