"""The memory of idle actors on Pykka."""

import threading
import time
from dataclasses import dataclass

import pykka

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Report:
    tally: Tally


class Reporter(pykka.ThreadingActor):
    def on_receive(self, message: Report) -> None:
        message.tally.add()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    done = threading.Event()
    tally = Tally(actors, done.set)
    report = Report(tally)
    try:
        time.sleep(0)  # on gevent it starts the event loop, which is no part of an actor
        before = resident_bytes()
        refs = [Reporter.start() for _ in range(actors)]
        for ref in refs:
            ref.tell(report)
        done.wait()
        after = resident_bytes()
    finally:
        # Those that were started would keep the process alive if one more cannot be.
        pykka.ActorRegistry.stop_all()
    assert tally.is_complete, "not all actors have handled their message"
    return (after - before) / actors
