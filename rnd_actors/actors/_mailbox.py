"""The mailbox: a queue for messages, and before it a lane for the system's signals."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rnd_actors.actors._carrier import Carried
from rnd_actors.actors._signals import Signal, Stop

__all__ = ["Door", "Mailbox"]


class Door(Protocol):
    """Where the messages for an actor come in: its mailbox, or somebody who stands before it."""

    def put(self, entry: Any, timeout: float | None = None, /) -> bool:
        """Add a message at the end; a bounded mailbox may refuse it, or wait up to `timeout`.

        Return False, with nothing done, if there was no room in time.
        """
        ...

    def put_forced(self, entry: Any, /) -> bool:
        """Add a message at the end, whatever the capacity says; never waits."""
        ...


class Mailbox:
    """What is on its way to one actor, and stays when the actor restarts.

    Order is first in, first out per lane, and the system lane goes first. What cannot be
    delivered goes to `refuse(entry, why)`.
    """

    __slots__ = (
        "_has_markers",
        "_refuse",
        "at_hand",
        "closed",
        "entries",
        "idle_s",
        "idle_since",
        "signals",
        "sleeper",
        "told",
    )

    def __init__(self, refuse: Callable[[Any, str], None]) -> None:
        self._refuse = refuse
        self.sleeper: Carried | None = None
        """Who has a turn when something comes; None as long as there is a turn already."""
        self.entries: deque[Any] = deque()
        self.at_hand: deque[Any] | tuple[()] = self.entries
        """What may be taken from here as well as with `take`, which is slower, while there are no
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
            if self.sleeper is not None:
                self._wake(self.sleeper)
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
        if self.sleeper is not None:
            self._wake(self.sleeper)

    def put_signal_last(self, signal: Signal) -> None:
        """Add a signal at the end of the messages; never waits."""
        self._has_markers = True
        self.entries.append(signal)
        if self.sleeper is not None:
            self._wake(self.sleeper)

    def take(self) -> Any:
        """Return what is next, of which there must be some: a signal, else the oldest message."""
        return self.signals.popleft() if self.signals else self.entries.popleft()

    def put_back(self, entries: Sequence[Any]) -> None:
        """Put messages that were taken out before all others, in their order; never waits."""
        if self.closed:
            for entry in entries:
                self._refuse(entry, "the actor has stopped")
        else:
            self.entries.extendleft(reversed(entries))
            if self.sleeper is not None:
                self._wake(self.sleeper)

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

    def _wake(self, sleeper: Carried) -> None:
        self.sleeper = None
        sleeper.turns.wake(sleeper)
