"""The events of a run for those who ask for them: the last ones, and those to come."""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import count
from typing import Any, Final, TypeAlias

import gevent.event
from attrs import define, field

from rnd_actors.events import Event
from rnd_actors.running import event_record

_KEPT: Final = 1000

_Stamped: TypeAlias = tuple[int, float, Event]
"""An event with its number and its time, in seconds of the epoch."""


class KeptEvents:
    """Subscriber of the event stream that keeps the last thousand events of each level.

    So that many small ones do not take the place of the few that matter.
    """

    def __init__(self) -> None:
        self._by_level: defaultdict[int, deque[_Stamped]] = defaultdict(
            lambda: deque[_Stamped](maxlen=_KEPT)
        )
        self._numbers = count()
        self._readers: list[_Reader] = []
        self._is_over = False

    def __call__(self, event: Event) -> None:
        stamped = next(self._numbers), time.time(), event
        self._by_level[event.level].append(stamped)
        for reader in self._readers:
            reader.put(stamped)

    def last(self, number: int, level: int) -> list[dict[str, Any]]:
        """Return the last events of a level or above, as records, the oldest first."""
        kept = [events for each, events in self._by_level.items() if each >= level]
        return [_record(stamped) for stamped in [*merge(*kept)][-number:]]

    def follow(self, level: int) -> Iterator[dict[str, Any]]:
        """Give events of a level or above as records, as they happen, until `end`.

        A reader that is more than a thousand events behind loses the oldest ones of them; it is
        told how many, by a record with the key `lost`.
        """
        reader = _Reader(level)
        self._readers.append(reader)
        try:
            while not self._is_over or reader.events:
                yield from reader.records()
                if not self._is_over:
                    reader.has_events.wait()
        finally:
            self._readers.remove(reader)

    def end(self) -> None:
        """Let those who follow read what is left, and end."""
        self._is_over = True
        for reader in self._readers:
            reader.has_events.set()


@define(eq=False)
class _Reader:
    """One who follows the events, at a pace of its own."""

    level: int
    events: deque[_Stamped] = field(factory=deque)
    lost: int = 0
    has_events: gevent.event.Event = field(factory=gevent.event.Event)

    def put(self, stamped: _Stamped) -> None:
        if stamped[2].level >= self.level:
            if len(self.events) == _KEPT:
                self.events.popleft()
                self.lost += 1
            self.events.append(stamped)
            self.has_events.set()

    def records(self) -> Iterator[dict[str, Any]]:
        """Give what has come since the last time."""
        self.has_events.clear()
        while self.events:
            if self.lost:
                lost, self.lost = self.lost, 0
                yield {"lost": lost}
            yield _record(self.events.popleft())


def _record(stamped: _Stamped) -> dict[str, Any]:
    _, at, event = stamped
    return event_record(event, datetime.fromtimestamp(at).astimezone())


def level_of(name: str) -> int:
    """Return the level of `logging` with this name; raise KeyError if there is none."""
    return logging.getLevelNamesMapping()[name.upper()]
