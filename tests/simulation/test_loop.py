"""The loop: what gevent waits for, in virtual time."""

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent import Greenlet
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.lock import Semaphore
from gevent.pool import Pool
from gevent.queue import Empty, Queue

from rnd_actors.errors import DeadlockError
from rnd_actors.simulation import VirtualTime


def loop() -> Any:
    return gevent.get_hub().loop


def test_timers_expire_in_the_order_of_their_times_and_then_of_their_start() -> None:
    fired: list[tuple[float, str]] = []
    with VirtualTime(()) as time:
        for after, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (1.0, "A"), (0.0, "now")):
            loop().timer(after).start(lambda name=name: fired.append((time.now, name)))
        gevent.sleep(10.0)
    assert fired == [(0.0, "now"), (1.0, "a"), (1.0, "A"), (2.0, "b"), (3.0, "c")]


def test_a_repeating_timer_fires_until_it_is_stopped(virtual_time: VirtualTime) -> None:
    fired: list[float] = []
    timer = loop().timer(1.0, 2.5)
    timer.start(lambda: fired.append(virtual_time.now))
    gevent.sleep(7.0)
    assert timer.active
    timer.stop()
    assert not timer.active
    gevent.sleep(7.0)
    assert fired == [1.0, 3.5, 6.0]


def test_a_timer_can_stop_itself(virtual_time: VirtualTime) -> None:
    fired: list[float] = []
    timer = loop().timer(1.0, 1.0)

    def fire() -> None:
        fired.append(virtual_time.now)
        timer.stop()

    timer.start(fire)
    gevent.sleep(5.0)
    assert fired == [1.0]


def test_starting_a_timer_again_forgets_its_first_start(virtual_time: VirtualTime) -> None:
    fired: list[tuple[float, str]] = []
    timer = loop().timer(3.0)
    timer.start(lambda: fired.append((virtual_time.now, "first")))
    gevent.sleep(2.0)
    timer.start(lambda: fired.append((virtual_time.now, "second")))
    gevent.sleep(10.0)
    assert fired == [(5.0, "second")]
    with pytest.raises(DeadlockError):
        Flag().wait()


def test_again_puts_a_timer_off_by_its_interval(virtual_time: VirtualTime) -> None:
    fired: list[float] = []
    timer = loop().timer(1.0, 3.0)
    timer.again(lambda: fired.append(virtual_time.now))
    gevent.sleep(2.0)
    timer.again(lambda: fired.append(virtual_time.now))
    gevent.sleep(7.0)
    timer.stop()
    assert fired == [5.0, 8.0]


def test_a_timer_that_is_stopped_when_its_time_has_come_does_not_fire() -> None:
    fired: list[str] = []
    with VirtualTime(()):
        first, second = loop().timer(1.0), loop().timer(1.0, 1.0)
        first.start(second.stop)
        second.start(fired.append, "second")
        gevent.sleep(2.0)
        assert not second.active
    assert fired == []


def test_stopped_timers_are_thrown_away(virtual_time: VirtualTime) -> None:
    kept = loop().timer(5.0)
    kept.start(gevent.getcurrent)
    for _ in range(10_000):
        with loop().timer(60.0) as timer:
            timer.start(gevent.getcurrent)
    assert len(loop()._heap) < 2_000
    gevent.sleep(4.0)
    assert kept.active


def test_nobody_has_to_wait_for_a_timer_without_ref(virtual_time: VirtualTime) -> None:
    fired: list[float] = []
    loop().timer(1.0, ref=False).start(lambda: fired.append(virtual_time.now))
    with pytest.raises(DeadlockError):
        Flag().wait()
    assert fired == []
    gevent.sleep(2.0)
    assert fired == [1.0]


def test_an_error_in_a_callback_does_not_stop_the_loop(
    virtual_time: VirtualTime, capsys: pytest.CaptureFixture[str]
) -> None:
    loop().run_callback(lambda: 1 / 0)
    gevent.sleep(1.0)
    assert virtual_time.now == 1.0
    assert "ZeroDivisionError" in capsys.readouterr().err


def sleeping(time: VirtualTime) -> object:
    gevent.sleep(0)
    gevent.idle()
    gevent.sleep(3600.0)
    return None


