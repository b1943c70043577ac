"""What the system lane of a mailbox carries: the framework's own messages to an actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from rnd_actors.actors._exits import ExitReason

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["ChildEnded", "ChildReady", "Doom", "Signal", "Stop"]


@frozen(eq=False)
class Signal:
    """The base of what the system lane carries: it overtakes every waiting message."""


@frozen(eq=False)
class Stop(Signal):
    """End after the message in hand."""

    reason: ExitReason
    lasts: bool
    """Whether it holds for the next incarnation if this one crashes first."""


@frozen(eq=False)
class Doom(Signal):
    """End with this error, which is raised in the actor."""

    error: BaseException


@frozen(eq=False)
class ChildReady(Signal):
    """For the parent: `on_start` of this incarnation of the child has returned."""

    child: Cell
    incarnation: int


@frozen(eq=False)
class ChildEnded(Signal):
    """For the parent: this incarnation of the child is over."""

    child: Cell
    incarnation: int
    reason: ExitReason
