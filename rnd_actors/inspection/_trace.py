"""What an actor handles, message by message, with times."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from attrs import define, evolve, field, frozen
from gevent.event import Event

from rnd_actors._printing import shown_error
from rnd_actors._validators import optional, require, seconds, whole_number
from rnd_actors.actors import ActorRef, Restarted, Terminated
from rnd_actors.actors._incarnation import Call
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.actors._requests import require_other, wait_for
from rnd_actors.inspection._actors import handling_cell_of, short, shortened

_Handler: TypeAlias = Callable[[Any], object]
_IS_COUNT: Final = whole_number(1)
_IS_TIMEOUT: Final = optional(seconds)


class TraceOutcome(Enum):
    """What has become of a message that an actor took up."""

    IN_HAND = "in hand"
    """It is being handled."""
    HANDLED = "handled"
    """`receive` has returned; the answer may come later, if it was deferred or forwarded."""
    STASHED = "stashed"
    """It is kept, and will come again."""
    UNHANDLED = "unhandled"
    """The actor had no case for it."""
    FAILED = "failed"
    """The actor crashed on it, or was killed."""


@frozen
class TraceEntry:
    """One message that a traced actor took up."""

    message: str
    """The message as text, as it was before it was handled."""
    incarnation: int
    at: float
    """When it was taken up, in seconds of `time.monotonic()`."""
    took_s: float
    """How long that took; of the message in hand, until now."""
    outcome: TraceOutcome
    error: str = ""
    """The error on which the actor crashed; empty if it did not."""


class Trace:
    """The last messages that an actor has handled since the trace began; made by `trace(ref, n)`.

    It goes on over restarts, until `stop`, the end of its `with` block or the end of the actor for
    good. `str(trace)` is a table.
    """

    def __init__(self, cell: Any, n: int) -> None:
        self._cell = cell
        self._began_at = time.monotonic()
        self._ended = deque[TraceEntry](maxlen=n)
        self._in_hand: TraceEntry | None = None
        self._waits: list[_Wait] = []
        self._is_over = False
        self.greenlet = None
        """It watches like a cell, but for no incarnation."""
        cell.add_watcher(self, restarts=True)
        cell.mailbox.put_signal(Call(self._wrap))

    @property
    def entries(self) -> tuple[TraceEntry, ...]:
        """The last `n` messages, the oldest first; the last one may be in hand still."""
        entries = self._ended.copy()
        entries.extend(self._in_hand_now())
        return tuple(entries)

    def wait_for(self, count: int = 1, timeout: float | None = None) -> tuple[TraceEntry, ...]:
        """Wait until the actor is done with `count` more messages, and return those.

        They are fewer after `timeout` seconds, or if the trace is over.

        Raises:
            DeadlockError: nothing is left in this thread that could ever send it a message.
            SelfAskError: the actor waits for itself.
            SettingsError: `count` is less than 1, or `timeout` not more than 0.
            WrongThreadError: the system belongs to another thread.
        """
        require(_IS_COUNT, "count", count)
        require(_IS_TIMEOUT, "timeout", timeout)
        cell = self._cell
        cell.require_thread()
        require_other(cell)
        if self._is_over:
            return ()
        wait = _Wait(count)
        self._waits.append(wait)
        try:
            wait_for(f"{count} more messages of {cell.name}", cell, wait.is_over.wait, timeout)
        finally:
            self._waits.remove(wait)
        return tuple(wait.entries)

    def stop(self) -> None:
        """Record no more; what was recorded stays.

        Raises:
            WrongThreadError: the system belongs to another thread.
        """
        cell = self._cell
        cell.require_thread()
        if not self._is_over:
            self._end()
            cell.remove_watcher(self)
            if cell.greenlet is not None:
                cell.mailbox.put_signal(Call(self._unwrap))

    def post(self, news: Restarted | Terminated) -> None:
        """Go on with a new incarnation, or end with the actor; the framework calls it."""
        if isinstance(news, Terminated):
            self._end()
        else:
            self._wrap(self._cell.greenlet.actor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __str__(self) -> str:
        lines = [f"{self._cell.name}, messages since the trace began:"]
        lines += [
            f"{entry.at - self._began_at:10.3f} s  #{entry.incarnation}  "
            f"{entry.took_s:9.6f} s  {entry.outcome.value:9}  {entry.message}"
            f"{entry.error and f'  {entry.error}'}"
            for entry in self.entries
        ]
        return "\n".join(lines)

    def _in_hand_now(self) -> list[TraceEntry]:
        entry = self._in_hand
        return [] if entry is None else [evolve(entry, took_s=time.monotonic() - entry.at)]

    def _end(self) -> None:
        self._is_over = True
        self._ended.extend(self._in_hand_now())
        self._in_hand = None
        for wait in self._waits:
            wait.is_over.set()

    def _wrap(self, actor: Any) -> None:
        if not self._is_over and self._recording not in actor._wrappers:  # noqa: SLF001
            actor._wrappers += (self._recording,)  # noqa: SLF001

    def _unwrap(self, actor: Any) -> None:
        actor._wrappers = tuple(x for x in actor._wrappers if x != self._recording)  # noqa: SLF001

    def _recording(self, handler: _Handler) -> _Handler:
        """Return a handler that records what `handler` does."""
        cell = self._cell
        greenlet: Any = current_greenlet()

        def record(message: Any) -> None:
            began_at = time.monotonic()
            entry = TraceEntry(short(message), greenlet.number, began_at, 0.0, TraceOutcome.IN_HAND)
            self._in_hand = None if self._is_over else entry
            handled, dead = cell.handled, cell.dead
            error, outcome = "", TraceOutcome.FAILED
            try:
                handler(message)
                if greenlet.handling.is_busy() or cell.handled > handled:
                    outcome = TraceOutcome.HANDLED
                else:
                    outcome = TraceOutcome.UNHANDLED if cell.dead > dead else TraceOutcome.STASHED
            except BaseException as failure:
                error = shortened(shown_error(failure))
                raise
            finally:
                if self._in_hand is entry:
                    self._in_hand = None
                took_s = time.monotonic() - began_at
                self._add(evolve(entry, took_s=took_s, outcome=outcome, error=error))

        return record

    def _add(self, entry: TraceEntry) -> None:
        if not self._is_over:
            self._ended.append(entry)
            for wait in self._waits:
                wait.add(entry)


@define(eq=False)
class _Wait:
    """One wait for the next messages."""

    count: int
    entries: list[TraceEntry] = field(factory=list)
    is_over: Event = field(factory=Event)

    def add(self, entry: TraceEntry) -> None:
        if len(self.entries) < self.count:
            self.entries.append(entry)
        if len(self.entries) == self.count:
            self.is_over.set()


def trace(ref: ActorRef[Any], n: int = 100) -> Trace:
    """Begin to record the messages that an actor handles, from the next one on.

    The last `n` are kept. An actor can have several traces, and one that has none pays nothing.

    Raises:
        ActorDeadError: the actor has stopped for good.
        ActorError: the actor has a `run` of its own.
        SettingsError: `n` is less than 1.
        WrongThreadError: the system belongs to another thread.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.inspection import trace
        >>> class Printer(Actor[str]):
        ...     def receive(self, message: str) -> None:
        ...         print(message)
        >>> with ActorSystem() as system:
        ...     printer = system.start(ChildSpec("printer", Printer))
        ...     with trace(printer) as messages:
        ...         printer.tell("hello")
        ...         (entry,) = messages.wait_for(1)
        hello
        >>> entry.message, entry.outcome
        ("'hello'", <TraceOutcome.HANDLED: 'handled'>)
    """
    require(_IS_COUNT, "n", n)
    return Trace(handling_cell_of(ref, "trace()"), n)
