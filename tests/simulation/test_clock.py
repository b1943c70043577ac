"""Clocks and random numbers in virtual time, and outside of it meanwhile."""

import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent import monkey

from rnd_actors.simulation import VirtualTime

CLOCKS: list[Callable[[], float]] = [time.monotonic, time.perf_counter, time.time]
NAMES = ["monotonic", "perf_counter", "time"]
YEAR_2000 = 946_684_800.0
A_DAY = 86_400.0

native_lock: Callable[[], threading.Lock] = monkey.get_original("_thread", "allocate_lock")


def readings() -> list[float]:
    """What the clocks of `time` say, by the names that they have in that module now."""
    return [getattr(time, name)() for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_each_clock_goes_by_what_is_slept(virtual_time: VirtualTime, name: str) -> None:
    def told() -> tuple[float, int]:
        seconds, nanoseconds = getattr(time, name), getattr(time, f"{name}_ns")
        return seconds(), nanoseconds()

    began, began_ns = told()
    time.sleep(0.25)
    gevent.sleep(3600.0)
    ended, ended_ns = told()
    assert ended - began == 3600.25
    assert ended_ns - began_ns == 3_600_250_000_000


def test_every_simulation_begins_at_zero_in_the_year_2000() -> None:
    for _ in range(2):
        with VirtualTime():
            assert readings() == [0.0, 0.0, YEAR_2000]
            assert time.gmtime(time.time())[:3] == (2000, 1, 1)
            gevent.sleep(1.0)


def test_time_stands_still_while_nothing_waits(virtual_time: VirtualTime) -> None:
    before = readings()
    sum(range(100_000))
    gevent.sleep(0)
    assert readings() == before


def test_a_condition_is_waited_for_in_virtual_time(virtual_time: VirtualTime) -> None:
    condition = threading.Condition()
    with condition:
        assert not condition.wait_for(lambda: False, timeout=30.0)
    assert virtual_time.now == 30.0


def test_queues_of_the_standard_library_wait_in_virtual_time(virtual_time: VirtualTime) -> None:
    with pytest.raises(queue.Empty):
        queue.Queue[int]().get(timeout=30.0)
    assert virtual_time.now == 30.0


def test_patched_threads_run_in_virtual_time(virtual_time: VirtualTime) -> None:
    thread = threading.Thread(target=time.sleep, args=(60.0,))
    thread.start()
    thread.join(timeout=45.0)
    assert thread.is_alive()
    thread.join()
    assert virtual_time.now == 60.0


def test_clocks_are_as_before_after_the_block_also_if_it_fails() -> None:
    before = [getattr(time, name) for name in NAMES]
    for error in (None, KeyError("no luck")):
        try:
            with VirtualTime():
                assert readings()[0] == 0.0
                if error is not None:
                    raise error
        except KeyError:
            pass
        assert [getattr(time, name) for name in NAMES] == before == CLOCKS
        assert readings()[2] > YEAR_2000 + A_DAY


def test_a_block_within_a_block_has_its_own_time() -> None:
    with VirtualTime() as outer:
        gevent.sleep(10.0)
        with VirtualTime() as inner:
            gevent.sleep(3.0)
            assert (time.monotonic(), inner.now, outer.now) == (3.0, 3.0, 10.0)
        assert time.monotonic() == 10.0
        gevent.sleep(1.0)
        assert time.monotonic() == 11.0


def test_other_threads_are_told_the_real_time_meanwhile() -> None:
    asked, told = native_lock(), native_lock()
    asked.acquire()
    told.acquire()

    def tell() -> list[float]:
        asked.acquire()
        clocks = readings()
        told.release()
        return clocks

    before = readings()
    answer: Any = gevent.get_hub().threadpool.spawn(tell)
    with VirtualTime():
        gevent.sleep(A_DAY)
        asked.release()
        told.acquire()
        assert readings()[0] == A_DAY
    after = readings()
    assert all(a <= b <= c for a, b, c in zip(before, answer.get(), after, strict=True))


def test_another_thread_can_simulate_at_the_same_time() -> None:
    ours, theirs, left = native_lock(), native_lock(), native_lock()
    for lock in (ours, theirs, left):
        lock.acquire()

    def simulate_too() -> float:
        ours.acquire()
        with VirtualTime() as time_there:
            sleeper = gevent.spawn(gevent.sleep, 5.0)
            gevent.sleep(0)
            theirs.release()
            left.acquire()
            sleeper.join()
            assert sleeper.value is None
            assert sleeper.exception is None
            return time_there.now + time.monotonic()

    answer = gevent.get_hub().threadpool.spawn(simulate_too)
    with VirtualTime():
        ours.release()
        theirs.acquire()
        gevent.sleep(100.0)
        assert time.monotonic() == 100.0
    left.release()
    assert answer.get() == 10.0
    assert readings()[2] > YEAR_2000 + A_DAY


def draws(seed: int) -> list[float]:
    with VirtualTime(seed):
        return [random.random() for _ in range(5)]


def test_random_numbers_are_fixed_by_the_seed() -> None:
    assert draws(3) == draws(3) != draws(4)


def test_random_goes_on_after_the_block_as_if_it_had_not_been() -> None:
    random.seed(1)
    undisturbed = [random.random() for _ in range(4)]
    random.seed(1)
    disturbed = [random.random(), random.random()]
    with pytest.raises(ZeroDivisionError), VirtualTime(5):
        _ = random.random() / 0
    assert [*disturbed, random.random(), random.random()] == undisturbed
