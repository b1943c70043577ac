"""What an incarnation of an actor owns, and what therefore ends with it: timers and greenlets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent import Greenlet, GreenletExit

from rnd_actors.errors import SettingsError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["Owned", "Timer"]

_KILL_PATIENCE_S = 1.0


class Timer:
    """Calls something later, once or again and again, until it is cancelled.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Restart
        >>> class Clock(Actor[str]):
        ...     def on_start(self) -> None:
        ...         self.ticking = self.every(0.001, "tick")
        ...     def receive(self, message: str) -> None:
        ...         self.ticking.cancel()
        ...         self.stop()
        >>> with ActorSystem() as system:
        ...     system.start(ChildSpec("clock", Clock, restart=Restart.TRANSIENT)).join()
        Normal()
    """

    def __init__(
        self, delay: float, repeat: float, fire: Callable[[], object], timers: dict[Timer, None]
    ) -> None:
        self._timers = timers
        self._watcher = gevent.get_hub().loop.timer(delay, repeat)
        self._watcher.start(fire)
        timers[self] = None

    def cancel(self) -> None:
        """Fire no more; a message that was already sent is not taken back."""
        self._timers.pop(self, None)
        self._watcher.stop()
        self._watcher.close()


class Owned:
    """The timers and background greenlets of one incarnation of `cell`."""

    __slots__ = ("_cell", "_greenlets", "_timers")

    def __init__(self, cell: Cell | None = None) -> None:
        self._cell = cell
        self._timers: dict[Timer, None] = {}
        self._greenlets: dict[Greenlet[..., None], None] = {}

    def after(self, delay: float, fire: Callable[[], object]) -> Timer:
        """Call `fire` once, `delay` seconds from now."""

        def fire_once() -> None:
            timer.cancel()
            fire()

        timer = Timer(delay, 0.0, fire_once, self._timers)
        return timer

    def every(self, interval: float, fire: Callable[[], object]) -> Timer:
        """Call `fire` every `interval` seconds, first after one interval."""
        if not interval > 0:
            raise SettingsError("every() interval", "seconds > 0", interval)
        return Timer(interval, interval, fire, self._timers)

    def background(
        self,
        work: Callable[..., object],
        args: tuple[Any, ...],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Run `work(*args)` in a greenlet of its own; an exception goes to `failed`."""

        def run() -> None:
            try:
                work(*args)
            except GreenletExit:
                pass
            except BaseException as error:  # noqa: BLE001
                failed(error)

        greenlet = gevent.spawn(run)
        greenlet.owner = self._cell  # type: ignore[attr-defined]
        self._greenlets[greenlet] = None
        greenlet.rawlink(self._greenlets.pop)

    def end(self) -> int:
        """Cancel the timers and kill the greenlets; return how many of these have not ended.

        It waits at most a second for them.
        """
        for timer in tuple(self._timers):
            timer.cancel()
        if not self._greenlets:
            return 0
        greenlets = list(self._greenlets)
        gevent.killall(greenlets, block=False)
        ended = gevent.joinall(greenlets, timeout=_KILL_PATIENCE_S)
        return len(greenlets) - len(ended)
