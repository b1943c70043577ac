"""What all that looks into actors needs: the cell behind a ref, and short texts of anything."""

from __future__ import annotations

from typing import Any, Final

from rnd_actors._printing import escaped, shown
from rnd_actors._validators import instance, require
from rnd_actors.actors import ActorRef

_IS_REF: Final = instance(ActorRef, "an ActorRef")
_MOST_CHARACTERS: Final = 200


def cell_of(ref: ActorRef[Any]) -> Any:
    """Return the cell of an actor; raise `WrongThreadError` in another thread than its own."""
    require(_IS_REF, "ref", ref)
    cell: Any = ref._cell  # noqa: SLF001
    cell.require_thread()
    return cell


def handling_cell_of(ref: ActorRef[Any], what: str) -> Any:
    """Return the cell of an actor that is to do something between two messages: `what`."""
    cell = cell_of(ref)
    cell.require_messages(what)
    return cell


def actor_of(cell: Any) -> Any:
    """Return the user's object of the present incarnation; None while there is none."""
    return None if cell.greenlet is None else cell.greenlet.actor


def work_of(cell: Any) -> str:
    """Return the present work of an actor in words, also what it waits for."""
    if cell.exit_reason is not None and cell.greenlet is None:
        return shortened(f"has stopped for good: {cell.exit_reason}")
    return shortened(cell.describe_work())


def short(thing: object) -> str:
    """Return `repr(thing)` in one line of bounded length, whatever that does."""
    return shortened(shown(thing))


def shortened(text: str) -> str:
    """Return a text in one line of bounded length."""
    left_out = len(text) - _MOST_CHARACTERS
    end = f"… and {left_out} more characters" if left_out > 0 else ""
    return escaped(text[:_MOST_CHARACTERS]) + end


def listed(names: tuple[str, ...], most: int) -> str:
    """Return names in one line, at most so many."""
    end = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + end
