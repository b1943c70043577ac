"""The mailbox: a queue for messages, and before it a lane for the system's signals."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from gevent import getcurrent
from gevent.lock import Semaphore

from rnd_actors.actors._signals import Signal, Stop
from rnd_actors.actors._turns import current_turns
from rnd_actors.errors import MailboxFullError

__all__ = ["BoundedMailbox", "Mailbox", "Overflow"]


class Overflow(Enum):
    """What `tell` does when the receiver's mailbox is at its capacity.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Overflow
        >>> with ActorSystem() as system:
        ...     spec = ChildSpec("log", Actor, capacity=1, overflow=Overflow.DROP_OLDEST)
        ...     log = system.start(spec)
        ...     log.tell("old")
        ...     log.tell("new")
        ...     log.figures().refused
        1
    """

    BLOCK = "block"
    """The sender waits for room: a slow receiver slows its senders down."""
    DROP_NEWEST = "drop_newest"
    """The new message is refused."""
    DROP_OLDEST = "drop_oldest"
    """The message that has waited longest is refused, and the new one takes its place."""
    FAIL = "fail"
    """The new message is refused and `tell` raises `MailboxFullError`."""


class Mailbox:
    """What is on its way to one actor, and stays when the actor restarts.

    Order is first in, first out per lane, and the system lane goes first. What cannot be
    delivered goes to `refuse(entry, why)`.
    """

    __slots__ = (
        "_has_markers",
        "_is_asleep",
        "_refuse",
        "_switch",
        "_turns",
        "at_hand",
        "closed",
        "entries",
        "idle_s",
        "idle_since",
        "signals",
        "told",
    )

    def __init__(self, refuse: Callable[[Any, str], None]) -> None:
        self._refuse = refuse
        self._turns: Any = None
        self._switch: Any = None
        """Of the greenlet that reads, as soon as it has to wait."""
        self._is_asleep = False
        """Whether it waits, and has not been woken yet."""
        self.entries: deque[Any] = deque()
        self.at_hand: deque[Any] | tuple[()] = self.entries
        """What may be taken from here as well as with `get`, which is slower, while there are no
        signals."""
        self._has_markers = False
        """Whether there may be signals among the entries."""
        self.signals: deque[Signal] | tuple[()] = ()
        """The system lane; a deque only once it is used, since most actors are never signalled."""
        self.closed = False
        self.told = 0
        self.idle_s = 0.0
        """Seconds that the actor has waited here, without the wait that goes on."""
        self.idle_since: float | None = None
        """When the wait that goes on began, in monotonic seconds."""

    def __len__(self) -> int:
        if self._has_markers:
            return sum(not isinstance(entry, Signal) for entry in self.entries)
        return len(self.entries)

    def put(self, entry: Any, timeout: float | None = None) -> bool:
        """Add a message at the end; a bounded mailbox may refuse it, or wait up to `timeout`.

        Return False, with nothing done, if there was no room in time.
        """
        if self.closed:
            self.refuse(entry, "the actor has stopped")
        else:
            self.told += 1
            self.entries.append(entry)
            if self._is_asleep:
                self._wake()
        return True

    put_forced = put
    """Add a message at the end, whatever the capacity says; never waits."""

    def refuse(self, entry: Any, why: str) -> None:
        """Do not take a message that was told."""
        self.told += 1
        self._refuse(entry, why)

    def put_signal(self, signal: Signal) -> None:
        """Add to the system lane; never waits."""
        if not self.signals:
            self.signals = deque()
        self.signals.append(signal)
        if self._is_asleep:
            self._wake()

    def put_signal_last(self, signal: Signal) -> None:
        """Add a signal at the end of the messages; never waits."""
        self._has_markers = True
        self.entries.append(signal)
        if self._is_asleep:
            self._wake()

    def change_reader(self) -> None:
        """Let the greenlet that reads next be the only one that does."""
        self._switch = None

    def get(self) -> Any:
        """Wait for what is next: a signal if there is one, else the oldest message."""
        while not (self.entries or self.signals):
            if self._switch is None:
                self._turns, self._switch = current_turns(), getcurrent().switch
            self.idle_since = now = time.monotonic()
            self._is_asleep = True
            try:
                self._turns.sleep(now)
            except BaseException:
                self._stop_waiting()
                raise
            self.idle_s += self._turns.now - now
            self.idle_since = None
        if self.signals:
            return self.signals.popleft()
        return self.entries.popleft()

    def _wake(self) -> None:
        """Let the reader, which sleeps, go on in its turn."""
        self._is_asleep = False
        self._turns.wake(self._switch)

    def _stop_waiting(self) -> None:
        """Note that the reader goes on, but not in its turn."""
        if not self._is_asleep:
            self._turns.forget(self._switch)
        self._is_asleep = False
        self.idle_since = None

    def put_back(self, entries: Sequence[Any]) -> None:
        """Put messages that were taken out before all others, in their order; never waits."""
        if self.closed:
            for entry in entries:
                self._refuse(entry, "the actor has stopped")
        else:
            self.entries.extendleft(reversed(entries))

    def close(self) -> list[Any]:
        """Take no more: from now on messages are refused. Return those that still waited."""
        self.closed = True
        waiting = [entry for entry in self.entries if not isinstance(entry, Signal)]
        self.entries.clear()
        self.signals = ()
        return waiting

    def forget_signals(self, *, but_stops: bool) -> None:
        """Forget what was signalled to the incarnation that has ended.

        With `but_stops` what users have stopped stays stopped: the next incarnation hears of it.
        """
        if not (self.signals or self._has_markers):
            return

        def is_kept(signal: object) -> bool:
            return but_stops and isinstance(signal, Stop) and signal.lasts

        kept = [x for x in self.entries if not isinstance(x, Signal) or is_kept(x)]
        self.entries.clear()
        self.entries.extend(kept)
        self._has_markers = any(isinstance(x, Signal) for x in kept)
        self.signals = deque(filter(is_kept, self.signals)) or ()


class BoundedMailbox(Mailbox):
    """A mailbox that holds `capacity` messages and treats more according to `overflow`.

    Messages that the framework itself sends (timers, `ChildDown`) come on top: they keep their
    place in the order, are never refused, never wait and take up no room.
    """

    __slots__ = ("_capacity", "_overflow", "_room", "_wait_for")

    def __init__(
        self,
        refuse: Callable[[Any, str], None],
        capacity: int,
        overflow: Overflow,
        wait_for: Callable[[Semaphore, float | None], bool],
    ) -> None:
        super().__init__(refuse)
        self.at_hand = ()  # what is taken makes room, which `get` knows
        self._wait_for = wait_for
        self._capacity = capacity
        self._overflow = overflow
        self._room = Semaphore(capacity)

    def put(self, entry: Any, timeout: float | None = None) -> bool:
        if self.closed or self._room.acquire(blocking=False) or self._wait_for_room(timeout):
            return super().put_forced(entry)
        if self._overflow is Overflow.BLOCK:
            return False
        if self._overflow is Overflow.DROP_OLDEST:
            self._refuse(self._take_oldest(), "dropped: the mailbox was full and it was the oldest")
            return super().put_forced(entry)
        self.refuse(entry, "refused: the mailbox was full")
        if self._overflow is Overflow.FAIL:
            raise MailboxFullError(
                f"the mailbox holds its {self._capacity} messages already; send more slowly, "
                "or give the receiver a larger capacity or another overflow policy"
            )
        return True

    def put_forced(self, entry: Any, timeout: float | None = None) -> bool:
        return super().put_forced(entry if self.closed else _Posted(entry))

    def get(self) -> Any:
        entry = super().get()
        if isinstance(entry, _Posted):
            return entry.message
        if not isinstance(entry, Signal):
            self._room.release()
        return entry

    def close(self) -> list[Any]:
        waiting = super().close()
        for _ in range(self._room.linkcount()):
            self._room.release()
        return [entry.message if isinstance(entry, _Posted) else entry for entry in waiting]

    def put_back(self, entries: Sequence[Any]) -> None:
        super().put_back(entries if self.closed else [_Posted(entry) for entry in entries])

    def _wait_for_room(self, timeout: float | None) -> bool:
        if self._overflow is not Overflow.BLOCK:
            return False
        return self._wait_for(self._room, timeout)

    def _take_oldest(self) -> Any:
        queue = self.entries
        position = next(i for i, x in enumerate(queue) if not isinstance(x, Signal | _Posted))
        oldest = queue[position]
        del queue[position]
        return oldest


class _Posted:
    """A message in a bounded mailbox that takes up no room."""

    __slots__ = ("message",)

    def __init__(self, message: Any) -> None:
        self.message = message
