"""The trace of a simulation: who told whom what, and what became of whom, in virtual time."""

import re
from collections.abc import Callable
from typing import Any, Final

from rnd_actors._printing import shown
from rnd_actors.actors import Event
from rnd_actors.actors._requests import Asked

__all__ = ["Tracer"]

_ADDRESS: Final = re.compile(" at 0x[0-9a-f]+")
"""Part of the `repr` of many objects; it would make the traces of two equal runs differ."""


class Tracer:
    """Writes a line for each message that is told or handled, and for each event.

    Args:
        write: called with each line; None: there is no trace.
        now: tells virtual time.
    """

    def __init__(self, write: Callable[[str], object] | None, now: Callable[[], float]) -> None:
        self._write = write
        self._now = now

    def told(self, sender: str, receiver: str, entry: Any, *, lost: bool) -> None:
        """Note a message on its way into a mailbox."""
        if self._write is not None:
            asked = isinstance(entry, Asked)
            verb, message = ("asks", entry.request) if asked else ("tells", entry)
            self.note(f"{sender} {verb} {receiver} {shown(message)}{' (lost)' if lost else ''}")

    def handles(self, actor: str, message: object) -> None:
        """Note that an actor takes up a message."""
        if self._write is not None:
            self.note(f"{actor} handles {shown(message)}")

    def event(self, event: Event) -> None:
        """Note what has happened."""
        if self._write is not None:
            self.note(str(event))

    def note(self, text: str) -> None:
        """Write a line, with the time before it."""
        if self._write is not None:
            self._write(f"{self._now():10.3f} s  {_ADDRESS.sub('', text)}")
