"""Faults that strike actors."""

import math
import time
from typing import Any

import gevent
import pytest

from rnd_actors.actors import Actor, ActorStats, ActorSystem, Crashed, Request
from rnd_actors.errors import AskTimeoutError, DeadlockError, SettingsError
from rnd_actors.events import MessageFailed
from rnd_actors.simulation import (
    Crash,
    CutOff,
    Fault,
    Hang,
    InjectedError,
    Simulated,
    Slow,
    simulate,
)
from rnd_actors.supervision import Backoff, ChildSpec, Restart
from tests.actors.toys import (
    Began,
    Do,
    Ended,
    Note,
    Record,
    found,
    greenlet_of,
    puppet,
    start,
    supervise,
)


def told_each_second(
    *faults: Fault, count: int = 10, seed: int = 0, **options: Any
) -> tuple[list[int], ActorStats]:
    """Which of `count` notes, one a second from 1 s on, a puppet writes down, and its stats."""

    def main(system: ActorSystem) -> tuple[list[int], ActorStats]:
        diary = Record()
        team = supervise(system, backoff=Backoff(initial=0.01, maximum=0.01))
        ref = start(team, puppet("puppet", diary, **options))
        for number in range(1, count + 1):
            gevent.sleep(1.0)
            ref.tell(Note(number))
        gevent.sleep(0.5)
        return [note.number for note in diary.all(Note)], ref.stats()

    return simulate(main, seed, faults=faults).result


def is_balanced(stats: ActorStats) -> bool:
    return stats.told == (
        stats.handled + stats.failed + stats.dead + stats.refused + stats.stashed + stats.mailbox
    )


def test_without_a_fault_everything_is_handled() -> None:
    notes, stats = told_each_second()
    assert notes == list(range(1, 11))
    assert (stats.handled, stats.failed, stats.refused) == (10, 0, 0)


def test_a_crash_at_its_time_ends_one_incarnation() -> None:
    def main(system: ActorSystem) -> Record:
        diary = Record()
        system.start(puppet("puppet", diary))
        gevent.sleep(10.0)
        return diary

    [_, ended, _, last] = simulate(main, faults=[Crash("puppet", at=3.5)]).result.items
    assert ended.incarnation == 1
    assert isinstance(ended.reason.error, InjectedError)
    assert "at=3.5" in str(ended.reason.error)
    assert last.incarnation == 2


def test_a_crash_between_messages_loses_none() -> None:
    notes, stats = told_each_second(Crash("team/puppet", at=3.5))
    assert notes == list(range(1, 11))
    assert stats.failed == 0


def test_a_crash_by_chance_fails_the_message_in_hand() -> None:
    notes, stats = told_each_second(Crash("team/puppet", probability=0.3), count=100)
    assert 10 < stats.failed < 60
    assert len(notes) == stats.handled == 100 - stats.failed
    assert is_balanced(stats)


def test_the_message_that_a_crash_struck_is_told() -> None:
    def main(system: ActorSystem) -> MessageFailed:
        record = Record()
        system.events.subscribe(record.add)
        system.start(puppet("puppet")).tell(Note(7))
        return record.expect(MessageFailed)

    failed = simulate(main, faults=[Crash("puppet", probability=1.0)]).result
    assert (failed.actor, failed.message) == ("puppet", Note(7))
    assert isinstance(failed.error, InjectedError)


@pytest.mark.parametrize(
    ("probability", "handled"), [(0.0, list(range(1, 11))), (1.0, [])], ids=["never", "always"]
)
def test_a_probability_of_0_is_never_and_of_1_always(
    probability: float, handled: list[int]
) -> None:
    notes, _ = told_each_second(Crash("team/puppet", probability=probability))
    assert notes == handled


