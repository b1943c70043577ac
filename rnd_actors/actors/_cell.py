"""The cell: what stays of an actor when it restarts, and the loop that runs an incarnation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from attrs import frozen
from gevent import Greenlet, GreenletExit
from gevent.event import Event as Flag

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ActorStuck,
    DeadLetter,
    MessageFailed,
)
from rnd_actors.actors._exits import Crashed, ExitReason, Killed
from rnd_actors.actors._mailbox import BoundedMailbox, Mailbox, Signal
from rnd_actors.actors._owned import Owned
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Asked
from rnd_actors.actors._watching import Terminated
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    ChildSpecError,
    MailboxFullError,
    NotAnsweredError,
)

if TYPE_CHECKING:
    from rnd_actors.actors._child_spec import ChildSpec
    from rnd_actors.actors._event_stream import EventStream

__all__ = ["BackgroundFailed", "Cell", "ChildEnded", "ChildReady"]

_KILL_PATIENCE_S = 1.0
_KILLS = 2
"""The first kill may meet the actor in `receive` and start its `on_stop`; the second ends that."""


@frozen(eq=False)
class Stop(Signal):
    """End after the message in hand."""

    reason: ExitReason


@frozen(eq=False)
class BackgroundFailed(Signal):
    """Background work of the incarnation raised."""

    error: BaseException


@frozen(eq=False)
class ChildReady(Signal):
    """For the parent: `on_start` of the child has returned."""

    child: Cell


@frozen(eq=False)
class ChildEnded(Signal):
    """For the parent: the child's incarnation is over."""

    child: Cell
    reason: ExitReason


