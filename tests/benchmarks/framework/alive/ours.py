"""Many living actors on rnd-actors."""

from attrs import frozen
from gevent.event import Event

from rnd_actors import Actor, ActorSystem, ChildSpec
from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Report:
    tally: Tally


class Reporter(Actor[Report]):
    def receive(self, message: Report) -> None:
        message.tally.add()


def run(actors: int = 10_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    done = Event()
    tally = Tally(actors, done.set)
    report = Report(tally)
    with ActorSystem() as system:
        refs = [system.start(ChildSpec(f"reporter-{n}", Reporter)) for n in range(actors)]
        with Stopwatch() as watch:
            for ref in refs:
                ref.tell(report)
            done.wait()
    assert tally.is_complete, "not all actors have handled their message"
    return watch.seconds
