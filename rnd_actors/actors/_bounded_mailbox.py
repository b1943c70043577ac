"""The bounded mailbox, and what becomes of messages for which it has no room."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from gevent.lock import Semaphore

from rnd_actors.actors._mailbox import Mailbox
from rnd_actors.actors._signals import Signal
from rnd_actors.errors import MailboxFullError

__all__ = ["BoundedMailbox", "Overflow"]


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
        self.at_hand = ()  # what is taken makes room, which `take` knows
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

    def take(self) -> Any:
        entry = super().take()
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
