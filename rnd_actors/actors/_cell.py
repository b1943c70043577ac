"""The cell: what stays of an actor when it restarts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from gevent.event import Event as Flag
from gevent.lock import Semaphore

from rnd_actors.actors._bounded_mailbox import BoundedMailbox
from rnd_actors.actors._events import ActorStuck, DeadLetter, MessageUnhandled
from rnd_actors.actors._exits import Crashed, ExitReason, Killed
from rnd_actors.actors._figures import Figures
from rnd_actors.actors._incarnation import Incarnation
from rnd_actors.actors._mailbox import Door, Mailbox
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Asked
from rnd_actors.actors._signals import ChildEnded, ChildReady, Stop
from rnd_actors.actors._thread import thread_id
from rnd_actors.actors._waiting import wait_for_room
from rnd_actors.actors._watching import Terminated
from rnd_actors.errors import (
    ActorDeadError,
    MailboxFullError,
    UnhandledMessageError,
    WrongThreadError,
)

if TYPE_CHECKING:
    from rnd_actors.actors._child_spec import ChildSpec
    from rnd_actors.actors._system import ActorSystem

__all__ = ["Cell"]

_KILL_PATIENCE_S: Final = 1.0
_KILLS: Final = 2
"""The first kill may meet the actor in `receive` and start its `on_stop`; the second ends that."""


class Cell:
    """One actor over all its incarnations: mailbox, ref, counts, and the present incarnation."""

    __slots__ = (
        "_lived_s",
        "_retired",
        "_started_at",
        "children",
        "dead",
        "door",
        "end_reason",
        "exit_reason",
        "failed",
        "handled",
        "healthy",
        "incarnation",
        "life",
        "mailbox",
        "name",
        "parent",
        "ref",
        "refused",
        "spec",
        "system",
        "waits_for",
        "watchers",
    )

    def __init__(self, spec: ChildSpec, parent: Cell | None, system: ActorSystem) -> None:
        self.spec = spec
        self.parent = parent
        self.system = system
        self.name: str = f"{parent.name}/{spec.id}" if parent and parent.parent else spec.id
        self.mailbox = self._make_mailbox()
        self.door: Door = self.mailbox
        self.ref: ActorRef[Any] = ActorRef(self)
        self.children: dict[str, Cell] = {}
        self.life: Incarnation | None = None
        self.incarnation = 0
        self.end_reason: ExitReason | None = None
        """Why the last incarnation ended; None while one lives."""
        self.healthy = False
        """Whether the last incarnation has shown that it works."""
        self.handled = self.failed = self.dead = self.refused = 0
        self.waits_for: object = None
        self._retired: Flag | None = None
        """Set once it has stopped for good; made for the first one who waits for that."""
        self.exit_reason: ExitReason | None = None
        self.watchers: dict[Cell, None] = {}
        self._started_at = 0.0
        self._lived_s = 0.0
        if parent is not None:
            parent.children[spec.id] = self

    def make_actor(self) -> object:
        """Return what the factory of the `ChildSpec` makes: a fresh actor, if it is right."""
        return self.spec.factory()

    def start(self) -> None:
        """Begin a new incarnation; the parent hears `ChildReady` or `ChildEnded` of it."""
        if self.life is not None:  # it is stuck, and what it was told to do is not for the next one
            self.mailbox.forget_signals(but_stops=True)
        self.incarnation += 1
        self.end_reason = None
        self.healthy = False
        self._started_at = time.monotonic()
        self.life = Incarnation(self, self.incarnation)
        self.system.turns.wake(self.life)

    def ready(self) -> None:
        """Hear from the incarnation that its `on_start` has returned."""
        if self.parent is not None:
            self.parent.mailbox.put_signal(ChildReady(self, self.incarnation))

    def ended(self, reason: ExitReason) -> None:
        """Hear from the incarnation that it is over."""
        self.life = None
        self._lived_s += time.monotonic() - self._started_at
        self.end_reason = reason
        self.mailbox.forget_signals(but_stops=isinstance(reason, Crashed | Killed))
        if self.parent is None:
            self.retire(reason)
        else:
            self.parent.mailbox.put_signal(ChildEnded(self, self.incarnation, reason))

    @property
    def supervises(self) -> bool:
        """Whether the present incarnation is a supervisor."""
        actor = self.life.actor if self.life is not None else None
        return actor is not None and actor._supervises  # noqa: SLF001

    def stop(self, reason: ExitReason, *, lasts: bool = False) -> None:
        """Let the incarnation end after the message in hand.

        What `lasts` holds for the next incarnation, if this one crashes before it hears of it.
        """
        if self.exit_reason is None or self.life is not None:
            self.mailbox.put_signal(Stop(reason, lasts))

    def drain(self, reason: ExitReason, *, lasts: bool = False) -> None:
        """Let the incarnation end after the messages that wait already."""
        if self.exit_reason is None:
            self.mailbox.put_signal_last(Stop(reason, lasts))

    def await_end(self, limit: float) -> None:
        """Wait up to `limit` seconds for the end of the incarnation, then kill it."""
        life = self.life
        if life is not None:
            if limit > 0:
                life.join(None if limit == float("inf") else limit)
            for _ in range(_KILLS):
                if not life.is_over:
                    life.kill()
                    life.join(_KILL_PATIENCE_S)
            if not life.is_over:
                self.system.events.publish(ActorStuck(self.name))

    def await_retirement(self, timeout: float | None) -> None:
        """Wait until it has stopped for good, for so many seconds at most."""
        if self.exit_reason is None:
            if self._retired is None:
                self._retired = Flag()
            self._retired.wait(timeout)

    def retire(self, reason: ExitReason) -> None:
        """Stop for good: what waits or still comes becomes dead letters."""
        self.exit_reason = reason
        waiting = self.mailbox.close()
        self.dead += len(waiting)
        for entry in waiting:
            self._lament(entry, "the actor has stopped")
        if self.life is not None:
            self.stop(reason)
        if self.parent is not None and self.parent.children.get(self.spec.id) is self:
            del self.parent.children[self.spec.id]
        if self._retired is not None:
            self._retired.set()
        for watcher in tuple(self.watchers):
            if watcher.life is not None:
                watcher.life.unwatch(self)
            watcher.door.put_forced(Terminated(self.ref, reason))

    def add_watcher(self, watcher: Cell) -> None:
        """Tell `watcher` when this actor has stopped for good, or now if it has."""
        if self.exit_reason is not None:
            watcher.door.put_forced(Terminated(self.ref, self.exit_reason))
        else:
            self.watchers[watcher] = None

    def figures(self) -> Figures:
        """Return what the actor has done so far."""
        now = time.monotonic()
        mailbox, life = self.mailbox, self.life
        lived_s = self._lived_s + (now - self._started_at if life is not None else 0.0)
        idle_s = mailbox.idle_s + (
            now - mailbox.idle_since if mailbox.idle_since is not None else 0.0
        )
        return Figures(
            told=mailbox.told,
            handled=self.handled,
            failed=self.failed,
            dead=self.dead,
            refused=self.refused,
            stashed=len(life.stashed) if life is not None else 0,
            mailbox=len(mailbox),
            busy_s=max(0.0, lived_s - idle_s),
        )

    def describe_work(self) -> str:
        """Say what the actor is doing, for errors of those who wait for it."""
        if self.waits_for is not None:
            return f"waits for {self.waits_for}"
        if self.mailbox.idle_since is not None:
            return "waits for a message"
        in_hand = self.life.in_hand if self.life is not None else None
        if in_hand is not None:
            message = in_hand.request if isinstance(in_hand, Asked) else in_hand
            return f"is busy with {message!r}"
        return f"is down (incarnation {self.incarnation})" if self.life is None else "is busy"

    def not_handled(self, entry: Any) -> None:
        """Account for a message that the actor was given and has no case for."""
        message = entry.request if isinstance(entry, Asked) else entry
        if isinstance(entry, Asked):
            entry.fail(UnhandledMessageError(f"{self.name} does not handle {message!r}"))
        self.system.events.publish(MessageUnhandled(self.name, message))
        self.make_dead_letter(message, "the actor has no case for it")

    def make_dead_letter(self, message: object, why: str) -> None:
        """Account for a message that the actor was given in vain."""
        self.dead += 1
        self.system.events.publish(DeadLetter(self.name, message, why))

    def require_thread(self) -> None:
        """Raise `WrongThreadError` in another thread than that of the system."""
        if thread_id() != self.system.thread_id:
            raise WrongThreadError(
                f"{self.name} lives in the thread that entered its ActorSystem; gevent's loop "
                "cannot be used from others. Hand the message over with a thread-safe queue that a "
                "greenlet of that thread reads, or use hub.loop.async_()."
            )

    def _make_mailbox(self) -> Mailbox:
        spec = self.spec
        if spec.capacity is None:
            return Mailbox(self._refuse)
        return BoundedMailbox(self._refuse, spec.capacity, spec.overflow, self._wait_for_room)

    def _wait_for_room(self, room: Semaphore, timeout: float | None) -> bool:
        return wait_for_room(self, room, timeout)

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
        self.system.events.publish(DeadLetter(self.name, message, why))
