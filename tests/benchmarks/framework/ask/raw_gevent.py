"""Asking by hand: two gevent queues, for requests and for answers."""

import gevent
from gevent.queue import SimpleQueue

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def answer(requests: "SimpleQueue[str]", answers: "SimpleQueue[int]") -> None:
    count = 0
    while requests.get() == "count":
        count += 1
        answers.put(count)


def run(requests: int = 20_000) -> float:
    """Return the seconds from the first request to the last answer."""
    inbox: SimpleQueue[str] = SimpleQueue()
    answers: SimpleQueue[int] = SimpleQueue()
    counter, total = gevent.spawn(answer, inbox, answers), 0
    gevent.sleep(0)
    with Stopwatch() as watch:
        for _ in range(requests):
            inbox.put("count")
            total += answers.get()
    inbox.put("stop")
    counter.join()
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
