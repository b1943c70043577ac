"""Answers as messages, futures of what is made of answers, and many answers with few at a time."""

from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Future, gather
from rnd_actors.errors import ActorCrashedError, AskTimeoutError, SettingsError
from rnd_actors.supervision import Restart
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    hang,
    let_pass,
    puppet,
    settle,
)


@pytest.fixture
def asker(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return system.start(puppet("asker", diary))


@pytest.fixture
def other(system: ActorSystem) -> ActorRef[Any]:
    return system.start(puppet("other", restart=Restart.TRANSIENT))


def failed(error: Exception) -> str:
    return f"failed: {type(error).__name__}"


def test_the_answer_of_another_actor_comes_as_a_message(
    asker: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    def ask(puppet: Puppet) -> None:
        puppet.pipe(other.ask_future(Ask(lambda _: 42)), Note)
        puppet.diary.add("goes on")

    asker.ask(Ask(ask))
    diary.until(Note(42))
    assert diary.items[1:] == ["goes on", Note(42)]


def test_the_outcome_of_work_comes_as_a_message(asker: ActorRef[Any], diary: Record) -> None:
    def work() -> int:
        gevent.sleep(5.0)
        return 42

    asker.ask(Ask(lambda puppet: puppet.pipe(work, Note)))
    asker.tell(Note(1))
    diary.until(Note(42))
    assert diary.all(Note) == [Note(1), Note(42)]


def test_an_error_comes_as_a_message_if_there_is_one_for_it(
    asker: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    asker.ask(Ask(lambda puppet: puppet.pipe(other.ask_future(Ask(crash)), Note, on_error=failed)))
    diary.until("failed: BoomError")


def test_an_error_without_a_message_crashes_the_actor(
    asker: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    asker.ask(Ask(lambda puppet: puppet.pipe(other.ask_future(Ask(crash)), Note)))
    assert diary.expect(Ended) == Ended("asker", 1, Crashed(BoomError("as told")))


def test_an_answer_that_does_not_come_in_time_is_an_error(
    asker: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    asker.ask(Ask(lambda puppet: puppet.pipe(other.ask_future(Ask(hang)), Note, on_error=failed)))
    diary.until("failed: AskTimeoutError")


def test_a_timeout_of_gevent_is_an_error_too(asker: ActorRef[Any], diary: Record) -> None:
    def work() -> int:
        with gevent.Timeout(1.0):
            gevent.sleep(10.0)
        return 1

    asker.ask(Ask(lambda puppet: puppet.pipe(work, Note, on_error=failed)))
    diary.until("failed: TimeoutError")


def test_what_makes_the_message_may_fail_too(asker: ActorRef[Any], diary: Record) -> None:
    asker.ask(Ask(lambda puppet: puppet.pipe(lambda: 42, crash, on_error=failed)))
    diary.until("failed: BoomError")


def test_nothing_comes_to_the_next_incarnation(
    asker: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    gate = Gate()
    asker.ask(Ask(lambda puppet: puppet.pipe(gate.pass_through, lambda _: Note(1))))
    gate.await_entry()
    asker.kill()
    diary.until(Began("asker", 2))
    gate.open()
    settle(asker)
    assert diary.all(Note) == []


def test_a_full_mailbox_has_room_for_the_message(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(puppet("asker", diary, capacity=1))

    def hold(puppet: Puppet) -> None:
        puppet.pipe(lambda: 42, Note)
        gate.pass_through()

    ref.tell(Do(hold))
    gate.await_entry()
    ref.tell(Note(1))
    let_pass(1.0)
    gate.open()
    settle(ref)
    assert sorted(note.number for note in diary.all(Note)) == [1, 42]


def test_a_future_is_mapped(other: ActorRef[Any]) -> None:
    future: Future[int] = other.ask_future(Ask(lambda _: 20))
    assert future.map(lambda value: value + 1).map(lambda value: value * 2).get() == 42


def test_an_error_goes_past_what_maps(other: ActorRef[Any]) -> None:
    future = other.ask_future(Ask(crash)).map(lambda _: pytest.fail("called"))
    with pytest.raises(BoomError):
        future.get()


def test_a_future_recovers(other: ActorRef[Any]) -> None:
    future = other.ask_future(Ask(crash)).map(str).recover(failed).map(str.upper)
    assert future.get() == "FAILED: BOOMERROR"


def test_a_future_without_an_error_has_nothing_to_recover_from(other: ActorRef[Any]) -> None:
    assert other.ask_future(Ask(lambda _: 1)).recover(failed).get() == 1


@pytest.mark.parametrize("end", [lambda ref: ref.kill(), lambda _: None], ids=["end", "time"])
def test_a_future_recovers_from_an_end_and_from_too_long_a_time(
    other: ActorRef[Any], end: Any
) -> None:
    future = other.ask_future(Ask(hang))
    let_pass(0.0)
    end(other)
    assert future.recover(type).get(timeout=1.0) in (ActorCrashedError, AskTimeoutError)


def test_what_maps_may_fail(other: ActorRef[Any]) -> None:
    future = other.ask_future(Ask(lambda _: 1)).map(crash)
    with pytest.raises(BoomError):
        future.get()
    assert future.recover(failed).get() == "failed: BoomError"


def test_a_mapped_future_is_ready_when_the_answer_is(other: ActorRef[Any]) -> None:
    gate = Gate()
    future = other.ask_future(Ask(gate.pass_through)).map(str)
    assert not future.is_ready
    gate.open()
    settle(other)
    assert future.is_ready


def test_mapped_futures_are_gathered(other: ActorRef[Any]) -> None:
    futures = [other.ask_future(Ask(lambda _: 1)).map(str) for _ in range(3)]
    assert gather(futures) == ["1", "1", "1"]


def test_a_mapped_future_can_be_piped(
    asker: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    asker.ask(Ask(lambda puppet: puppet.pipe(other.ask_future(Ask(lambda _: "7")).map(int), Note)))
    diary.until(Note(7))


@pytest.mark.parametrize("most", [1, 2, 3, 10, 100])
def test_no_more_answers_are_waited_for_at_a_time_than_allowed(
    system: ActorSystem, most: int
) -> None:
    actors = [system.start(puppet(str(number))) for number in range(10)]
    running, peak = [0], [0]

    def work(_: Puppet) -> int:
        running[0] += 1
        peak[0] = max(peak)
        peak.append(running[0])
        gevent.sleep(1.0)
        running[0] -= 1
        return 1

    futures = (ref.ask_future(Ask(work)) for ref in actors)
    assert gather(futures, timeout=60.0, max_running=most) == [1] * 10
    assert max(peak) == min(most, 10)


def test_the_time_is_that_of_all_together(other: ActorRef[Any]) -> None:
    futures = (other.ask_future(Ask(lambda _: let_pass(1.0))) for _ in range(10))
    with pytest.raises(AskTimeoutError):
        gather(futures, timeout=3.5, max_running=2)


@pytest.mark.parametrize("most", [0, -1, 1.5])
def test_a_wrong_number_at_a_time_is_refused(most: Any) -> None:
    with pytest.raises(SettingsError, match="max_running takes a whole number, 1 or more"):
        gather([], max_running=most)
