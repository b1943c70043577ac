"""The incarnation: one life of an actor, from its construction to its `on_stop`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit

from rnd_actors.actors._acceptance import acceptance_of
from rnd_actors.actors._actor import Actor
from rnd_actors.actors._events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ActorStuck,
    MessageFailed,
)
from rnd_actors.actors._exits import Crashed, ExitReason, Killed
from rnd_actors.actors._owned import Owned
from rnd_actors.actors._requests import Asked, Deferred, Request
from rnd_actors.actors._signals import BackgroundFailed, Signal, Stop
from rnd_actors.errors import (
    ActorCrashedError,
    ActorError,
    ChildSpecError,
    NotAnsweredError,
    StashFullError,
)

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["Incarnation"]


class Incarnation:
    """A fresh instance of the user's actor, and all that ends with it."""

    __slots__ = ("_owned", "actor", "cell", "deferred", "in_hand", "number", "stashed", "watched")

    def __init__(self, cell: Cell, number: int) -> None:
        self.cell = cell
        self.number = number
        self.actor: Actor[Any] | None = None
        self.in_hand: Any = None
        """The entry that is being handled and still has to be accounted for."""
        self._owned: Owned | None = None
        self.deferred: dict[Deferred[Any], Asked | None] = {}
        self.stashed: deque[Any] | tuple[()] = ()
        self.watched: dict[Cell, None] = {}

    @property
    def owned(self) -> Owned:
        """Its timers and background work."""
        if self._owned is None:
            self._owned = Owned(self.cell)
        return self._owned

    def run(self) -> None:
        """Live: the main function of the greenlet."""
        events, name = self.cell.system.events, self.cell.name
        try:
            self.actor = self._make_actor()
            self.actor.on_start()
            events.publish(ActorStarted(name, self.number))
            self.cell.ready()
            reason = self._serve(self.actor)
        except BaseException as error:  # noqa: BLE001
            reason = _reason_of(error)
        if self.actor is not None:
            reason = self._wind_down(self.actor, reason)
        event = ActorFailed if isinstance(reason, Crashed | Killed) else ActorStopped
        events.publish(event(name, self.number, reason))
        if self.cell.life is self:
            self.cell.ended(reason)

    def background_failed(self, error: BaseException) -> None:
        """Hear that background work has raised: the incarnation crashes with that."""
        if self.cell.life is self:
            self.cell.mailbox.put_signal(BackgroundFailed(error))

    def watch(self, other: Cell) -> None:
        """Be told `Terminated` when `other` has stopped for good, or at once if it has already."""
        self.watched[other] = None
        other.add_watcher(self.cell)

    def unwatch(self, other: Cell) -> None:
        """Undo `watch`; a `Terminated` that is on its way still comes."""
        self.watched.pop(other, None)
        other.watchers.pop(self.cell, None)

    def defer(self, request: Request[Any]) -> Deferred[Any]:
        """Take the answer to the request in hand upon the incarnation, for later."""
        asked = self.asked(request)
        deferred: Deferred[Any] = Deferred(asked, self._settle)
        self.deferred[deferred] = asked
        self._let_go()
        return deferred

    def forward(self, request: Request[Any], other: Cell) -> None:
        """Hand the request in hand on, with the duty to answer."""
        other.mailbox.put(self.asked(request) or request)
        self._let_go()

    def stash(self, capacity: int) -> None:
        """Keep the entry in hand for later."""
        if self.in_hand is None:
            raise ActorError("stash() keeps the message that is being handled; there is none")
        if len(self.stashed) >= capacity:
            raise StashFullError(
                f"{self.cell.name} has stashed its {capacity} messages already; "
                "unstash them, or raise its stash_capacity"
            )
        if not self.stashed:
            self.stashed = deque()
        self.stashed.append(self.in_hand)
        self.in_hand = None

    def unstash(self) -> None:
        """Put what was stashed first before all that waits."""
        if self.stashed:
            self.cell.mailbox.put_back([self.stashed.popleft()])

    def unstash_all(self) -> None:
        """Put what was stashed before all that waits."""
        if self.stashed:
            self.cell.mailbox.put_back(self.stashed)
            self.stashed = ()

    def unhandled(self, message: object) -> None:
        """Account for the message in hand, which the actor has no case for."""
        entry = self.in_hand
        if (entry.request if isinstance(entry, Asked) else entry) is not message:
            raise ActorError(
                f"unhandled() takes the message that is being handled; got {message!r}"
            )
        self.in_hand = None
        self.cell.not_handled(entry)

    def discard(self, why: str) -> None:
        """Make a dead letter of the message in hand."""
        entry, self.in_hand = self.in_hand, None
        self.cell.make_dead_letter(entry, why)

    def asked(self, request: Request[Any]) -> Asked | None:
        """Return the envelope of the request in hand; None if it was told, not asked."""
        in_hand = self.in_hand
        if isinstance(in_hand, Asked) and in_hand.request is request:
            return in_hand
        if in_hand is request:
            return None
        raise ActorError(f"only the request that is being handled can be answered; got {request!r}")

    def _make_actor(self) -> Actor[Any]:
        actor = self.cell.make_actor()
        if not isinstance(actor, Actor) or actor._life is not None:  # noqa: SLF001
            raise ChildSpecError(
                f"the factory of {self.cell.name} must make a fresh Actor each time; "
                f"it made {actor!r}"
            )
        actor._life = self  # noqa: SLF001
        return actor

    def _serve(self, actor: Actor[Any]) -> ExitReason:
        """Handle what comes, one at a time, until a stop."""
        cell, mailbox, receive = self.cell, self.cell.mailbox, actor.receive
        at_hand, get = mailbox.at_hand, mailbox.get
        mailbox.change_reader()
        accepts = acceptance_of(type(actor))
        known = accepts.known
        while cell.life is self:
            message = entry = at_hand.popleft() if at_hand and not mailbox.signals else get()
            kind = entry.__class__
            if kind is Asked:
                message = entry.request
            elif kind not in known and isinstance(entry, Signal):
                if isinstance(entry, Stop):
                    return entry.reason
                self._obey(actor, entry)
                continue
            self.in_hand = entry
            try:
                if message.__class__ in known or accepts(message):
                    receive(message)
                else:
                    self.unhandled(message)
            except BaseException as error:
                self._fail(message, error)
                raise
            if self.in_hand is not None:
                self.in_hand = None
                cell.handled += 1
                if kind is Asked and not entry.is_answered:
                    self._demand_answer(entry)
        return Killed()  # it was stuck, and has been replaced meanwhile

    def _obey(self, actor: Actor[Any], signal: Signal) -> None:
        if isinstance(signal, BackgroundFailed):
            raise signal.error
        actor._on_signal(signal)  # noqa: SLF001

    def _demand_answer(self, asked: Asked) -> None:
        asked.fail(
            NotAnsweredError(
                f"{self.cell.name} handled {asked.request!r} without an answer; its receive() "
                "has to call self.reply(request, answer), defer(request) or forward(request)"
            )
        )

    def _fail(self, message: object, error: BaseException) -> None:
        """Account for the entry in hand, on which the incarnation ends."""
        entry, self.in_hand = self.in_hand, None
        if entry is not None:
            self.cell.failed += 1
        if isinstance(entry, Asked):
            killed = ActorCrashedError(f"{self.cell.name} was killed while it handled {message!r}")
            entry.fail(killed if isinstance(error, GreenletExit) else error)
        self.cell.system.events.publish(MessageFailed(self.cell.name, message, error))

    def _let_go(self) -> None:
        """Count the entry in hand as handled: what is left to do for it is not its duty."""
        self.in_hand = None
        self.cell.handled += 1

    def _settle(self, deferred: Deferred[Any]) -> None:
        self.deferred.pop(deferred, None)

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
        for asked in filter(None, self.deferred.values()):
            why = f"{self.cell.name} ended ({reason}) and still owed {asked.request!r} an answer"
            asked.fail(ActorCrashedError(why))
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
