"""Holding an actor still: it handles nothing, and what it is told waits."""

from __future__ import annotations

from typing import Any

from rnd_actors.actors import ActorRef
from rnd_actors.actors._incarnation import Suspend, Unsuspend
from rnd_actors.inspection._actors import cell_of, handling_cell_of


def suspend(ref: ActorRef[Any]) -> None:
    """Let an actor handle no message after the one in hand, until `unsuspend`.

    It returns at once. Messages wait in the mailbox as they do for a busy actor. Stops, kills and
    the supervisor work as always; a drain ends the suspension, and a restart does. An actor that is
    down is suspended when it is up again.

    A suspended supervisor handles neither requests nor the ends of its children until `unsuspend`:
    it restarts nobody. It shuts down as always.

    Raises:
        ActorDeadError: the actor has stopped for good.
        ActorError: the actor has a `run` of its own.
        WrongThreadError: the system belongs to another thread.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.inspection import inspect, suspend, unsuspend
        >>> class Printer(Actor[str]):
        ...     def receive(self, message: str) -> None:
        ...         print(message)
        >>> with ActorSystem() as system:
        ...     printer = system.start(ChildSpec("printer", Printer, drain=True))
        ...     suspend(printer)
        ...     printer.tell("hello")
        ...     print(inspect(printer).is_suspended, inspect(printer).waiting)
        ...     unsuspend(printer)
        True ("'hello'",)
        hello
    """
    handling_cell_of(ref, "suspend()").mailbox.put_signal(Suspend())


def unsuspend(ref: ActorRef[Any]) -> None:
    """Undo `suspend`, also several at once; nothing happens if the actor is not suspended.

    Raises:
        WrongThreadError: the system belongs to another thread.
    """
    cell = cell_of(ref)
    if is_suspended(cell):
        cell.mailbox.put_signal(Unsuspend())


def is_suspended(cell: Any) -> bool:
    """Whether the actor handles no message after the one in hand."""
    for signal in reversed(cell.mailbox.signals):
        if isinstance(signal, Suspend | Unsuspend):
            return isinstance(signal, Suspend)
    return isinstance(cell.waits_for, Suspend)
