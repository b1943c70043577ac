"""A guard who sees, and may keep back, what an actor is told."""

from collections.abc import Callable
from typing import Any

from rnd_actors.actors._mailbox import Door

__all__ = ["GuardedDoor"]


class GuardedDoor:
    """Leads to `door`, but each message that is told has to pass `lets_in` first.

    Args:
        door: where it leads.
        lets_in: given each entry and whether it comes from the framework itself, such as a timer's
            message, and so cannot be kept back; returns whether to let it in. What it keeps back
            is its own affair.
    """

    def __init__(self, door: Door, lets_in: Callable[[Any, bool], bool]) -> None:
        self._door = door
        self._lets_in = lets_in

    def put(self, entry: Any, timeout: float | None = None) -> bool:
        return not self._lets_in(entry, False) or self._door.put(entry, timeout)  # noqa: FBT003

    def put_forced(self, entry: Any) -> bool:
        self._lets_in(entry, True)  # noqa: FBT003
        return self._door.put_forced(entry)
