"""The lines of a trace."""

from collections.abc import Callable

import gevent

from rnd_actors.actors import ActorSystem
from rnd_actors.simulation import CutOff, Fault, simulate
from rnd_actors.supervision import Restart
from tests.actors.toys import Ask, Do, Note, crash, hang, nothing, puppet


def trace_of(main: Callable[[ActorSystem], object], *faults: Fault) -> list[str]:
    """What is traced of the actors that `main` starts, in the order of gevent's own loops."""
    lines: list[str] = []
    simulate(main, (), faults=faults, trace=lines.append)
    return [line for line in lines if "system" not in line]


def test_what_main_tells_is_noted_and_when_it_is_handled() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(puppet("puppet"))
        gevent.sleep(12.3456)
        ref.tell(Note(1))
        ref.tell(Note(2))
        gevent.sleep(1.0)

    assert trace_of(main) == [
        "     0.000 s  puppet started (incarnation 1)",
        "    12.346 s  main tells puppet Note(number=1)",
        "    12.346 s  main tells puppet Note(number=2)",
        "    12.346 s  puppet handles Note(number=1)",
        "    12.346 s  puppet handles Note(number=2)",
        "    13.346 s  puppet stopped (incarnation 1): shutdown",
    ]


def test_a_question_is_asked() -> None:
    def main(system: ActorSystem) -> None:
        system.start(puppet("puppet")).ask(Ask(nothing))

    assert "     0.000 s  main asks puppet Ask(action=<function nothing>)" in trace_of(main)


def test_actors_are_named_as_senders_also_of_what_their_background_work_tells() -> None:
    def main(system: ActorSystem) -> None:
        one = system.start(puppet("one"))
        two = system.start(puppet("two"))
        two.tell(Do(lambda puppet: one.tell(Note(1))))
        two.tell(Do(lambda puppet: puppet.background(one.tell, Note(2))))
        gevent.spawn(one.tell, Note(3))
        gevent.sleep(1.0)

    lines = trace_of(main)
    for sender, number in (("two", 1), ("two", 2), ("main", 3)):
        assert f"     0.000 s  {sender} tells one Note(number={number})" in lines


def test_timers_are_senders_too() -> None:
    def main(system: ActorSystem) -> None:
        system.start(puppet("puppet", at_start=lambda puppet: puppet.every(2.0, Note(1))))
        gevent.sleep(5.0)

    lines = trace_of(main)
    assert [line for line in lines if "tells" in line] == [
        "     2.000 s  timer tells puppet Note(number=1)",
        "     4.000 s  timer tells puppet Note(number=1)",
    ]


def test_what_is_lost_is_marked() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(puppet("puppet"))
        gevent.sleep(1.0)
        ref.tell(Note(1))

    lines = trace_of(main, CutOff("puppet", seconds=3.0, at=0.5))
    assert "     1.000 s  main tells puppet Note(number=1) (lost)" in lines
    assert (
        "     1.000 s  dead letter for puppet (lost: a fault has cut its receiver off): "
        "Note(number=1)"
    ) in lines


def test_events_are_noted_with_their_own_words() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
        ref.tell(Do(crash))
        ref.join()
        ref.tell(Note(1))

    assert trace_of(main)[-4:] == [
        "     0.000 s  puppet failed on Do(action=<function crash>): BoomError: as told",
        "     0.000 s  puppet failed (incarnation 1): crashed: BoomError: as told",
        "     0.000 s  main tells puppet Note(number=1)",
        "     0.000 s  dead letter for puppet (the actor has stopped): Note(number=1)",
    ]


def test_an_end_that_is_watched_is_told_by_the_one_that_ends() -> None:
    def main(system: ActorSystem) -> None:
        one = system.start(puppet("one", restart=Restart.TEMPORARY))
        system.start(puppet("two", at_start=lambda puppet: puppet.watch(one)))
        one.stop()
        gevent.sleep(1.0)

    [told] = [line for line in trace_of_all(main) if "tells two" in line]
    assert "Terminated(ref=<ActorRef one>, reason=Normal())" in told


def trace_of_all(main: Callable[[ActorSystem], object]) -> list[str]:
    lines: list[str] = []
    simulate(main, (), trace=lines.append)
    return lines


def test_addresses_in_memory_are_left_out() -> None:
    def main(system: ActorSystem) -> None:
        system.start(puppet("puppet", shutdown=0.5)).tell(Do(hang))
        gevent.sleep(1.0)

    assert not any(" at 0x" in line for line in trace_of_all(main))
