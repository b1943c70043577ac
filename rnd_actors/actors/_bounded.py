"""The bounded mailbox: what happens to messages beyond its capacity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from gevent import getcurrent
from gevent.queue import Full

from rnd_actors.actors._mailbox import AnyQueue, Mailbox, is_signal
from rnd_actors.actors._requests import Addressed, wait_for
from rnd_actors.errors import MailboxFullError


class Overflow(Enum):
    """What `tell` does when the receiver's mailbox is at its capacity."""

    BLOCK = "block"
    """The sender waits for room: a slow receiver slows its senders down."""
    DROP_NEWEST = "drop_newest"
    """The new message is refused."""
    DROP_OLDEST = "drop_oldest"
    """The message that has waited longest is refused, and the new one takes its place."""
    FAIL = "fail"
    """The new message is refused and `tell` raises `MailboxFullError`."""


class BoundedMailbox(Mailbox):
    """A mailbox with room for `capacity` messages of users; `put` waits for room as gevent's does.

    Messages of the framework itself (timers, `ChildDown`) and what was stashed come on top: they
    keep their place in the order, and `maxsize` grows with each as long as it is in there.
    """

    __slots__ = ("_overflow", "_owner")

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

    def tell(self, entry: object, block: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002
        """Add a message as the overflow policy says; False: there was no room in time."""
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
        try:
            wait_for(f"room in the mailbox of {owner.name}", owner, self.put, entry, block, timeout)
        except Full:
            if timeout is None:
                raise MailboxFullError(
                    f"the mailbox of {owner.name} is full, and a callback of the loop cannot wait"
                ) from None
            return False
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

    def discard_signals(self, *, but_stops: bool) -> None:
        marks = self.marks
        super().discard_signals(but_stops=but_stops)
        self._grow(self.marks - marks)

    def _append(self, signal: Any) -> None:
        self._grow(1)
        super()._append(signal)

    def take_entry(self) -> Any:
        return AnyQueue.get(self)

    def _get(self) -> Any:  # what gevent's own `get` ends in
        entry = self.queue.popleft()
        if _takes_no_room(entry):
            self._grow(-1)
        return entry.message if type(entry) is _Extra else entry

    def _peek(self) -> Any:
        entry = self.queue[0]
        return entry.message if type(entry) is _Extra else entry

    def _grow(self, by: int) -> None:
        queue: Any = self
        queue.maxsize += by


class _Extra:
    """A message in a bounded mailbox that takes up no room."""

    __slots__ = ("message",)

    def __init__(self, message: Any) -> None:
        self.message = message


def _takes_no_room(entry: object) -> bool:
    return type(entry) is _Extra or is_signal(entry)
