"""An incarnation of an actor: why it ends, and the signals to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

from rnd_actors._printing import shown, text_of


@frozen(repr=False)
class Normal:
    """The actor stopped itself: its work is done, with this result if it has one."""

    result: Any = field(default=None, hash=False)

    def __repr__(self) -> str:
        return "Normal()" if self.result is None else f"Normal({shown(self.result)})"

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


@define(eq=False)
class Became(Signal):
    """Another method handles the messages from the next one on."""


@define(eq=False)
class Rang(Signal):
    """A timer with a key has fired; the message does not count if the timer is replaced by then."""

    key: object
    message: Any
    timer: Any = None


@define(eq=False)
class Suspend(Signal):
    """Handle no messages until `Unsuspend`."""

    def __str__(self) -> str:
        return "unsuspend()"


@define(eq=False)
class Unsuspend(Signal):
    """Handle messages again."""


@define(eq=False)
class Call(Signal):
    """Call `function(actor)` between two messages."""

    function: Callable[[Any], object]


def is_signal(entry: object) -> bool:
    return issubclass(type(entry), Signal)  # the `__class__` of a message may raise
