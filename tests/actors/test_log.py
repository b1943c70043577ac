"""The log: events as records of `logging`, each at its own level, and floods kept short."""

import logging

import pytest
from attrs import frozen

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Overflow
from rnd_actors.events import ActorFailed, DeadLetter, Event, EventStream, MessageFailed, log_events
from rnd_actors.supervision import Restart
from tests.actors.toys import (
    Do,
    Gate,
    Note,
    Record,
    crash,
    found,
    puppet,
    settle,
)
from tests.actors.toys_supervision import down, in_incarnation, team

Log = pytest.LogCaptureFixture


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is: a system in virtual time logs nothing."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("rnd_actors.actors._events.time", clock)
    return clock


@pytest.fixture
def debug(caplog: Log) -> Log:
    caplog.set_level(logging.DEBUG, logger="rnd_actors")
    return caplog


@pytest.fixture
def stream(debug: Log, clock: Clock) -> EventStream:
    stream = EventStream()
    log_events(stream)
    return stream


def letter(number: int) -> DeadLetter:
    return DeadLetter("a", Note(number), "the actor has stopped")


def flood(stream: EventStream, count: int) -> None:
    for number in range(count):
        stream.publish(letter(number))


def lines(log: Log) -> list[str]:
    return [record.getMessage() for record in log.records]


@frozen
class Loud(Event):
    level = logging.CRITICAL

    def __str__(self) -> str:
        return "something has happened: 100 % of it"


class Sensitive(Event):
    """An event that must not be put into words."""

    def __str__(self) -> str:
        raise AssertionError


def test_all_events_of_a_system_are_logged_in_order_and_at_their_own_levels(debug: Log) -> None:
    events = Record()
    system = ActorSystem()
    system.events.subscribe(events.add)
    with system:
        team(system, [puppet("a")])
        ref = found(system, "team/a")
        ref.tell(Do(crash))
        settle(ref)
        system.start(puppet("b"))
    assert [(record.levelno, record.getMessage()) for record in debug.records] == [
        (event.level, str(event)) for event in events.items
    ]
    assert {record.levelno for record in debug.records} == {
        logging.DEBUG,
        logging.INFO,
        logging.WARNING,
        logging.ERROR,
    }


def test_events_go_to_the_logger_of_the_package(debug: Log, system: ActorSystem) -> None:
    system.start(puppet("a"))
    assert {record.name for record in debug.records} == {"rnd_actors"}


def test_events_go_to_another_logger_if_one_is_named(caplog: Log) -> None:
    stream = EventStream()
    log_events(stream, "elsewhere")
    stream.publish(Loud())
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("elsewhere", logging.CRITICAL)
    ]


def test_what_an_event_says_is_not_taken_for_a_format(stream: EventStream, debug: Log) -> None:
    stream.publish(Loud())
    assert lines(debug) == ["something has happened: 100 % of it"]


def test_logging_ends_when_it_is_told_to(debug: Log) -> None:
    stream = EventStream()
    end = log_events(stream)
    stream.publish(Loud())
    end()
    stream.publish(Loud())
    assert len(debug.records) == 1


