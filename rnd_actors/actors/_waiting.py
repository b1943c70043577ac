"""Waiting for an actor: who waits for what, and the waits that could never end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent import getcurrent
from gevent.exceptions import LoopExit
from gevent.lock import Semaphore

from rnd_actors.errors import DeadlockError, MailboxFullError, SelfAskError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["require_other", "wait_for_room", "waiting_for"]


class waiting_for:  # noqa: N801  # it reads as a word of the language
    """Wait in this block for something of an actor; say so to those who ask what we do.

    Raises:
        DeadlockError: nothing is left in this thread that could ever end the wait.
    """

    __slots__ = ("_of", "_waiting", "_what")

    def __init__(self, what: object, of: Cell) -> None:
        self._what = what
        self._of = of

    def __enter__(self) -> None:
        self._waiting: Cell | None = getattr(getcurrent(), "cell", None)
        if self._waiting is not None:
            self._waiting.waits_for = self._what

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is not None and issubclass(kind, LoopExit):
                raise DeadlockError(
                    "nothing is left that could wake anyone: this greenlet waits for "
                    f"{self._what}; {self._of.system.who_waits()}"
                ) from None
        finally:
            if self._waiting is not None:
                self._waiting.waits_for = None


def wait_for_room(cell: Cell, room: Semaphore, timeout: float | None) -> bool:
    """Wait for room in the mailbox of an actor; say whether there is some now.

    Raises:
        MailboxFullError: the actor itself wants to wait, and only it could make room.
    """
    if getattr(getcurrent(), "cell", None) is cell:
        raise MailboxFullError(
            f"{cell.name} tells itself something and its mailbox is full: only it could make "
            "room; use after(0, message), a larger capacity or another overflow policy"
        )
    with waiting_for(f"room in the mailbox of {cell.name}", of=cell):
        return room.acquire(timeout=timeout)


def require_other(cell: Cell) -> None:
    """Raise `SelfAskError` in the greenlet of the actor that is asked."""
    if getattr(getcurrent(), "cell", None) is cell:
        raise SelfAskError(
            f"{cell.name} waits for its own answer, which could never come; "
            "call a method instead, or tell() yourself and go on"
        )
