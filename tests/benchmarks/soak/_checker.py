"""A collector that checks every sample of workers that number theirs from 0."""

import re
import sys
from collections import defaultdict
from typing import Final

from attrs import define, field

from rnd_actors import Collector, Crashed, ExitReason, Sample, WorkerError

__all__ = ["Checker"]

_LAST_WORDS: Final = re.compile(r"panic: out of luck after ([0-9]+) numbers")
_MOST_FAULTS: Final = 20
_SLOT: Final = 8
"""Bytes in the list of values for each."""
_ALIGNMENT: Final = 16
_SHARED: Final = range(-5, 257)
"""Integers that CPython has anyhow."""


@define
class _Life:
    """One incarnation of a worker, as far as its samples tell."""

    incarnation: int = 0
    received: int = 0
    is_over: bool = True


@define
class Checker(Collector):
    """Collects `goal` samples of stand-ins that run with `-consecutive`, and notes every fault.

    The samples of one incarnation have to be 0, 1, 2, ..., by seq and by value, and none may come
    after its end or from an incarnation before: so none comes twice and none is missing in between.
    None is missing at the end either: a stand-in says in its last words how many numbers it has
    sent, and as many have to have arrived.
    """

    goal: int
    accepted: int = field(default=0, init=False)
    faults: list[str] = field(factory=list, init=False)
    """The first 20 of what was not in order."""
    ends: int = field(default=0, init=False)
    """Incarnations that have ended by themselves before the goal."""
    ends_told: int = field(default=0, init=False)
    """How many of these have said how many numbers they sent."""
    kept_bytes: int = field(default=0, init=False)
    """What the collection of the run needs for the values, which it has to keep."""
    kept_objects: int = field(default=0, init=False)
    _lives: defaultdict[int, _Life] = field(factory=lambda: defaultdict(_Life), init=False)

    def is_reached(self, sample: Sample) -> bool:
        return self.accepted >= self.goal

    def accepts(self, sample: Sample) -> bool:
        life = self._lives[sample.worker]
        if life.is_over and sample.incarnation > life.incarnation:
            life = self._lives[sample.worker] = _Life(sample.incarnation, is_over=False)
        if (
            life.is_over
            or sample.incarnation != life.incarnation
            or not sample.seq == sample.value == life.received
            or sample.index != self.accepted
        ):
            self._fault(f"{sample} came as the next of {life}")
        life.received += 1
        self.accepted += 1
        self._note_kept(sample.value)
        return True

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        life = self._lives[worker]
        received = 0 if life.is_over else life.received
        life.is_over = True
        self.ends += 1
        sent = _numbers_sent(reason)
        if sent is not None:
            self.ends_told += 1
            if sent != received:
                self._fault(f"worker {worker} sent {sent} numbers and {received} came, in {life}")
        return True

    def progress(self) -> float:
        return self.accepted / self.goal

    def _note_kept(self, value: int) -> None:
        self.kept_bytes += _SLOT
        if value not in _SHARED:
            self.kept_bytes += -(-sys.getsizeof(value) // _ALIGNMENT) * _ALIGNMENT
            self.kept_objects += 1

    def _fault(self, what: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(what)


def _numbers_sent(reason: ExitReason) -> int | None:
    """Return how many numbers a worker says to have sent; None if it died without a word."""
    if isinstance(reason, Crashed) and isinstance(reason.error, WorkerError):
        for line in reason.error.last_words:
            if words := _LAST_WORDS.fullmatch(line):
                return int(words[1])
    return None
