"""The cell: what stays of an actor when it restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import gevent.event
from attrs import define, field

from rnd_actors._printing import shown
from rnd_actors.actors._events import DeadLetter, EventStream, MessageUnhandled
from rnd_actors.actors._incarnation import (
    FAILURES,
    ChildEnded,
    ChildHealthy,
    ChildReady,
    ExitReason,
    Stop,
    Unsuspend,
)
from rnd_actors.actors._loop import LoopTurn, call_and_wait, thread_id
from rnd_actors.actors._mailbox import BoundedMailbox, Mailbox
from rnd_actors.actors._policy import Overflow
from rnd_actors.actors._ref import ActorRef, ActorStats, Restarted, Terminated
from rnd_actors.actors._requests import Asked
from rnd_actors.errors import (
    ActorDeadError,
    ActorError,
    MailboxFullError,
    UnhandledMessageError,
    WrongThreadError,
)


class System(Protocol):
    """An `ActorSystem`, as its actors know it."""

    events: EventStream
    thread_id: int
    loop_turn: LoopTurn
    ask_observers: tuple[Callable[[str, float], object], ...]

    def new_cell(self, spec: CellSpec, parent: Cell | None) -> Cell: ...
    def who_waits(self) -> str: ...


class CellSpec(Protocol):
    """A `ChildSpec`, as cells know it."""

    @property
    def id(self) -> str: ...
    @property
    def factory(self) -> Callable[[], object]: ...
    @property
    def capacity(self) -> int | None: ...
    @property
    def overflow(self) -> Overflow: ...
    @property
    def drain(self) -> bool: ...


class Watcher(Protocol):
    """A `Cell`, or another object, that is told `Terminated`."""

    greenlet: Any

    def post(self, entry: Any) -> None: ...


@define(eq=False)
class Cell:
    """One actor over all its incarnations: mailbox, ref, counts, and the present greenlet.

    `put(entry, block, timeout)` adds a message at the end; it returns False if there was no room in
    time. Tests and simulations replace it.
    """

    spec: CellSpec
    parent: Cell | None
    system: System
    thread_id: int = field(init=False)
    name: str = field(init=False)
    mailbox: Mailbox = field(init=False)
    put: Callable[..., object] = field(init=False)
    ref: ActorRef[Any] = field(init=False)
    children: Any = None
    """The `Children` of a supervisor that is up."""
    greenlet: Any = None
    """The `ActorGreenlet` of the present incarnation."""
    incarnation: int = 0
    end_reason: ExitReason | None = None
    """Why the last incarnation ended; None while one lives."""
    exit_reason: ExitReason | None = None
    """Why the actor has stopped for good."""
    healthy: bool = False
    handled: int = 0
    failed: int = 0
    dead: int = 0
    refused: int = 0
    waits_for: object = None
    watchers: dict[Watcher, bool] | None = None
    """Each with whether it wants to hear of restarts, too."""
    _retired: gevent.event.Event | None = None
    """Set when it stops for good; made by the first wait for that."""
    _started_at: float = 0.0
    _lived_s: float = 0.0

    def __attrs_post_init__(self) -> None:
        spec, parent = self.spec, self.parent
        self.thread_id = self.system.thread_id
        self.name = f"{parent.name}/{spec.id}" if parent and parent.parent else spec.id
        if spec.capacity is None:
            self.mailbox = Mailbox(self._refuse)
            self.put = self.mailbox.put
        else:
            self.mailbox = BoundedMailbox(self._refuse, spec.capacity, spec.overflow, self)
            self.put = self.mailbox.tell
        self.ref = ActorRef(self)

    def make_actor(self) -> Any:
        return self.spec.factory()

    def begin(self, greenlet: Any) -> None:
        """Take a new incarnation, which is about to start, as the present one."""
        if self.greenlet is not None:  # it is stuck; its signals are not for the next one
            self.greenlet.abandon()
            self.mailbox.discard_signals(but_stops=True)
        self.greenlet = greenlet
        self.incarnation += 1
        self.end_reason = None
        self.healthy = False
        self._started_at = time.monotonic()

    def signal_ready(self) -> None:
        if self.parent is not None:
            self.parent.mailbox.put_signal(ChildReady(self, self.incarnation))
        if self.watchers and self.incarnation > 1:
            for watcher in [each for each, restarts in self.watchers.items() if restarts]:
                watcher.post(Restarted(self.ref, self.incarnation))

    def signal_healthy(self) -> None:
        if not self.healthy:
            self.healthy = True
            if self.parent is not None:
                self.parent.mailbox.put_signal(ChildHealthy(self, self.incarnation))

    def signal_end(self, reason: ExitReason) -> None:
        self.greenlet = None
        self._lived_s += time.monotonic() - self._started_at
        self.end_reason = reason
        self.mailbox.discard_signals(but_stops=isinstance(reason, FAILURES))
        if self.parent is None:
            self.retire(reason)
        else:
            self.parent.mailbox.put_signal(ChildEnded(self, self.incarnation, reason))

    @property
    def kind(self) -> str:
        """The name of the actor's class; empty while it is down."""
        actor = self.greenlet.actor if self.greenlet is not None else None
        return "" if actor is None else type(actor).__name__

    @property
    def is_suspended(self) -> bool:
        actor = self.greenlet.actor if self.greenlet is not None else None
        return actor is not None and actor._is_suspended  # noqa: SLF001

    @property
    def has_own_work(self) -> bool:
        """Whether its incarnation has a `run` of its own, instead of handling messages."""
        actor = self.greenlet.actor if self.greenlet is not None else None
        return actor is not None and actor._has_own_work  # noqa: SLF001

    @property
    def supervises(self) -> bool:
        actor = self.greenlet.actor if self.greenlet is not None else None
        return actor is not None and actor._supervises  # noqa: SLF001

    def stop(self, reason: ExitReason, *, outlives_crash: bool = False) -> None:
        """Let the incarnation end after the message in hand."""
        if self.exit_reason is None or self.greenlet is not None:
            self.mailbox.put_signal(Stop(reason, outlives_crash))

    def drain(self, reason: ExitReason, *, outlives_crash: bool = False) -> None:
        """Let the incarnation end after the messages that wait now; it is not suspended then."""
        if self.exit_reason is None:
            self.mailbox.put_signal_last(Stop(reason, outlives_crash))
            if self.is_suspended:
                self.mailbox.put_signal(Unsuspend())

    def await_end(self, limit: float) -> bool:
        """Wait up to `limit` seconds for the end of the incarnation; return whether it is over."""
        greenlet = self.greenlet
        if greenlet is not None and limit > 0:
            greenlet.join(None if limit == float("inf") else limit)
        return greenlet is None or greenlet.ready()

    def kill(self) -> None:
        if self.greenlet is not None:
            self.greenlet.kill(block=False)

    def await_retirement(self, timeout: float | None) -> None:
        if self.exit_reason is None:
            if self._retired is None:
                self._retired = gevent.event.Event()
            self._retired.wait(timeout)

    def retire(self, reason: ExitReason) -> None:
        """Stop for good: messages that wait or come become dead letters. The first reason stays."""
        if self.exit_reason is not None:
            return
        self.exit_reason = reason
        waiting = self.mailbox.close()
        self.dead += len(waiting)
        for entry in waiting:
            self._report_undelivered(entry, "the actor has stopped")
        if self.greenlet is not None:
            self.stop(reason)
        for watcher in tuple(self.watchers or ()):
            if watcher.greenlet is not None:
                watcher.greenlet.owned.unwatch(self)
            watcher.post(Terminated(self.ref, reason))
        if self._retired is not None:
            self._retired.set()

    def add_watcher(self, watcher: Watcher, *, restarts: bool = False) -> None:
        """Tell `watcher` `Terminated` when this actor has stopped for good, or now if it has."""
        if self.exit_reason is not None:
            watcher.post(Terminated(self.ref, self.exit_reason))
        else:
            if self.watchers is None:
                self.watchers = {}
            self.watchers[watcher] = restarts

    def remove_watcher(self, watcher: Watcher) -> None:
        if self.watchers is not None:
            self.watchers.pop(watcher, None)

    def stats(self) -> ActorStats:
        now = time.monotonic()
        mailbox, greenlet = self.mailbox, self.greenlet
        lived_s = self._lived_s + (now - self._started_at if greenlet is not None else 0.0)
        idle_s = mailbox.idle_s
        if mailbox.idle_since is not None:
            idle_s += now - mailbox.idle_since
        return ActorStats(
            told=mailbox.told,
            handled=self.handled,
            failed=self.failed,
            dead=self.dead,
            refused=self.refused,
            stashed=len(greenlet.handling.stashed) if greenlet is not None else 0,
            mailbox=mailbox.waiting(),
            busy_s=0.0 if self.has_own_work else max(0.0, lived_s - idle_s),
        )

    def describe_work(self) -> str:
        """Return the present work of the actor in words, for errors about waits for it."""
        greenlet = self.greenlet
        if self.waits_for is not None:
            return f"waits for {self.waits_for}"
        if self.mailbox.idle_since is not None:
            return "waits for a message"
        if greenlet is None:
            return f"is down (incarnation {self.incarnation})"
        if greenlet.handling.is_busy():
            return f"is busy with {shown(message_of(greenlet.handling.in_hand))}"
        return "is in its run()" if self.has_own_work else "is busy"

    def not_handled(self, entry: object) -> None:
        """Account for a message for which the actor has no case."""
        message = message_of(entry)
        if type(entry) is Asked:
            entry.fail(UnhandledMessageError(f"{self.name} does not handle {shown(message)}"))
        self.dead += 1
        self.system.events.publish(MessageUnhandled(self.name, message))
        self.system.events.publish(DeadLetter(self.name, message, "the actor has no case for it"))

    def require_thread(self) -> None:
        if thread_id() != self.thread_id:
            raise WrongThreadError(
                f"{self.name} lives in the thread that entered its ActorSystem, and only tell() "
                "works in others. Tell it a message that holds a thread-safe queue for the answer."
            )

    def require_messages(self, what: str) -> None:
        """Raise an error unless the actor is alive and handles messages, as `what` needs."""
        if self.exit_reason is not None:
            raise ActorDeadError(
                f"{self.name} has stopped ({self.exit_reason}); {what} needs one alive"
            )
        if self.has_own_work:
            raise ActorError(
                f"{self.name} has a run() of its own and handles no messages, as {what} needs; "
                "rnd_actors.inspection.inspect() works for it"
            )

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` in the thread of the system: now, or when its loop has its turn."""
        if thread_id() == self.thread_id:
            function(*args)
        else:
            loop: Any = self.mailbox.hub.loop
            loop.run_callback_threadsafe(function, *args)

    def post(self, entry: Any) -> None:
        """Add a message of the framework itself; never waits, and needs no room."""
        self.mailbox.post(entry)

    def put_from_thread(self, message: object) -> None:
        """Add a message from another thread, which waits if the mailbox is bounded."""
        if self.mailbox.maxsize is None or self.mailbox.closed:
            self.call(self.put, message)
        else:
            call_and_wait(self.mailbox.hub.loop, lambda: self.put(message))

    def _refuse(self, entry: object, why: str) -> None:
        if self.mailbox.closed:
            self.dead += 1
        else:
            self.refused += 1
        self._report_undelivered(entry, why)

    def _report_undelivered(self, entry: object, why: str) -> None:
        message = message_of(entry)
        if type(entry) is Asked:
            error = ActorDeadError if self.mailbox.closed else MailboxFullError
            entry.fail(error(f"{self.name} cannot answer {shown(message)}: {why}"))
        self.system.events.publish(DeadLetter(self.name, message, why))


def message_of(entry: object) -> Any:
    return entry.request if type(entry) is Asked else entry
