"""Timers in virtual time: a heap from which the next ones expire, and the callbacks they become."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Final, Self, TypeAlias

_Entry: TypeAlias = "tuple[float, int, VirtualTimer]"
"""The time when a timer expires, the number of this entry, and the timer."""
_LEAST_STALE: Final = 1_000
"""The number of stopped timers that are worth a new heap."""


class TimerHeap:
    """The timers that were started, in the order in which they expire, and the virtual time."""

    def __init__(self) -> None:
        self.now = 0.0
        """The virtual time in seconds."""
        self._entries: list[_Entry] = []
        self._armed = 0
        """How many timers were ever started."""
        self._stale = 0
        """How many entries belong to timers that were stopped."""
        self._awaited = 0
        """How many timers the loop has to wait for."""

    def __len__(self) -> int:
        return len(self._entries)

    def arm(self, timer: VirtualTimer, delay: float) -> int:
        """Let a timer expire after so many seconds; return the number of its entry."""
        self._armed += 1
        self._awaited += timer.ref
        heappush(self._entries, (self.now + delay, self._armed, timer))
        return self._armed

    def disarm(self, timer: VirtualTimer) -> None:
        """Leave the entry of a stopped timer behind, until there are too many of them."""
        self._awaited -= timer.ref
        self._stale += 1
        if self._stale > max(_LEAST_STALE, len(self._entries) // 2):
            self._entries = list(filter(_is_armed, self._entries))
            heapify(self._entries)
            self._stale = 0

    def next_time(self) -> float | None:
        """Return when the next timer expires; None if the loop has to wait for none."""
        if not self._awaited:
            return None
        entries = self._entries
        while not _is_armed(entries[0]):
            heappop(entries)
            self._stale -= 1
        return entries[0][0]

    def expire(self, now: float) -> list[Callback]:
        """Let virtual time pass; return the callbacks of all timers that expire."""
        self.now = now
        entries, due = self._entries, []
        while entries and entries[0][0] <= now:
            entry = heappop(entries)
            if _is_armed(entry):
                timer = entry[2]
                self._awaited -= timer.ref
                due.append(timer.expire())
            else:
                self._stale -= 1
        return due

    def clear(self) -> None:
        self._entries.clear()
        self._awaited = 0


def _is_armed(entry: _Entry) -> bool:
    """Return whether the timer of an entry still waits for just this time."""
    _, number, timer = entry
    return timer.entry == number


class VirtualTimer:
    """A timer that expires in virtual time, with the interface of gevent's timers."""

    __slots__ = ("_after", "_args", "_callback", "_due", "_heap", "_repeat", "entry", "ref")

    def __init__(self, heap: TimerHeap, after: float, repeat: float, *, ref: bool) -> None:
        self._heap = heap
        self._after = max(0.0, after)
        self._repeat = repeat
        self._callback: Callable[..., object] | None = None
        self._args: tuple[Any, ...] = ()
        self._due: Callback | None = None
        self.ref = ref
        """Whether the loop has to wait for it before it has nothing left to do."""
        self.entry: int | None = None
        """The number of its entry in the heap; None while it is not in there."""

    @property
    def pending(self) -> bool:
        return bool(self._due)

    @property
    def active(self) -> bool:
        return self.entry is not None or self.pending

    def start(self, callback: Callable[..., object], *args: Any, update: bool = False) -> None:
        self.stop()
        self._callback, self._args = callback, args
        self.entry = self._heap.arm(self, self._after)

    def again(self, callback: Callable[..., object], *args: Any, update: bool = False) -> None:
        self._after = self._repeat
        self.start(callback, *args)

    def stop(self) -> None:
        if self.entry is not None:
            self.entry = None
            self._heap.disarm(self)
        if self._due is not None:
            self._due.stop()
            self._due = None
        self._callback = None

    close = stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def expire(self) -> Callback:
        """Return the callback to run now that the time of this timer has come."""
        self.entry = None
        self._due = Callback(self._fire, ())
        return self._due

    def _fire(self) -> None:
        callback, self._due = self._callback, None
        if self._repeat:
            self.entry = self._heap.arm(self, self._repeat)
        if callback is not None:
            callback(*self._args)


class Callback:
    """A call that runs as soon as it is picked, with the interface of gevent's callbacks."""

    __slots__ = ("args", "callback")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args: tuple[Any, ...] | None = args

    @property
    def pending(self) -> bool:
        return self.callback is not None

    def stop(self) -> None:
        self.callback = self.args = None

    close = stop

    def __bool__(self) -> bool:
        return self.args is not None
