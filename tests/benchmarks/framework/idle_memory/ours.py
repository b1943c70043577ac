"""The memory of idle actors on rnd-actors."""

from attrs import frozen
from gevent.event import Event

from rnd_actors import Actor, ActorSystem, ChildSpec
from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes

__all__ = ["run"]


@frozen
class Report:
    tally: Tally


class Reporter(Actor[Report]):
    def receive(self, message: Report) -> None:
        message.tally.add()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    done = Event()
    tally = Tally(actors, done.set)
    report = Report(tally)
    with ActorSystem() as system:
        before = resident_bytes()
        refs = [system.start(ChildSpec(f"reporter-{n}", Reporter)) for n in range(actors)]
        for ref in refs:
            ref.tell(report)
        done.wait()
        after = resident_bytes()
    assert tally.is_complete, "not all actors have handled their message"
    return (after - before) / actors
