"""The event stream: who hears of what, and in which words."""

import gc
import logging
from weakref import WeakSet

import pytest
from attrs import frozen

from rnd_actors.actors import ActorSystem, Crashed, ExitReason, Killed, Normal, Stopped
from rnd_actors.errors import ActorDeadError, SelfAskError
from rnd_actors.events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ActorStuck,
    ChildRestarting,
    DeadLetter,
    Event,
    EventStream,
    MessageFailed,
    MessageUnhandled,
    RestartIntensityReached,
)
from rnd_actors.supervision import CountChildren, Restart, RestartIntensity
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Note,
    Puppet,
    Record,
    crash,
    puppet,
    settle,
    supervise,
)
from tests.actors.toys_supervision import running, up


@frozen
class CacheFilled(Event):
    """An event of somebody who uses the framework."""

    entries: int


@frozen
class CacheOverfilled(CacheFilled):
    """A special case of it."""


@pytest.fixture
def stream() -> EventStream:
    return EventStream()


def test_a_subscriber_hears_of_everything_in_order(stream: EventStream) -> None:
    heard = Record()
    stream.subscribe(heard.add)
    published = [CacheFilled(1), ActorStuck("puppet"), CacheFilled(2)]
    for event in published:
        stream.publish(event)
    assert heard.items == published


def test_a_subscriber_hears_only_of_the_type_it_asked_for(stream: EventStream) -> None:
    heard = Record()
    stream.subscribe(heard.add, to=CacheFilled)
    for event in (CacheFilled(1), ActorStuck("puppet"), CacheOverfilled(2)):
        stream.publish(event)
    assert heard.items == [CacheFilled(1), CacheOverfilled(2)]


def test_after_unsubscribing_nothing_is_heard(stream: EventStream) -> None:
    one, other = Record(), Record()
    unsubscribe = stream.subscribe(one.add)
    stream.subscribe(other.add)
    stream.publish(CacheFilled(1))
    unsubscribe()
    stream.publish(CacheFilled(2))
    assert one.items == [CacheFilled(1)]
    assert other.items == [CacheFilled(1), CacheFilled(2)]


def test_unsubscribing_twice_ends_no_other_subscription(stream: EventStream) -> None:
    heard = Record()
    unsubscribe = stream.subscribe(heard.add)
    stream.subscribe(heard.add)
    unsubscribe()
    unsubscribe()
    stream.publish(ActorStarted("puppet", 1))
    assert heard.items == [ActorStarted("puppet", 1)]


def test_who_is_unsubscribed_by_another_one_hears_no_more(stream: EventStream) -> None:
    heard = Record()
    stream.subscribe(lambda _: unsubscribe(), to=CacheFilled)
    unsubscribe = stream.subscribe(heard.add)
    stream.publish(CacheFilled(1))
    assert heard.items == []


def test_a_subscriber_may_unsubscribe_itself_while_it_is_called(stream: EventStream) -> None:
    one, other = Record(), Record()

    def once(event: Event) -> None:
        one.add(event)
        unsubscribe()

    unsubscribe = stream.subscribe(once)
    stream.subscribe(other.add)
    stream.publish(CacheFilled(1))
    stream.publish(CacheFilled(2))
    assert one.items == [CacheFilled(1)]
    assert other.items == [CacheFilled(1), CacheFilled(2)]


