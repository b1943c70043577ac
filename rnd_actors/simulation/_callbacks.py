"""What the loop of a simulation runs: callbacks, and timers that become callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rnd_actors.simulation._loop import VirtualLoop

__all__ = ["Callback", "VirtualTimer"]


class Callback:
    """Something that is to run as soon as it is picked, with the interface of gevent's own."""

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


class VirtualTimer:
    """A timer that virtual time lets expire, with the interface of gevent's own."""

    __slots__ = ("_after", "_args", "_callback", "_due", "_loop", "_repeat", "entry", "ref")

    def __init__(self, loop: VirtualLoop, after: float, repeat: float, *, ref: bool) -> None:
        self._loop = loop
        self._after = max(0.0, after)
        self._repeat = repeat
        self._callback: Callable[..., object] | None = None
        self._args: tuple[Any, ...] = ()
        self._due: Callback | None = None
        self.ref = ref
        """Whether the loop has to wait for it before it has nothing left to do."""
        self.entry: int | None = None
        """The number of its entry in the loop's heap; None while it is not in there."""

    @property
    def pending(self) -> bool:
        return bool(self._due)

    @property
    def active(self) -> bool:
        return self.entry is not None or self.pending

    def start(self, callback: Callable[..., object], *args: Any, update: bool = False) -> None:
        self.stop()
        self._callback, self._args = callback, args
        self.entry = self._loop.arm(self, self._after)

    def again(self, callback: Callable[..., object], *args: Any, update: bool = False) -> None:
        self._after = self._repeat
        self.start(callback, *args)

    def stop(self) -> None:
        if self.entry is not None:
            self.entry = None
            self._loop.disarm(self)
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
        """Hear that the time has come, and return what is to run."""
        self.entry = None
        self._due = Callback(self._fire, ())
        return self._due

    def _fire(self) -> None:
        callback, self._due = self._callback, None
        if self._repeat:
            self.entry = self._loop.arm(self, self._repeat)
        if callback is not None:
            callback(*self._args)
