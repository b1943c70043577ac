"""The mailbox: a gevent queue for messages, and before it a lane for the system's signals."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import define
from gevent import getcurrent
from gevent.queue import Full, SimpleQueue

from rnd_actors.actors._incarnation import Signal, Stop, is_signal
from rnd_actors.actors._policy import Overflow
from rnd_actors.actors._requests import Addressed, wait_for
from rnd_actors.errors import MailboxFullError

if TYPE_CHECKING:
    AnyQueue = SimpleQueue[Any]
else:
    AnyQueue = SimpleQueue


class Mailbox(AnyQueue):
    """The messages on their way to one actor; they stay when the actor restarts.

    A gevent queue, first in, first out; a request that was asked is in it as an `Asked`. The
    signals of the system lane stand beside it and go first. A message that is put after `close`
    goes to `refuse(entry, why)`.

    Only one greenlet takes from it at a time, the actor's. It waits as gevent's own primitives do:
    it switches to the hub, and a callback of the loop switches back. A signal handler of Python may
    run between any two of these steps, so `listener` is set before the last look.
    """

    __slots__ = (
        "_add",
        "_call",
        "_is_plain",
        "_readers",
        "_refuse",
        "closed",
        "idle_s",
        "idle_since",
        "listener",
        "marks",
        "signals",
        "told",
    )

    blocked = 0
    """How many senders wait for room."""

    def __init__(self, refuse: Callable[[Any, str], None], capacity: int | None = None) -> None:
        super().__init__(capacity)
        self._refuse = refuse
        self._add = self.queue.append
        self._call: Any = None
        self._readers = 0
        """Greenlets that wait in `get` or `peek`, which gevent's own `put` wakes."""
        self._is_plain = capacity is None
        """Whether `put` need not look for room, an end or readers."""
        self.listener: Callable[[], object] | None = None
        """The loop calls it once when an entry has come."""
        self.signals: deque[Signal] | tuple[()] = ()
        """The system lane; a deque from its first use on, since most actors get no signal."""
        self.marks = 0
        """How many signals stand in the queue, among the messages."""
        self.closed = False
        self.told = 0
        self.idle_s = 0.0
        """Seconds of all past waits of the actor."""
        self.idle_since: float | None = None
        """When the present wait began, in monotonic seconds."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        """Add at the end, as gevent's `put` does; `tell` ends here."""
        if self._is_plain:
            self.told += 1
            add = self._add  # CPython specializes calls of methods and of local names alone
            add(item)
            if self.listener is not None:
                self._notify()
        else:
            super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002
        """Take the oldest entry, as gevent's `get` does; the actor itself calls `take`."""
        with self._reading():
            return super().get(block, timeout)

    def peek(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002
        """Return the oldest entry, as gevent's `peek` does."""
        with self._reading():
            return super().peek(block, timeout)

    def wait(self, switch: Callable[[], object]) -> None:
        """Let the greenlet whose `switch` this is wait until there is something to take."""
        started = self.idle_since = time.monotonic()
        try:
            while True:
                self.listener = switch
                if self.signals or self.queue:
                    break
                self.hub.switch()
        finally:
            self.ignore()
            self.idle_since = None
            self.idle_s += time.monotonic() - started

    def wait_for_signal(self, switch: Callable[[], object]) -> None:
        """Let the greenlet whose `switch` this is wait for a signal; messages wait with it."""
        try:
            while True:
                self.listener = switch
                if self.signals:
                    break
                self.hub.switch()
        finally:
            self.ignore()

    def ignore(self) -> None:
        """Cancel every call of the listener: by then its greenlet may wait elsewhere."""
        self.listener = None
        if self._call is not None and self._call.pending:
            self._call.stop()

    def take(self) -> Any:
        """Return the first signal, else the oldest entry; there must be one."""
        if self.signals:
            return self.signals.popleft()
        entry = self.take_entry()
        if is_signal(entry):
            self.marks -= 1
        return entry

    def take_entry(self) -> Any:
        """Return the oldest entry; for a signal, the caller lowers `marks`."""
        return self.queue.popleft()

    def waiting(self) -> int:
        return len(self.queue) - self.marks

    def oldest(self, count: int) -> list[Any]:
        """Return up to `count` of the entries that wait, the oldest first; they stay."""
        entries = list(islice(self.queue, count + self.marks))
        return [self._unwrapped(entry) for entry in entries if not is_signal(entry)][:count]

    def is_draining(self) -> bool:
        """Whether the actor ends after the messages that wait."""
        return self.marks > 0 and any(type(entry) is Stop for entry in list(self.queue))

    def post(self, entry: Any) -> None:
        """Add a message of the framework itself; never waits, and needs no room."""
        self.put(entry)

    def put_signal(self, signal: Signal) -> None:
        """Add to the system lane; never waits."""
        if isinstance(self.signals, tuple):
            self.signals = deque()
        self.signals.append(signal)
        self._notify()

    def put_signals_back(self, signals: Sequence[Signal]) -> None:
        """Put signals that were taken out in front of all others, in their order."""
        if isinstance(self.signals, deque):
            self.signals.extendleft(reversed(signals))

    def put_signal_last(self, signal: Signal) -> None:
        """Add a signal at the end of the messages; never waits."""
        if not self.closed:
            self.marks += 1
            self._grow(1)
            self.queue.append(signal)
            self._notify()

    def put_back(self, entries: Sequence[Any]) -> None:
        """Put messages that were taken out in front of all others, in their order; never waits."""
        if self.closed:
            for entry in entries:
                self._refuse(entry, "the actor has stopped")
        else:
            self.queue.extendleft(reversed(entries))
            self._notify()

    def refuse(self, entry: Any, why: str) -> None:
        """Count a message as told, and refuse it."""
        self.told += 1
        self._refuse(entry, why)

    def close(self) -> list[Any]:
        """Refuse messages from now on; return those that still waited."""
        self.closed, self._is_plain = True, False
        entries = [self.take_entry() for _ in range(len(self.queue))]
        self.signals, self.marks = (), 0
        return [entry for entry in entries if not is_signal(entry)]

    def discard_signals(self, *, but_stops: bool) -> None:
        """Discard the signals to an incarnation that has ended.

        With `but_stops`, a stop by a user is kept for the next incarnation.
        """
        if not (self.signals or self.marks):
            return

        def is_kept(signal: object) -> bool:
            return but_stops and type(signal) is Stop and signal.outlives_crash

        # Copied and deleted in single steps: a signal handler may add some at any moment.
        if isinstance(self.signals, deque):
            for signal in list(self.signals):
                if not is_kept(signal):
                    self.signals.remove(signal)
        entries = list(self.queue) if self.marks else []
        for position in reversed(range(len(entries))):
            if is_signal(entries[position]) and not is_kept(entries[position]):
                del self.queue[position]
                self.marks -= 1
                self._grow(-1)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._readers += 1
        self._is_plain = False
        try:
            yield
        finally:
            self._readers -= 1
            self._is_plain = not (self._readers or self.closed or self.maxsize)

    def _put(self, item: Any) -> None:  # gevent's own `put` ends here
        if self.closed:
            self.refuse(item, "the actor has stopped")
        else:
            self.told += 1
            self.queue.append(item)
            if self.listener is not None:
                self._notify()

    def _grow(self, by: int) -> None:
        """Change the capacity, if there is one."""

    def _unwrapped(self, entry: Any) -> Any:
        return entry

    def _notify(self) -> None:
        listener, self.listener = self.listener, None
        if listener is not None:  # a signal handler may have been quicker
            self._call = self.hub.loop.run_callback(listener)


class BoundedMailbox(Mailbox):
    """A mailbox with room for `capacity` messages of users; `put` waits for room as gevent's does.

    Messages of the framework itself (timers, `ChildDown`) and stashed ones come on top: they keep
    their place in the order, and `maxsize` grows with each as long as it is in there.
    """

    __slots__ = ("_overflow", "_owner", "blocked")

    def __init__(
        self,
        refuse: Callable[[Any, str], None],
        capacity: int,
        overflow: Overflow,
        owner: Addressed,
    ) -> None:
        super().__init__(refuse, capacity)
        self._overflow = overflow
        self._owner = owner
        self.blocked = 0

    def tell(self, entry: object, block: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002
        """Add a message as the overflow policy says; return False if there was no room in time."""
        if not self.full():
            self.put(entry)
        elif self._overflow is Overflow.BLOCK:
            return self._wait_and_put(entry, block, timeout)
        elif self._overflow is Overflow.DROP_OLDEST:
            self._drop_oldest()
            self.put(entry)
        else:
            self.refuse(entry, "refused: the mailbox was full")
            if self._overflow is Overflow.FAIL:
                raise MailboxFullError(
                    f"the mailbox holds its {self.maxsize} messages already; send more slowly, "
                    "or give the receiver a larger capacity or another overflow policy"
                )
        return True

    def _wait_and_put(self, entry: object, block: bool, timeout: float | None) -> bool:  # noqa: FBT001
        owner = self._owner
        if owner.greenlet is getcurrent():
            raise MailboxFullError(
                f"{owner.name} tells itself something and its mailbox is full: only it could make "
                "room; use after(0, message), a larger capacity or another overflow policy"
            )
        self.blocked += 1
        try:
            wait_for(f"room in the mailbox of {owner.name}", owner, self.put, entry, block, timeout)
        except Full:
            if timeout is None:
                raise MailboxFullError(
                    f"the mailbox of {owner.name} is full, and a callback of the loop cannot wait"
                ) from None
            return False
        finally:
            self.blocked -= 1
        return True

    def post(self, entry: Any) -> None:
        if self.closed:
            self.refuse(entry, "the actor has stopped")
        else:
            self._grow(1)
            self.put(_Extra(entry))

    def put_back(self, entries: Sequence[Any]) -> None:
        if not self.closed:
            self._grow(len(entries))
            entries = [_Extra(entry) for entry in entries]
        super().put_back(entries)

    def _drop_oldest(self) -> None:
        queue = self.queue
        position = next(i for i, x in enumerate(queue) if not _takes_no_room(x))
        oldest = queue[position]
        del queue[position]
        self._refuse(oldest, "dropped: the mailbox was full and it was the oldest")

    def take_entry(self) -> Any:
        return AnyQueue.get(self)

    def _get(self) -> Any:  # gevent's own `get` ends here
        entry = self.queue.popleft()
        if _takes_no_room(entry):
            self._grow(-1)
        return self._unwrapped(entry)

    def _peek(self) -> Any:
        return self._unwrapped(self.queue[0])

    def _grow(self, by: int) -> None:
        queue: Any = self
        queue.maxsize += by

    def _unwrapped(self, entry: Any) -> Any:
        return entry.message if type(entry) is _Extra else entry


@define(eq=False)
class _Extra:
    """A message in a bounded mailbox that takes up no room."""

    message: Any


def _takes_no_room(entry: object) -> bool:
    return type(entry) is _Extra or is_signal(entry)
