"""Asking on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Count:
    pass


class Counter(Actor):
    def __init__(self) -> None:
        self.count = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, Count):
            self.count += 1
            self.send(sender, self.count)


def run(requests: int = 20_000) -> float:
    """Return the seconds from the first request to the last answer."""
    count, total = Count(), 0
    system = ActorSystem("simpleSystemBase")
    try:
        counter = system.createActor(Counter)
        with Stopwatch() as watch:
            for _ in range(requests):
                total += system.ask(counter, count)
    finally:
        system.shutdown()
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