class Cell:
    """One actor over all its incarnations: mailbox, ref, counts and the present greenlet."""

    __slots__ = (
        "dead",
        "events",
        "exit_reason",
        "failed",
        "greenlet",
        "handled",
        "healthy",
        "in_hand",
        "incarnation",
        "mailbox",
        "name",
        "owned",
        "parent",
        "ref",
        "refused",
        "spec",
        "terminated",
        "watched",
        "watchers",
    )

    def __init__(self, spec: ChildSpec, parent: Cell | None, events: EventStream) -> None:
        self.spec = spec
        self.parent = parent
        self.events = events
        self.name: str = f"{parent.name}/{spec.id}" if parent and parent.parent else spec.id
        self.mailbox = (
            Mailbox(self._refuse)
            if spec.capacity is None
            else BoundedMailbox(self._refuse, spec.capacity, spec.overflow)
        )
        self.ref: ActorRef[Any] = ActorRef(self)
        self.owned = Owned()
        self.greenlet: Greenlet[[], None] | None = None
        self.incarnation = 0
        self.healthy = False
        self.in_hand: Any = None
        self.handled = self.failed = self.dead = self.refused = 0
        self.terminated = Flag()
        self.watchers: set[Cell] = set()
        self.watched: set[Cell] = set()
        self.exit_reason: ExitReason | None = None

    def start(self) -> None:
        """Begin a new incarnation; the parent hears `ChildReady` or `ChildEnded` of it."""
        self.incarnation += 1
        self.healthy = False
        self.greenlet = gevent.spawn(self._run)

    def stop(self, reason: ExitReason) -> None:
        """Let the incarnation end after the message in hand."""
        self.mailbox.put_signal(Stop(reason))

    def drain(self, reason: ExitReason) -> None:
        """Let the incarnation end after the messages that wait already."""
        self.mailbox.put_signal_last(Stop(reason))

    def await_end(self, limit: float) -> None:
        """Wait up to `limit` seconds for the end of the incarnation, then kill it."""
        greenlet = self.greenlet
        if greenlet is None:
            return
        if limit > 0:
            greenlet.join(None if limit == float("inf") else limit)
        for _ in range(_KILLS):
            if not greenlet.dead:
                greenlet.kill(timeout=_KILL_PATIENCE_S)
        if not greenlet.dead:
            self.events.publish(ActorStuck(self.name))

    def retire(self, reason: ExitReason) -> None:
        """Stop for good: what waits or still comes becomes dead letters."""
        self.exit_reason = reason
        waiting = self.mailbox.close()
        self.dead += len(waiting)
        for entry in waiting:
            self._lament(entry, "the actor has stopped")
        if self.greenlet is not None:
            self.stop(reason)
        self.terminated.set()
        for watcher in self.watchers:
            watcher.watched.discard(self)
            watcher.mailbox.put_forced(Terminated(self.ref, reason))
        self.watchers.clear()

    def watch(self, other: Cell) -> None:
        """Be told `Terminated` when `other` has stopped for good, or at once if it has already."""
        if other.exit_reason is not None:
            self.mailbox.put_forced(Terminated(other.ref, other.exit_reason))
        else:
            self.watched.add(other)
            other.watchers.add(self)

    def unwatch(self, other: Cell) -> None:
        """Undo `watch`; a `Terminated` that is on its way still comes."""
        self.watched.discard(other)
        other.watchers.discard(self)

    def background_failed(self, incarnation: int, error: BaseException) -> None:
        """Let the incarnation crash with the error of its background work, if it still lives."""
        if incarnation == self.incarnation and self.greenlet is not None:
            self.mailbox.put_signal(BackgroundFailed(error))

    def _run(self) -> None:
        actor: Actor[Any] | None = None
        try:
            actor = self._make_actor()
            actor.on_start()
            self.events.publish(ActorStarted(self.name, self.incarnation))
            if self.parent is not None:
                self.parent.mailbox.put_signal(ChildReady(self))
            reason = self._serve(actor)
        except BaseException as error:  # noqa: BLE001
            reason = _reason_of(error)
        if actor is not None:
            reason = self._wind_down(actor, reason)
        self._report_end(reason)

    def _make_actor(self) -> Actor[Any]:
        actor: object = self.spec.factory()
        if not isinstance(actor, Actor) or actor._cell is not None:  # noqa: SLF001
            raise ChildSpecError(
                f"the factory of {self.name} must make a fresh Actor each time; it made {actor!r}"
            )
        actor._cell = self  # noqa: SLF001
        return actor

    def _serve(self, actor: Actor[Any]) -> ExitReason:
        """Handle what comes, one at a time, until a stop."""
        get, receive = self.mailbox.get, actor.receive
        while True:
            entry = get()
            if isinstance(entry, Signal):
                if isinstance(entry, Stop):
                    return entry.reason
                if isinstance(entry, BackgroundFailed):
                    raise entry.error
                actor._on_signal(entry)  # noqa: SLF001
                continue
            self.in_hand = entry
            try:
                if entry.__class__ is Asked:
                    receive(entry.request)
                    if not entry.reply.ready():
                        entry.fail(_not_answered(self.name, entry))
                else:
                    receive(entry)
            except BaseException as error:
                self._fail_in_hand(entry, error)
                raise
            self.in_hand = None
            self.handled += 1

    def _fail_in_hand(self, entry: Any, error: BaseException) -> None:
        self.in_hand = None
        self.failed += 1
        message = entry
        if isinstance(entry, Asked):
            message = entry.request
            crashed = ActorCrashedError(f"{self.name} was killed while it handled {message!r}")
            entry.fail(crashed if isinstance(error, GreenletExit) else error)
        self.events.publish(MessageFailed(self.name, message, error))

    def _wind_down(self, actor: Actor[Any], reason: ExitReason) -> ExitReason:
        """End what the incarnation owns, also what `on_stop` may begin; return why it ended."""
        for other in tuple(self.watched):
            self.unwatch(other)
        reason = _after(reason, self.owned.end)
        reason = _after(reason, actor.on_stop, reason)
        return _after(reason, self.owned.end)

    def _report_end(self, reason: ExitReason) -> None:
        abnormal = isinstance(reason, Crashed | Killed)
        event = ActorFailed if abnormal else ActorStopped
        self.events.publish(event(self.name, self.incarnation, reason))
        self.mailbox.signals.clear()
        self.greenlet = None
        if self.parent is None:
            self.retire(reason)
        else:
            self.parent.mailbox.put_signal(ChildEnded(self, reason))

    def _refuse(self, entry: Any, why: str) -> None:
        """Account for an entry that the mailbox does not take."""
        if self.mailbox.closed:
            self.dead += 1
        else:
            self.refused += 1
        self._lament(entry, why)

    def _lament(self, entry: Any, why: str) -> None:
        """Say that an entry was not delivered, also to whoever asked."""
        message = entry
        if isinstance(entry, Asked):
            message = entry.request
            error = ActorDeadError if self.mailbox.closed else MailboxFullError
            entry.fail(error(f"{self.name} cannot answer {message!r}: {why}"))
        self.events.publish(DeadLetter(self.name, message, why))


def _after(reason: ExitReason, step: Callable[..., None], *args: Any) -> ExitReason:
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


def _not_answered(name: str, asked: Asked) -> NotAnsweredError:
    return NotAnsweredError(
        f"{name} handled {asked.request!r} without an answer; "
        "its receive() has to call self.reply(request, answer)"
    )
