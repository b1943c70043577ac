"""Asking on Pykka."""

from dataclasses import dataclass

import pykka

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Count:
    pass


class Counter(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: Count) -> int:
        self.count += 1
        return self.count


def run(requests: int = 20_000) -> float:
    """Return the seconds from the first request to the last answer."""
    count, total = Count(), 0
    counter = Counter.start()
    with Stopwatch() as watch:
        for _ in range(requests):
            total += counter.ask(count)
    pykka.ActorRegistry.stop_all()
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
