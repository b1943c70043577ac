"""Many living actors on Pykka."""

import threading
from dataclasses import dataclass

import pykka

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Report:
    tally: Tally


class Reporter(pykka.ThreadingActor):
    def on_receive(self, message: Report) -> None:
        message.tally.add()


def run(actors: int = 10_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    done = threading.Event()
    tally = Tally(actors, done.set)
    report = Report(tally)
    try:
        refs = [Reporter.start() for _ in range(actors)]
        with Stopwatch() as watch:
            for ref in refs:
                ref.tell(report)
            done.wait()
    finally:
        # Those that were started would keep the process alive if one more cannot be.
        pykka.ActorRegistry.stop_all()
    assert tally.is_complete, "not all actors have handled their message"
    return watch.seconds
