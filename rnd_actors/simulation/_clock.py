"""Clocks and random numbers of the standard library, as a thread sees them that simulates."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

from gevent import monkey

__all__ = ["seeded_random", "virtual_clocks"]

_EPOCH_S: Final = 946_684_800.0
"""The beginning of 2000, UTC: where the wall clock of every simulation starts."""
_NS: Final = 1_000_000_000

_Clock = Callable[[], float]
_thread_id: Final = monkey.get_original("_thread", "get_ident")
_lock: Final = monkey.get_original("_thread", "allocate_lock")()
_now_of: Final[dict[int, _Clock]] = {}
"""By the thread that simulates: what tells its virtual time."""


def _monotonic(now: float) -> float:
    return now


def _monotonic_ns(now: float) -> int:
    return round(now * _NS)


def _wall(now: float) -> float:
    return _EPOCH_S + now


def _wall_ns(now: float) -> int:
    return round((_EPOCH_S + now) * _NS)


_CLOCKS: Final[list[tuple[ModuleType, str, Callable[[float], float]]]] = [
    (time, "monotonic", _monotonic),
    (time, "monotonic_ns", _monotonic_ns),
    (time, "perf_counter", _monotonic),
    (time, "perf_counter_ns", _monotonic_ns),
    (time, "time", _wall),
    (time, "time_ns", _wall_ns),
    (threading, "_time", _monotonic),  # what Condition.wait_for counts by
]
_REAL: Final = [getattr(module, name) for module, name, _ in _CLOCKS]


def _virtual(real: _Clock, told: Callable[[float], float]) -> _Clock:
    def clock() -> float:
        now = _now_of.get(_thread_id())
        return real() if now is None else told(now())

    return clock


@contextmanager
def virtual_clocks(now: _Clock) -> Iterator[None]:
    """Let the clocks of `time` tell this thread virtual time while the block runs.

    Other threads go on to be told the real one. After the last block the clocks are as before.
    """
    me = _thread_id()
    with _lock:
        before = _now_of.get(me)
        if not _now_of:
            _set([_virtual(real, told) for real, (_, _, told) in zip(_REAL, _CLOCKS, strict=True)])
        _now_of[me] = now
    try:
        yield
    finally:
        with _lock:
            if before is None:
                del _now_of[me]
            else:
                _now_of[me] = before
            if not _now_of:
                _set(_REAL)


def _set(clocks: list[Any]) -> None:
    for clock, (module, name, _) in zip(clocks, _CLOCKS, strict=True):
        setattr(module, name, clock)


@contextmanager
def seeded_random(seed: str) -> Iterator[None]:
    """Seed `random` for the block, and put it back as it was afterwards."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