def test_a_subscriber_that_fails_is_logged_and_disturbs_no_other(
    stream: EventStream, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Record()
    stream.subscribe(crash)
    stream.subscribe(heard.add)
    stream.publish(ActorStuck("puppet"))
    assert heard.items == [ActorStuck("puppet")]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("rnd_actors", logging.ERROR)
    assert record.getMessage().startswith("a subscriber failed on puppet does not end")
    assert record.exc_info is not None
    assert record.exc_info[0] is BoomError


def test_a_subscriber_that_fails_disturbs_no_actor(
    system: ActorSystem, caplog: pytest.LogCaptureFixture
) -> None:
    system.events.subscribe(crash)
    ref = system.start(puppet("puppet"))
    ref.tell(Do(crash))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    assert {record.name for record in caplog.records} == {"rnd_actors"}


def test_a_subscriber_may_ask_others_but_not_the_actor_that_publishes(
    system: ActorSystem, diary: Record, caplog: pytest.LogCaptureFixture
) -> None:
    boss, other = supervise(system, [puppet("a", diary)]), system.start(puppet("other"))

    def ask(_: ChildRestarting) -> None:
        diary.add(other.ask(Ask(lambda puppet: puppet.ref.name)))
        diary.add(boss.ask(CountChildren()))

    ref = running(boss)["a"]
    system.events.subscribe(ask, to=ChildRestarting)
    with caplog.at_level(logging.ERROR, "rnd_actors"):
        ref.tell(Do(crash))
        up(diary, "team/a", 2)
    assert "other" in diary.items
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is SelfAskError
    settle(ref)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_comes_out_where_main_publishes(
    stream: EventStream, kind: type[BaseException]
) -> None:
    def interrupt(_: Event) -> None:
        raise kind

    stream.subscribe(interrupt)
    with pytest.raises(kind):
        stream.publish(Event())


def test_actors_can_publish_events_of_their_own(system: ActorSystem) -> None:
    heard = Record()
    system.events.subscribe(heard.add, to=CacheFilled)
    ref = system.start(puppet("puppet"))
    ref.tell(Do(lambda puppet: puppet.publish(CacheFilled(3))))
    settle(ref)
    assert heard.items == [CacheFilled(3)]


def test_each_system_has_its_own_stream() -> None:
    heard = Record()
    with ActorSystem() as system, ActorSystem() as other:
        other.events.subscribe(heard.add, to=CacheFilled)
        ref = system.start(puppet("puppet"))
        ref.tell(Do(lambda puppet: puppet.publish(CacheFilled(3))))
        settle(ref)
    assert heard.items == []


def test_a_message_to_a_stopped_actor_is_a_dead_letter(system: ActorSystem, events: Record) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    ref.tell(Note(1))
    assert events.all(DeadLetter) == [DeadLetter("puppet", Note(1), "the actor has stopped")]


def test_the_dead_letter_of_an_ask_holds_the_request_itself(
    system: ActorSystem, events: Record
) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    request = Ask(crash)
    with pytest.raises(BoomError):
        ref.ask(request)
    assert events.expect(MessageFailed).message is request
    ref.join()
    with pytest.raises(ActorDeadError):
        ref.ask(request)
    assert events.expect(DeadLetter).message is request


def test_a_dead_letter_may_be_answered_by_a_message_to_another_actor(
    system: ActorSystem, diary: Record
) -> None:
    office = system.start(puppet("office", diary))
    system.events.subscribe(office.tell, to=DeadLetter)
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    ref.tell(Note(1))
    assert diary.expect(DeadLetter).message == Note(1)


BOOM = BoomError("as told")


@pytest.mark.parametrize(
    ("event", "level", "words"),
    [
        (ActorStarted("a", 2), logging.DEBUG, "a started (incarnation 2)"),
        (ActorStopped("a", 1, Normal()), logging.DEBUG, "a stopped (incarnation 1): normal"),
        (
            ActorFailed("a", 1, Crashed(BOOM)),
            logging.WARNING,
            "a failed (incarnation 1): crashed: BoomError: as told",
        ),
        (
            ActorStuck("a"),
            logging.ERROR,
            "a does not end: it catches the kill, or never gives up the processor",
        ),
        (
            MessageFailed("a", Note(1), BOOM),
            logging.ERROR,
            "a failed on Note(number=1): BoomError: as told",
        ),
        (
            MessageFailed("a", Note(1), BoomError()),
            logging.ERROR,
            "a failed on Note(number=1): BoomError",
        ),
        (
            DeadLetter("a", Note(1), "the actor has stopped"),
            logging.INFO,
            "dead letter for a (the actor has stopped): Note(number=1)",
        ),
        (
            MessageUnhandled("a", Note(1)),
            logging.WARNING,
            "a does not handle Note(number=1)",
        ),
        (ChildRestarting("a", 0.0), logging.INFO, "a is restarted now"),
        (ChildRestarting("a", 0.123), logging.INFO, "a is restarted in 0.12 s"),
        (
            RestartIntensityReached("a", RestartIntensity(3, 5.0), Killed()),
            logging.ERROR,
            "a is given up after 3 restarts within 5 s; last: killed",
        ),
        (Event(), logging.DEBUG, "Event()"),
    ],
)
def test_an_event_carries_its_level_and_is_one_line(event: Event, level: int, words: str) -> None:
    assert (event.level, str(event)) == (level, words)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Normal(), "normal"),
        (Stopped(), "shutdown"),
        (Killed(), "killed"),
        (Crashed(BOOM), "crashed: BoomError: as told"),
    ],
)
def test_an_exit_reason_has_words(reason: ExitReason, words: str) -> None:
    assert str(reason) == words


@pytest.mark.parametrize("end", ["crash", "stop"])
@pytest.mark.parametrize("by", ["the actor", "its background"])
def test_the_subscriptions_of_an_actor_end_with_it(
    system: ActorSystem, diary: Record, end: str, by: str
) -> None:
    heard = Record()

    def subscribe() -> None:
        system.events.subscribe(heard.add, ActorStarted)

    def begin(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            subscribe() if by == "the actor" else puppet.background(subscribe)

    ref = system.start(puppet("subscriber", diary, at_start=begin))
    settle(ref)
    system.start(puppet("first"))
    heard.until(ActorStarted("first", 1))
    ref.tell(Do(crash if end == "crash" else Puppet.stop))
    up(diary, "subscriber", 2)
    count = len(heard.items)
    system.start(puppet("second"))
    assert len(heard.items) == count


def test_a_subscription_that_was_ended_is_forgotten_by_its_actor(system: ActorSystem) -> None:
    ended = WeakSet[object]()

    def subscribe_and_end(_: Puppet) -> None:
        unsubscribe = system.events.subscribe(str)
        ended.add(unsubscribe)
        unsubscribe()

    ref = system.start(puppet("subscriber"))
    for _ in range(10):
        ref.ask(Ask(subscribe_and_end))
    gc.collect()
    assert len(ended) == 0
