"""Asking by hand: a greenlet that is switched to and fro, without a hub."""

from greenlet import getcurrent, greenlet

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def answer(message: str) -> None:
    asker = getcurrent().parent
    assert asker is not None
    count = 0
    while message == "count":
        count += 1
        message = asker.switch(count)


def run(requests: int = 20_000) -> float:
    """Return the seconds from the first request to the last answer."""
    counter, total = greenlet(answer), 0
    with Stopwatch() as watch:
        for _ in range(requests):
            total += counter.switch("count")
    counter.switch("stop")
    assert counter.dead, "the greenlet has not ended"
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