def test_a_failed_message_is_logged_with_the_traceback(
    debug: Log, system: ActorSystem, events: Record
) -> None:
    system.start(puppet("a")).tell(Do(crash))
    failed = events.expect(MessageFailed)
    (record,) = [record for record in debug.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[1] is failed.error
    assert "in crash" in debug.text
    assert record.getMessage() == str(failed)


def test_a_crash_in_the_background_is_logged_with_its_traceback(
    system: ActorSystem, events: Record, caplog: Log
) -> None:
    ref = system.start(puppet("a"))
    ref.tell(Do(lambda puppet: puppet.background(crash)))
    down(events, "a", 1)
    assert "in crash" in caplog.text


def test_a_start_again_that_fails_is_logged_with_its_traceback(
    system: ActorSystem, events: Record, caplog: Log
) -> None:
    ref = system.start(puppet("a", at_start=in_incarnation(2, do=crash)))
    ref.stop()
    down(events, "a", 2)
    assert "in crash" in caplog.text


def test_other_events_are_logged_without_a_traceback(debug: Log, system: ActorSystem) -> None:
    system.start(puppet("a"))
    assert [record.exc_info for record in debug.records if record.exc_info] == []


def test_ten_dead_letters_are_logged_and_no_more(stream: EventStream, debug: Log) -> None:
    flood(stream, 25)
    assert lines(debug) == [str(letter(number)) for number in range(10)]


def test_how_many_dead_letters_were_left_out_is_said_with_the_next_one(
    stream: EventStream, debug: Log, clock: Clock
) -> None:
    flood(stream, 25)
    clock.now += 10.0
    stream.publish(letter(99))
    assert lines(debug)[10:] == [
        f"{letter(99)} (and 15 dead letters before it that were not logged)"
    ]


def test_what_was_left_out_is_said_only_once(stream: EventStream, debug: Log, clock: Clock) -> None:
    flood(stream, 25)
    clock.now += 10.0
    flood(stream, 2)
    assert lines(debug)[11:] == [str(letter(1))]


def test_within_ten_seconds_the_rest_of_a_flood_is_left_out(
    stream: EventStream, debug: Log, clock: Clock
) -> None:
    flood(stream, 10)
    clock.now += 9.9
    flood(stream, 1)
    assert len(debug.records) == 10


def test_ten_more_dead_letters_are_logged_after_ten_seconds(
    stream: EventStream, debug: Log, clock: Clock
) -> None:
    for _ in range(3):
        flood(stream, 25)
        clock.now += 10.0
    assert len(debug.records) == 30


def test_no_ten_seconds_have_more_than_ten_dead_letters_in_the_log(
    stream: EventStream, debug: Log, clock: Clock
) -> None:
    flood(stream, 1)
    clock.now += 9.0
    flood(stream, 9)
    clock.now += 1.5
    flood(stream, 10)
    assert len(debug.records) == 11


def test_a_few_dead_letters_now_and_then_are_all_logged(
    stream: EventStream, debug: Log, clock: Clock
) -> None:
    for _ in range(50):
        flood(stream, 1)
        clock.now += 1.1
    assert len(debug.records) == 50
    assert "not logged" not in debug.text


def test_other_events_are_logged_in_a_flood_of_dead_letters(
    stream: EventStream, debug: Log
) -> None:
    flood(stream, 25)
    stream.publish(Loud())
    assert lines(debug)[10:] == [str(Loud())]


def test_events_below_the_level_of_the_logger_are_not_logged(
    caplog: Log, stream: EventStream
) -> None:
    caplog.set_level(logging.CRITICAL, logger="rnd_actors")
    flood(stream, 1)
    stream.publish(Loud())
    assert lines(caplog) == [str(Loud())]


def test_events_below_the_level_of_the_logger_are_not_put_into_words(
    caplog: Log, stream: EventStream
) -> None:
    caplog.set_level(logging.INFO, logger="rnd_actors")
    stream.publish(Sensitive())
    assert caplog.records == []


def test_dead_letters_that_are_not_logged_for_their_level_use_up_none_of_the_ten(
    caplog: Log, stream: EventStream
) -> None:
    caplog.set_level(DeadLetter.level + 1, logger="rnd_actors")
    flood(stream, 25)
    caplog.set_level(logging.DEBUG, logger="rnd_actors")
    flood(stream, 3)
    assert lines(caplog) == [str(letter(number)) for number in range(3)]


def test_the_system_counts_dead_letters_also_those_that_are_not_logged(
    debug: Log, clock: Clock, system: ActorSystem
) -> None:
    ref = ended(system)
    assert system.dead_letters == 0
    for number in range(25):
        ref.tell(Note(number))
    assert system.dead_letters == 25
    assert sum("dead letter" in line for line in lines(debug)) == 10


def test_the_system_counts_refused_messages_as_dead_letters(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(puppet("a", capacity=1, overflow=Overflow.DROP_NEWEST))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    for number in range(3):
        ref.tell(Note(number))
    assert system.dead_letters == 2
    gate.open()


def test_each_system_counts_its_own_dead_letters(system: ActorSystem) -> None:
    with ActorSystem() as other:
        ended(system).tell(Note(1))
        assert (system.dead_letters, other.dead_letters) == (1, 0)


def ended(system: ActorSystem) -> ActorRef[object]:
    ref = system.start(puppet("a", restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    return ref


class OutOfLuckError(Exception):
    is_expected = True


@pytest.mark.parametrize(
    ("level", "traced"), [(logging.DEBUG, ["DEBUG"]), (logging.INFO, [])], ids=["debug", "info"]
)
def test_the_traceback_of_an_expected_error_is_a_record_at_debug_level(
    level: int, traced: list[str], caplog: Log
) -> None:
    caplog.set_level(level, logger="rnd_actors")
    stream, error = EventStream(), OutOfLuckError("again")
    log_events(stream)
    stream.publish(MessageFailed("a", Note(1), error))
    stream.publish(ActorFailed("a", 1, Crashed(error)))
    assert [r.levelname for r in caplog.records if not r.exc_info] == ["ERROR", "WARNING"]
    assert [r.levelname for r in caplog.records if r.exc_info] == traced