def waiting_with_a_timeout(time: VirtualTime) -> object:
    with pytest.raises(gevent.Timeout), gevent.Timeout(2.0):
        Flag().wait()
    return Flag().wait(3.0)


def queueing(time: VirtualTime) -> object:
    queue: Queue[int] = Queue()
    gevent.spawn_later(2.0, queue.put, 7)
    got = queue.get(timeout=5.0)
    with pytest.raises(Empty):
        queue.get(timeout=4.0)
    return got


def waiting_for_a_result(time: VirtualTime) -> object:
    result: AsyncResult[str] = AsyncResult()
    gevent.spawn_later(1.5, result.set, "done")
    return result.get(timeout=60.0)


def sharing(time: VirtualTime) -> object:
    semaphore = Semaphore(2)

    def hold() -> float:
        with semaphore:
            gevent.sleep(1.0)
        return time.now

    holders = [gevent.spawn(hold) for _ in range(5)]
    gevent.joinall(holders)
    return sorted(holder.get() for holder in holders)


def pooling(time: VirtualTime) -> object:
    def half_of(seconds: int) -> float:
        gevent.sleep(seconds)
        return seconds / 2

    return Pool(2).map(half_of, [4, 1, 1, 1])


def joining_too_briefly(time: VirtualTime) -> object:
    slow = gevent.spawn(gevent.sleep, 10.0)
    ended = gevent.joinall([slow], timeout=2.0)
    slow.kill()
    return ended, slow.dead


def waiting_for_the_first(time: VirtualTime) -> object:
    greenlets = [gevent.spawn(gevent.sleep, seconds) for seconds in (5.0, 2.0, 9.0)]
    [first] = gevent.wait(greenlets, count=1)
    return greenlets.index(first)


@pytest.mark.parametrize(
    ("wait", "result", "seconds"),
    [
        (sleeping, None, 3600.0),
        (waiting_with_a_timeout, False, 5.0),
        (queueing, 7, 6.0),
        (waiting_for_a_result, "done", 1.5),
        (sharing, [1.0, 1.0, 2.0, 2.0, 3.0], 3.0),
        (pooling, [2.0, 0.5, 0.5, 0.5], 4.0),
        (joining_too_briefly, ([], True), 2.0),
        (waiting_for_the_first, 1, 2.0),
    ],
)
def test_each_wait_of_gevent_takes_its_virtual_time(
    virtual_time: VirtualTime,
    wait: Callable[[VirtualTime], object],
    result: object,
    seconds: float,
) -> None:
    assert wait(virtual_time) == result
    assert virtual_time.now == seconds


def test_a_greenlet_that_has_not_begun_can_be_killed(virtual_time: VirtualTime) -> None:
    begun: list[str] = []
    at_once, later = gevent.spawn(begun.append, "a"), gevent.spawn_later(1.0, begun.append, "b")
    gevent.killall([at_once, later])
    gevent.sleep(2.0)
    assert begun == []


def test_gevent_waits_until_nothing_is_left(virtual_time: VirtualTime) -> None:
    gevent.spawn_later(3.0, gevent.sleep, 4.0)
    gevent.wait()
    assert virtual_time.now == 7.0


def busy_program() -> list[tuple[int, str]]:
    """What many greenlets do that wait for each other, in the order in which they do it."""
    done: list[tuple[int, str]] = []
    queue: Queue[int] = Queue(maxsize=2)
    start, semaphore = Flag(), Semaphore(2)

    def produce(number: int) -> None:
        start.wait()
        for item in range(3):
            with semaphore:
                done.append((number, f"makes {item}"))
                gevent.sleep(0)
                queue.put(item)

    def consume(number: int) -> None:
        for _ in range(4):
            done.append((number, f"takes {queue.get()}"))
            gevent.sleep(0)

    greenlets: list[Greenlet[..., None]] = [gevent.spawn(produce, i) for i in range(4)]
    greenlets += [gevent.spawn(consume, i) for i in range(4, 7)]
    gevent.spawn(start.set)
    gevent.joinall(greenlets)
    return done


def test_without_choices_the_order_is_that_of_gevents_own_loops() -> None:
    with VirtualTime(()):
        done = busy_program()
    assert done == busy_program()


def test_another_schedule_is_another_order_of_the_same() -> None:
    with VirtualTime(7):
        done = busy_program()
    assert done != busy_program()
    assert len(done) == len(busy_program())
