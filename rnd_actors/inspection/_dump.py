"""A whole system at one moment, also when a signal asks for it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, Final, TextIO

from rnd_actors._printing import text_of
from rnd_actors._validators import member, require
from rnd_actors.actors import ActorSystem
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._loop import thread_id
from rnd_actors.errors import ActorError, WrongThreadError
from rnd_actors.inspection._actors import shortened
from rnd_actors.inspection._inspect import inspection_of

_MOST_LINES: Final = 500
_MOST_INSPECTIONS: Final = 50
_IS_SIGNAL: Final = member(signal.Signals)


def dump(system: ActorSystem) -> str:
    """Return the tree of a system, and an inspection of each actor that is not idle.

    Idle are those that wait for a message and have none. The tree has 500 actors at most, and 50
    are inspected; the text says how many are left out. No actor is asked or waited for.

    Raises:
        ActorError: the system has not been entered yet.
        WrongThreadError: the system belongs to another thread.
    """
    tree, root = system.tree(), system.root._cell  # noqa: SLF001
    cells = list(_all_below(root))
    lines = [shortened(line) for line in islice(tree._lines(), _MOST_LINES)]  # noqa: SLF001
    if len(cells) > _MOST_LINES:
        lines.append(f"… and {len(cells) - _MOST_LINES} more actors")
    busy = [cell for cell in cells if not _is_idle(cell)]
    pages = [f"\n{inspection_of(cell)}" for cell in busy[:_MOST_INSPECTIONS]]
    if len(busy) > _MOST_INSPECTIONS:
        pages.append(f"\n… and {len(busy) - _MOST_INSPECTIONS} more that are not idle")
    return "\n".join([*lines, *pages])


@contextmanager
def dump_on_signal(
    system: ActorSystem, number: signal.Signals = signal.SIGUSR1, file: TextIO | None = None
) -> Iterator[None]:
    """Print `dump(system)` each time that a signal comes while the block runs.

    Python itself handles the signal, so it also works while an actor keeps the loop busy, between
    two steps of Python. Afterwards the signal has its former handler, which may end the program:
    enter it before the system, and the end of the system is covered, too.

    Args:
        system: the system to look into; it may be entered later.
        number: the signal.
        file: where to print; None: to stderr. An error of printing is ignored.

    Raises:
        SettingsError: `number` is no member of `signal.Signals`.
        WrongThreadError: this is not the main thread, or the system belongs to another one.

    Example:
        >>> from rnd_actors import ActorSystem
        >>> from rnd_actors.inspection import dump_on_signal
        >>> system = ActorSystem()
        >>> with dump_on_signal(system), system:
        ...     pass  # the work of the program
    """
    require(_IS_SIGNAL, "number", number)
    if system.thread_id != thread_id():
        raise WrongThreadError(
            "the system belongs to another thread, and signals come to the main thread alone; "
            "call dump(system) in the thread of the system"
        )

    def handle(*_: object) -> None:
        try:
            text = dump(system)
        except ActorError as error:  # it has not been entered
            text = text_of(error)
        with suppress(OSError, RuntimeError, ValueError):  # the actor that runs must not suffer
            output = sys.stderr if file is None else file
            output.write(f"{text}\n")
            output.flush()

    try:
        former = signal.signal(number, handle)
    except ValueError:
        raise WrongThreadError(
            "signals come to the main thread alone; call dump_on_signal() there, "
            "or dump(system) in the thread of the system"
        ) from None
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL if former is None else former)


def _all_below(cell: Any) -> Iterator[Cell]:
    """Give a cell and all below it, each before its children."""
    yield cell
    for child in list(cell.children.cells()) if cell.children is not None else ():
        yield from _all_below(child)


def _is_idle(cell: Cell) -> bool:
    return cell.mailbox.idle_since is not None and not cell.mailbox.waiting()
