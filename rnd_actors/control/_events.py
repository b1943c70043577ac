"""The events of a system for those who ask for them: the last ones, and those to come."""

import logging
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice, takewhile
from math import isfinite
from typing import Any, Final, TypeAlias

import gevent.event
from attrs import define, field

from rnd_actors._printing import escaped, one_line, shown, text_of
from rnd_actors.events import ActorFailed, ActorStopped, DeadLetter, Event
from rnd_actors.running import event_record

_KEPT: Final = 1000
_KEPT_DEAD_LETTERS: Final = 100
_KEPT_ENDS: Final = 10
_LONGEST_TEXT: Final = 1000
"""Characters of a text in a record: a message may be as long as it likes."""

_Stamped: TypeAlias = tuple[int, float, Event]
"""An event with its number and its time, in seconds of the epoch."""


class KeptEvents:
    """Subscriber of the event stream that keeps the last thousand events of each level.

    So that many small ones do not take the place of the few that matter. Of dead letters it keeps
    the last hundred besides, and the last ten ends of each of the last thousand actors that ended.
    """

    def __init__(self) -> None:
        self._by_level: defaultdict[int, deque[_Stamped]] = defaultdict(
            lambda: deque[_Stamped](maxlen=_KEPT)
        )
        self._dead_letters = deque[tuple[float, DeadLetter]](maxlen=_KEPT_DEAD_LETTERS)
        self._ends = OrderedDict[str, deque[tuple[float, ActorFailed | ActorStopped]]]()
        self.latest = 0
        """The number of the latest event."""
        self._readers: list[_Reader] = []
        self._is_over = False

    def __call__(self, event: Event) -> None:
        self.latest += 1
        at = time.time()
        stamped = self.latest, at, event
        self._by_level[event.level].append(stamped)
        match event:
            case DeadLetter():
                self._dead_letters.append((at, event))
            case ActorFailed() | ActorStopped():
                self._keep_end(at, event)
        for reader in self._readers:
            reader.put(stamped)

    def last(self, number: int, level: int) -> list[dict[str, Any]]:
        """Return the last events of a level or above, as records, the oldest first."""
        kept = [events for each, events in self._by_level.items() if each >= level]
        return [_record(stamped) for stamped in [*merge(*kept)][-number:]]

    def since(self, number: int, level: int, most: int) -> list[dict[str, Any]]:
        """Return the events of a level or above after the one with this number, as records.

        The oldest is the first. Of more than `most` these are the last ones, after a record with
        the key `lost` that says how many are left out.
        """
        kept = [reversed(events) for each, events in self._by_level.items() if each >= level]
        newest = merge(*kept, reverse=True)
        newer = [*takewhile(lambda stamped: stamped[0] > number, newest)][::-1]
        lost = len(newer) - most
        records = [_record(stamped) for stamped in newer[-most:]]
        return [{"lost": lost}, *records] if lost > 0 else records

    def of_actor(self, name: str, number: int) -> list[dict[str, Any]]:
        """Return the last events that name an actor, as records, the oldest first."""
        newest = merge(*map(reversed, self._by_level.values()), reverse=True)
        about = (stamped for stamped in newest if actor_named_by(stamped[2]) == name)
        return [_record(stamped) for stamped in islice(about, number)][::-1]

    def ends_of(self, name: str) -> list[dict[str, Any]]:
        """Return the last ends of an actor: `time`, `incarnation` and `reason`."""
        return [
            {"time": iso(at), "incarnation": end.incarnation, "reason": one_line(end.reason)}
            for at, end in self._ends.get(name, ())
        ]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Return the last dead letters: `time`, `actor`, `message` and `why`."""
        return [
            {
                "time": iso(at),
                "actor": letter.actor,
                "message": escaped(_cut(shown(letter.message))),
                "why": letter.why,
            }
            for at, letter in self._dead_letters
        ]

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

    def _keep_end(self, at: float, event: ActorFailed | ActorStopped) -> None:
        ends = self._ends.setdefault(event.actor, deque(maxlen=_KEPT_ENDS))
        ends.append((at, event))
        self._ends.move_to_end(event.actor)
        if len(self._ends) > _KEPT:
            self._ends.popitem(last=False)


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


def actor_named_by(event: Event) -> str | None:
    """Return the name of the actor that an event is about; None if it is about no single one."""
    worker = getattr(event, "worker", None)
    named = getattr(event, "actor", None) or getattr(event, "child", None)
    return f"workers/{worker}" if worker is not None else named


def iso(at: float) -> str:
    """Return a time in seconds of the epoch in the form of ISO 8601."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


def level_of(name: str) -> int:
    """Return the level of `logging` with this name; raise KeyError if there is none."""
    return logging.getLevelNamesMapping()[name.upper()]


def _record(stamped: _Stamped) -> dict[str, Any]:
    """Return an event as a record of bounded length, in which all is known to JSON."""
    _, at, event = stamped
    record = event_record(event, datetime.fromtimestamp(at).astimezone())
    fields = {name: _plain(value) for name, value in record["fields"].items()}
    return {**record, "text": _cut(record["text"]), "fields": fields}


def _plain(value: object) -> object:
    is_plain = value is None or type(value) in (bool, int)
    is_plain = is_plain or (type(value) is float and isfinite(value))
    return value if is_plain else _cut(text_of(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