def test_chance_is_fixed_by_the_seed() -> None:
    fault = Crash("team/puppet", probability=0.3)
    runs = [told_each_second(fault, count=50, seed=seed)[0] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_an_actor_that_hangs_is_killed_at_its_limit_and_its_message_has_failed() -> None:
    diary = Record()

    def main(system: ActorSystem) -> ActorStats:
        ref = system.start(puppet("puppet", diary, shutdown=2.0))
        gevent.sleep(1.0)
        ref.tell(Note(1))
        ref.tell(Note(2))
        gevent.sleep(1.0)
        assert ref.stats().mailbox == 1
        return ref.stats()

    simulated = simulate(main, faults=[Hang("puppet", at=0.5)])
    assert simulated.elapsed_s == 4.0
    assert [type(item) for item in diary.items] == [Began, Ended]


def test_after_a_hang_the_figures_balance() -> None:
    def main(system: ActorSystem) -> ActorStats:
        team = supervise(system)
        ref = start(team, puppet("puppet", shutdown=2.0))
        for number in range(5):
            ref.tell(Note(number))
        gevent.sleep(1.0)
        team.stop()
        team.join()
        return ref.stats()

    stats = simulate(main, faults=[Hang("team/puppet", probability=1.0)]).result
    assert (stats.told, stats.failed, stats.dead) == (5, 1, 4)
    assert is_balanced(stats)


def test_who_waits_for_one_that_hangs_learns_which_message_it_hangs_on() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(puppet("puppet", shutdown=1.0))
        ref.tell(Note(7))
        ref.join()

    with pytest.raises(DeadlockError, match=r"puppet is busy with Note\(number=7\)"):
        simulate(main, faults=[Hang("puppet", probability=1.0)])


def test_a_slow_actor_handles_each_message_late() -> None:
    def main(system: ActorSystem) -> float:
        ref = system.start(ChildSpec("answering", Answering))
        for _ in range(3):
            ref.ask(Nothing())
        return ref.stats().busy_s

    simulated = simulate(main, faults=[Slow("answering", seconds=0.5, probability=1.0)])
    assert simulated == Simulated(1.5, 1.5)


class Nothing(Request[None]):
    """Is answered with nothing."""


class Answering(Actor[Nothing]):
    def receive(self, message: Nothing) -> None:
        self.reply(message, None)


def test_slow_at_a_time_is_one_message() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(ChildSpec("answering", Answering))
        for _ in range(3):
            gevent.sleep(1.0)
            ref.ask(Nothing())

    assert simulate(main, faults=[Slow("answering", seconds=0.5, at=1.5)]).elapsed_s == 3.5


def test_what_is_told_to_one_that_is_cut_off_is_lost_and_refused() -> None:
    notes, stats = told_each_second(CutOff("team/puppet", seconds=3.0, at=2.5))
    assert notes == [1, 2, 6, 7, 8, 9, 10]
    assert (stats.told, stats.handled, stats.refused) == (10, 7, 3)
    assert is_balanced(stats)


def test_being_cut_off_lasts_also_over_a_restart() -> None:
    notes, stats = told_each_second(
        CutOff("team/puppet", seconds=3.0, at=2.5), Crash("team/puppet", at=3.5)
    )
    assert notes == [1, 2, 6, 7, 8, 9, 10]
    assert stats.refused == 3


def test_chance_can_cut_off_too() -> None:
    notes, stats = told_each_second(CutOff("team/puppet", seconds=1.5, probability=1.0), count=6)
    assert notes == [1, 3, 5]
    assert (stats.handled, stats.refused) == (3, 3)


def test_a_bounded_mailbox_has_no_room_taken_by_what_was_lost() -> None:
    fault = CutOff("team/puppet", seconds=3.0, at=2.5)
    notes, stats = told_each_second(fault, capacity=1)
    assert notes == [1, 2, 6, 7, 8, 9, 10]
    assert is_balanced(stats)


def test_who_asks_one_that_is_cut_off_hears_nothing() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(ChildSpec("answering", Answering))
        gevent.sleep(1.0)
        ref.ask(Nothing())

    with pytest.raises(AskTimeoutError):
        simulate(main, faults=[CutOff("answering", seconds=3.0, at=0.5)])


def test_timers_of_one_that_is_cut_off_still_come() -> None:
    def main(system: ActorSystem) -> ActorStats:
        ref = system.start(puppet("puppet", at_start=lambda puppet: puppet.after(2.0, Note(1))))
        gevent.sleep(3.0)
        return ref.stats()

    faults = [CutOff("puppet", seconds=10.0, at=1.0)]
    stats = simulate(main, faults=faults).result
    assert (stats.told, stats.handled, stats.refused) == (1, 1, 0)


def test_a_target_can_stand_for_many() -> None:
    def main(system: ActorSystem) -> dict[str, int]:
        supervise(system, [puppet("1"), puppet("2")])
        system.start(puppet("other"))
        gevent.sleep(2.0)
        return {
            name: greenlet_of(found(system, name)).number for name in ("team/1", "team/2", "other")
        }

    assert simulate(main, faults=[Crash("team/*", at=1.0)]).result == {
        "team/1": 2,
        "team/2": 2,
        "other": 1,
    }


@pytest.mark.parametrize("fault", [Crash("puppet", at=1.5), Hang("team/pup", probability=1.0)])
def test_a_fault_without_a_target_fails_the_simulation_with_the_names_there_are(
    fault: Fault,
) -> None:
    with pytest.raises(SettingsError, match=r"process \(team, team/puppet\); got '"):
        told_each_second(fault)


def test_the_root_supervisor_is_never_struck() -> None:
    def main(system: ActorSystem) -> None:
        system.start(puppet("puppet", restart=Restart.TEMPORARY))
        gevent.sleep(2.0)
        system.start(puppet("another"))

    simulate(main, faults=[Crash("*", at=1.0), Crash("*pet", probability=1.0)])


@pytest.mark.parametrize("hang", [False, True])
def test_a_crash_at_a_time_does_not_wait_for_the_end_of_a_message(*, hang: bool) -> None:
    def main(system: ActorSystem) -> object:
        ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
        ref.tell(Do(lambda _: gevent.sleep(1000.0)))
        reason = ref.join()
        assert time.monotonic() == 5.0
        assert ref.stats().failed == 1
        return reason

    faults = [Crash("puppet", at=5.0), Hang("puppet", probability=float(hang))]
    assert isinstance(simulate(main, faults=faults).result, Crashed)


def test_a_target_that_is_down_is_not_struck_by_a_crash() -> None:
    def main(system: ActorSystem) -> object:
        ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
        ref.stop()
        gevent.sleep(2.0)
        return ref.join()

    assert not isinstance(simulate(main, faults=[Crash("puppet", at=1.0)]).result, Crashed)


def test_faults_of_the_same_time_strike_in_their_order() -> None:
    def main(system: ActorSystem) -> float:
        ref = system.start(puppet("puppet"))
        gevent.sleep(1.0)
        ref.tell(Do(lambda _: None))
        gevent.sleep(20.0)
        return ref.stats().busy_s

    faults = [Slow("puppet", seconds=seconds, at=0.5) for seconds in (1.0, 2.0)]
    assert simulate(main, faults=faults).result == 3.0


@pytest.mark.parametrize("kind", [Crash, Hang, CutOff])
def test_a_fault_strikes_either_at_a_time_or_by_chance(kind: type[Fault]) -> None:
    for options in ({}, {"at": 1.0, "probability": 0.5}):
        with pytest.raises(SettingsError, match=f"{kind.__name__} takes either at=… or"):
            kind("puppet", **options)


@pytest.mark.parametrize("at", [-1.0, math.inf, math.nan])
def test_the_time_of_a_fault_is_0_or_more(at: float) -> None:
    with pytest.raises(SettingsError, match="at takes seconds, 0 or more; got"):
        Crash("puppet", at=at)


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan])
def test_a_probability_is_from_0_to_1(probability: float) -> None:
    with pytest.raises(SettingsError, match="probability takes a probability from 0 to 1; got"):
        Hang("puppet", probability=probability)


@pytest.mark.parametrize("kind", [Slow, CutOff])
@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan])
def test_the_seconds_of_a_fault_have_to_be_seconds(
    kind: type[Slow] | type[CutOff], seconds: float
) -> None:
    with pytest.raises(SettingsError, match=r"^seconds takes seconds"):
        kind("puppet", seconds=seconds, at=1.0)
