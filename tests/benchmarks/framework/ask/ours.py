"""Asking on rnd-actors."""

from attrs import frozen

from rnd_actors import Actor, ActorSystem, ChildSpec, Request
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Count(Request[int]):
    pass


class Counter(Actor[Count]):
    def __init__(self) -> None:
        self.count = 0

    def receive(self, message: Count) -> None:
        self.count += 1
        self.reply(message, self.count)


def run(requests: int = 20_000) -> float:
    """Return the seconds from the first request to the last answer."""
    count, total = Count(), 0
    with ActorSystem() as system:
        counter = system.start(ChildSpec("counter", Counter))
        with Stopwatch() as watch:
            for _ in range(requests):
                total += counter.ask(count)
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
