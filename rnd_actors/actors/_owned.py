"""What an incarnation owns and ends with it: timers, background work, watches and links."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import gevent
from gevent import Greenlet, GreenletExit, getcurrent

from rnd_actors._validators import accepts, require
from rnd_actors._validators import delay as is_delay
from rnd_actors._validators import seconds as is_interval
from rnd_actors.actors._incarnation import FAILURES, Crashed, ExitReason, Rang, Stopped
from rnd_actors.actors._loop import SYSTEM_ERRORS, raise_in_main
from rnd_actors.errors import LinkedActorError

if TYPE_CHECKING:
    AnyGreenlet = Greenlet[..., Any]
else:
    AnyGreenlet = Greenlet

_KILL_PATIENCE_S: Final = 1.0
_CLOCK_ERROR_S: Final = 1e-6
"""Less than any loop can wait, and more than what sums of times are wrong by."""

is_given = accepts("a message; None with None seconds alone", lambda value: value is not None)
is_work = accepts("a function", callable)


class OwnedGreenlet(AnyGreenlet):
    """A greenlet of an actor: that of an incarnation, or of its background work."""

    __slots__ = ("cell", "owned")

    spawning_stack_limit = 0  # or each greenlet would keep ten frames of its starter

    cell: Any  # of its actor
    owned: Owned  # of its incarnation

    @property
    def name(self) -> str:
        """The name of its actor, for `gevent.util.print_run_info` and other tools."""
        name: str = self.cell.name
        return name


def current_greenlet() -> OwnedGreenlet | None:
    """Return the greenlet that runs if it is one of an actor, None if it is not."""
    greenlet: object = getcurrent()
    return greenlet if isinstance(greenlet, OwnedGreenlet) else None


class Timer:
    """Calls something later, once or again and again, until it is cancelled.

    `Actor.after` and `Actor.every` make timers.
    """

    def __init__(
        self, delay: float, repeat: float, fire: Callable[[], object], timers: dict[Timer, None]
    ) -> None:
        self._due_at = time.monotonic() + delay
        self._repeat = repeat
        self._fire = fire
        self._timers = timers
        self._watcher = gevent.get_hub().loop.timer(delay, repeat)
        self._watcher.start(self._ring)
        timers[self] = None

    @property
    def time_left(self) -> float:
        """Seconds until it fires, the next time if it fires again and again; 0 if it is over."""
        return max(0.0, self._due_at - time.monotonic())

    @property
    def is_active(self) -> bool:
        """Whether it will fire."""
        return self in self._timers

    def cancel(self) -> None:
        """Fire no more; a message that was already sent is not taken back."""
        self._timers.pop(self, None)
        self._watcher.stop()
        self._watcher.close()

    def _ring(self) -> None:
        if self._repeat:
            self._due_at += self._repeat
        else:
            self.cancel()
        self._fire()


class Owned:
    """All that ends with an incarnation, whose `greenlet` this is."""

    __slots__ = (
        "_endings",
        "_greenlets",
        "_idle",
        "_timers",
        "greenlet",
        "linked",
        "rings",
        "watched",
    )

    def __init__(self, greenlet: Any) -> None:
        self.greenlet = greenlet
        self._timers: dict[Timer, None] = {}
        self._greenlets: dict[AnyGreenlet, None] = {}
        self._endings: dict[Callable[[], object], None] = {}
        self._idle: Timer | None = None
        self.rings: dict[object, Rang] = {}
        """The timers with keys."""
        self.watched: dict[Any, None] = {}
        self.linked: dict[Owned, None] = {}

    def after(self, delay: float, fire: Callable[[], object]) -> Timer:
        require(is_delay, "after() delay", delay)
        return Timer(delay, 0.0, fire, self._timers)

    def every(self, interval: float, fire: Callable[[], object]) -> Timer:
        require(is_interval, "every() interval", interval)
        return Timer(interval, interval, fire, self._timers)

    def set_timer(self, key: object, delay: float, message: object, *, repeat: bool) -> None:
        require(is_interval if repeat else is_delay, "set_timer() delay", delay)
        self.cancel_timer(key)
        self.rings[key] = rang = Rang(key, message)
        put = self.greenlet.cell.mailbox.put_signal_last
        rang.timer = Timer(delay, delay if repeat else 0.0, lambda: put(rang), self._timers)

    def cancel_timer(self, key: object) -> None:
        if key in self.rings:
            self.rings.pop(key).timer.cancel()

    def take(self, rang: Rang) -> bool:
        """Whether the message of a timer that has fired counts still."""
        if self.rings.get(rang.key) is not rang:
            return False
        if not rang.timer.is_active:
            del self.rings[rang.key]
        return True

    def set_receive_timeout(self, seconds: float | None, message: object) -> None:
        if seconds is not None:
            require(is_interval, "set_receive_timeout() seconds", seconds)
            require(is_given, "set_receive_timeout() message", message)
        if self._idle is not None:
            self._idle.cancel()
        if seconds is not None:
            self._look_in(seconds, seconds, message)

    def _look_in(self, left: float, seconds: float, message: object) -> None:
        def look() -> None:
            cell = self.greenlet.cell
            idle_since, now = cell.mailbox.idle_since, time.monotonic()
            left = seconds if idle_since is None else idle_since + seconds - now
            if left < _CLOCK_ERROR_S:
                cell.post(message)
                left = seconds
            self._look_in(left, seconds, message)

        self._idle = Timer(left, 0.0, look, self._timers)

    def background(self, work: Callable[..., object], args: tuple[Any, ...]) -> None:
        require(is_work, "background() work", work)
        greenlet = BackgroundGreenlet(self.greenlet, work, args)
        self._greenlets[greenlet] = None
        greenlet.rawlink(self._greenlets.pop)
        greenlet.start()

    def at_end(self, ending: Callable[[], object]) -> Callable[[], object]:
        """Call `ending` at the end; return a function that cancels that."""
        self._endings[ending] = None
        return lambda: self._endings.pop(ending, None)

    def watch(self, cell: Any, *, restarts: bool) -> None:
        cell.require_thread()
        self.watched[cell] = None
        cell.add_watcher(self.greenlet.cell, restarts=restarts)

    def unwatch(self, cell: Any) -> None:
        self.watched.pop(cell, None)
        cell.remove_watcher(self.greenlet.cell)

    def link(self, cell: Any) -> None:
        """Link the incarnation to the present one of another actor."""
        if cell.greenlet is None:
            error = LinkedActorError(f"{cell.name}, to be linked, {cell.describe_work()}")
            self.greenlet.fail(error)
        elif cell.greenlet is not self.greenlet:
            other: Owned = cell.greenlet.owned
            self.linked[other] = other.linked[self] = None

    def unlink(self, cell: Any) -> None:
        if cell.greenlet is not None:
            other: Owned = cell.greenlet.owned
            self.linked.pop(other, None)
            other.linked.pop(self, None)

    def end_linked(self, reason: ExitReason) -> None:
        """End the incarnations that are linked to this one, unless it ended normally."""
        words = f"{self.greenlet.name}, to which it is linked, has ended: {reason}"
        if isinstance(reason, Crashed) and isinstance(reason.error, LinkedActorError):
            words = str(reason.error)  # of the first that failed
        while self.linked:
            other, _ = self.linked.popitem()
            other.linked.pop(self, None)
            if isinstance(reason, FAILURES):
                other.greenlet.fail(LinkedActorError(words))
            elif isinstance(reason, Stopped):
                other.greenlet.stop(reason)

    def end(self) -> int:
        """Cancel, kill and end all; return how many greenlets have not ended within a second."""
        greenlets = self.abandon()
        if not greenlets:
            return 0
        ended = gevent.joinall(greenlets, timeout=_KILL_PATIENCE_S)
        return len(greenlets) - len(ended)

    def abandon(self) -> list[AnyGreenlet]:
        """Cancel, kill and end all without a wait; return the greenlets that were killed."""
        for watched in tuple(self.watched):
            self.unwatch(watched)
        for timer in tuple(self._timers):
            timer.cancel()
        self.rings.clear()
        for ending in tuple(self._endings):
            ending()
        greenlets = list(self._greenlets)
        gevent.killall(greenlets, block=False)
        return greenlets


class BackgroundGreenlet(OwnedGreenlet):
    """Runs `work(*args)`, which may wait; an exception in it ends the incarnation `of`."""

    __slots__ = ("_args", "_of", "_work")

    def __init__(self, of: Any, work: Callable[..., object], args: tuple[Any, ...]) -> None:
        super().__init__()
        self.cell = of.cell
        self.owned = of.owned
        self._of = of
        self._work = work
        self._args = args

    def _run(self) -> None:
        try:
            self._work(*self._args)
        except GreenletExit:
            pass
        except SYSTEM_ERRORS as error:
            raise_in_main(error)
        except BaseException as error:  # noqa: BLE001
            self._of.fail(error)
