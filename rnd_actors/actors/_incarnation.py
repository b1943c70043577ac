"""An incarnation of an actor: why it ends, the signals to it, and all that ends with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import gevent
from attrs import define, field, frozen
from gevent import Greenlet, GreenletExit, getcurrent

from rnd_actors._printing import text_of
from rnd_actors._validators import delay as is_delay
from rnd_actors._validators import require
from rnd_actors._validators import seconds as is_interval
from rnd_actors.actors._loop import SYSTEM_ERRORS, raise_in_main

if TYPE_CHECKING:
    AnyGreenlet = Greenlet[..., Any]
else:
    AnyGreenlet = Greenlet

_KILL_PATIENCE_S: Final = 1.0


@frozen
class Normal:
    """The actor stopped itself: its work is done."""

    def __str__(self) -> str:
        return "normal"


@frozen
class Stopped:
    """Its supervisor or its system told the actor to stop."""

    def __str__(self) -> str:
        return "shutdown"


@frozen
class Killed:
    """The actor did not stop within its time limit, or something killed it."""

    def __str__(self) -> str:
        return "killed"


def _signature(error: BaseException) -> object:
    return type(error), error.args


@frozen
class Crashed:
    """An exception left the actor: `error`, with its traceback.

    Two crashes are equal if their errors are of the same class and have the same arguments.
    """

    error: BaseException = field(eq=_signature, hash=False)

    def __str__(self) -> str:
        return f"crashed: {type(self.error).__name__}: {text_of(self.error)}"


ExitReason: TypeAlias = Normal | Stopped | Killed | Crashed
"""Why an incarnation ended, for `on_stop`, `Terminated`, `ActorRef.join` and others."""

FAILURES: Final = (Crashed, Killed)
"""The reasons for which a TRANSIENT child is restarted."""


@define(eq=False)
class Signal:
    """The base of all that the system lane carries: it overtakes every waiting message."""


@define(eq=False)
class Stop(Signal):
    """End after the message in hand."""

    reason: ExitReason
    outlives_crash: bool
    """Whether it holds for the next incarnation if this one crashes first."""


@define(eq=False)
class Fail(Signal):
    """End with this error."""

    error: BaseException


@define(eq=False)
class ChildSignal(Signal):
    """News of an incarnation of a child, for its parent."""

    child: Any
    """Its cell."""
    incarnation: int


@define(eq=False)
class ChildReady(ChildSignal):
    """Its `on_start` has returned."""


@define(eq=False)
class ChildHealthy(ChildSignal):
    """It works."""


@define(eq=False)
class ChildEnded(ChildSignal):
    """It has ended."""

    reason: ExitReason


def is_signal(entry: object) -> bool:
    return issubclass(type(entry), Signal)  # the `__class__` of a message may raise


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
    """The timers, background greenlets and subscriptions of one incarnation."""

    __slots__ = ("_endings", "_greenlets", "_timers")

    def __init__(self) -> None:
        self._timers: dict[Timer, None] = {}
        self._greenlets: dict[AnyGreenlet, None] = {}
        self._endings: dict[Callable[[], object], None] = {}

    def after(self, delay: float, fire: Callable[[], object]) -> Timer:
        require(is_delay, "after() delay", delay)

        def fire_once() -> None:
            timer.cancel()
            fire()

        timer = Timer(delay, 0.0, fire_once, self._timers)
        return timer

    def every(self, interval: float, fire: Callable[[], object]) -> Timer:
        require(is_interval, "every() interval", interval)
        return Timer(interval, interval, fire, self._timers)

    def background(self, greenlet: BackgroundGreenlet) -> None:
        self._greenlets[greenlet] = None
        greenlet.rawlink(self._greenlets.pop)
        greenlet.start()

    def at_end(self, ending: Callable[[], object]) -> Callable[[], object]:
        """Call `ending` at the end; return a function that cancels that."""
        self._endings[ending] = None
        return lambda: self._endings.pop(ending, None)

    def end(self) -> int:
        """Cancel, kill and end all; return how many greenlets have not ended within a second."""
        greenlets = self.abandon()
        if not greenlets:
            return 0
        ended = gevent.joinall(greenlets, timeout=_KILL_PATIENCE_S)
        return len(greenlets) - len(ended)

    def abandon(self) -> list[AnyGreenlet]:
        """Cancel, kill and end all without a wait; return the greenlets that were killed."""
        for timer in tuple(self._timers):
            timer.cancel()
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
