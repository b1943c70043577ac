"""The memory of idle actors on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Report:
    tally: Tally


class Reporter(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, Report):
            message.tally.add()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    # On this base all messages have been handled when the last `tell` returns.
    tally = Tally(actors, lambda: None)
    report = Report(tally)
    system = ActorSystem("simpleSystemBase")
    try:
        before = resident_bytes()
        refs = [system.createActor(Reporter) for _ in range(actors)]
        for ref in refs:
            system.tell(ref, report)
        after = resident_bytes()
    finally:
        system.shutdown()
    assert tally.is_complete, "not all actors have handled their message"
    return (after - before) / actors
