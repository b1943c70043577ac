"""Topics: every subscriber is told what is published, and none of them is waited for."""

from typing import Any

import pytest
from gevent import GreenletExit

from rnd_actors.actors import ActorRef, ActorSystem, Overflow
from rnd_actors.errors import SettingsError
from rnd_actors.events import DeadLetter
from rnd_actors.registry import Topic
from rnd_actors.supervision import Restart
from tests.actors.toys import (
    Began,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    puppet,
    settle,
)


@pytest.fixture
def topic() -> Topic[Any]:
    return Topic()


def end(ref: ActorRef[Any]) -> None:
    ref.stop()
    ref.join()


def notes(diary: Record) -> list[int]:
    return [note.number for note in diary.all(Note)]


def busy(system: ActorSystem, diary: Record, gate: Gate, **options: Any) -> ActorRef[Any]:
    """Start an actor that handles nothing more until the gate opens."""
    ref = system.start(puppet("busy", diary, restart=Restart.TRANSIENT, **options))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    return ref


def test_all_subscribers_are_told_what_is_published(
    topic: Topic[Any], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    seen: list[str] = []
    for ref in (other, one):
        topic.subscribe(ref)
    topic.publish(Do(lambda puppet: seen.append(puppet.ref.name)))
    for ref in (one, other):
        settle(ref)
    assert seen == ["other", "one"]


def test_what_is_published_arrives_in_order(
    topic: Topic[Any], one: ActorRef[Any], diary: Record
) -> None:
    topic.subscribe(one)
    for number in range(100):
        topic.publish(Note(number))
    settle(one)
    assert notes(diary) == list(range(100))


def test_what_nobody_has_subscribed_to_goes_nowhere(topic: Topic[Any], events: Record) -> None:
    topic.publish(Note(1))
    assert events.all(DeadLetter) == []


def test_what_was_published_before_is_not_told(
    topic: Topic[Any], one: ActorRef[Any], diary: Record
) -> None:
    topic.publish(Note(1))
    topic.subscribe(one)
    topic.publish(Note(2))
    settle(one)
    assert notes(diary) == [2]


def test_who_subscribes_twice_is_told_once(
    topic: Topic[Any], one: ActorRef[Any], diary: Record
) -> None:
    topic.subscribe(one)
    topic.subscribe(one)
    topic.publish(Note(1))
    topic.unsubscribe(one)
    topic.publish(Note(2))
    settle(one)
    assert notes(diary) == [1]


def test_unsubscribing_who_has_not_subscribed_does_nothing(
    topic: Topic[Any], one: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    topic.subscribe(one)
    topic.unsubscribe(other)
    topic.publish(Note(1))
    settle(one)
    assert notes(diary) == [1]


@pytest.mark.parametrize("method", ["subscribe", "unsubscribe"])
def test_what_is_no_ref_is_refused(topic: Topic[Any], method: str) -> None:
    with pytest.raises(SettingsError, match="ref takes an ActorRef; got <tests"):
        getattr(topic, method)(Puppet())


@pytest.mark.parametrize("capacity", [0, -1, 1.5, None, True])
def test_a_capacity_is_a_whole_number_of_at_least_one(capacity: Any) -> None:
    with pytest.raises(SettingsError, match="capacity takes a whole number, 1 or more"):
        Topic[Any](capacity)


# --- the end of a subscriber


def test_a_subscription_ends_with_the_actor(
    topic: Topic[Any], one: ActorRef[Any], events: Record
) -> None:
    topic.subscribe(one)
    end(one)
    topic.publish(Note(1))
    assert one.stats().told == 0
    assert events.all(DeadLetter) == []


def test_a_restart_keeps_the_subscription(
    topic: Topic[Any], one: ActorRef[Any], diary: Record
) -> None:
    topic.subscribe(one)
    one.tell(Do(crash))
    topic.publish(Note(1))
    diary.until(Began("one", 2))
    topic.publish(Note(2))
    settle(one)
    assert notes(diary) == [1, 2]


def test_an_actor_that_has_stopped_for_good_does_not_subscribe(
    topic: Topic[Any], one: ActorRef[Any], events: Record
) -> None:
    end(one)
    topic.subscribe(one)
    topic.publish(Note(1))
    assert events.all(DeadLetter) == []
    assert not topic._subscribers.refs


def test_what_is_published_in_the_middle_of_the_end_of_a_subscriber_is_a_dead_letter(
    system: ActorSystem, topic: Topic[Any], diary: Record, events: Record
) -> None:
    gate = Gate()
    ref = busy(system, diary, gate)
    topic.subscribe(ref)
    ref.tell(Note(1))
    published: list[Note] = []

    def publish_once(_: DeadLetter) -> None:
        if not published:
            published.append(Note(2))
            topic.publish(Note(2))

    system.events.subscribe(publish_once, to=DeadLetter)
    ref.stop()
    gate.open()
    ref.join()
    letters = [(letter.message, letter.why) for letter in events.all(DeadLetter)]
    assert sorted(letters, key=str) == [(Note(n), "the actor has stopped") for n in (1, 2)]
    assert balance(ref) == (3, 3)
    assert not topic._subscribers.refs


def test_leaving_the_system_ends_all_subscriptions(topic: Topic[Any], diary: Record) -> None:
    for number in range(2):
        with ActorSystem() as system:
            ref = system.start(puppet("puppet", diary))
            topic.subscribe(ref)
            topic.publish(Note(number))
            settle(ref)
        topic.publish(Note(-1))
    assert notes(diary) == [0, 1]


def test_a_topic_keeps_nothing_of_those_who_have_left(
    topic: Topic[Any], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    cells: list[Any] = [one._cell, other._cell]
    for ref in (one, other):
        topic.subscribe(ref)
    end(one)
    topic.unsubscribe(other)
    assert not topic._subscribers.refs
    assert [cell.watchers for cell in cells] == [{}, {}]


# --- slow subscribers


def test_a_slow_subscriber_misses_what_exceeds_the_capacity_and_hears_of_the_next(
    system: ActorSystem, one: ActorRef[Any], diary: Record, events: Record
) -> None:
    topic, gate, slow = Topic[Note](capacity=2), Gate(), Record()
    ref = busy(system, slow, gate)
    for each in (ref, one):
        topic.subscribe(each)
    for number in range(4):
        topic.publish(Note(number))
        settle(one)
    why = "missed: 2 messages waited, the capacity of the topic"
    assert events.all(DeadLetter) == [DeadLetter("busy", Note(n), why) for n in (2, 3)]
    assert ref.stats().refused == 2
    assert balance(ref) == (5, 5)
    gate.open()
    settle(ref)
    topic.publish(Note(4))
    settle(ref)
    settle(one)
    assert notes(slow) == [0, 1, 4]
    assert notes(diary) == [0, 1, 2, 3, 4]
    assert balance(ref) == (8, 8)


def test_messages_of_others_count_for_the_capacity_too(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    topic, gate = Topic[Note](capacity=1), Gate()
    ref = busy(system, diary, gate)
    topic.subscribe(ref)
    ref.tell(Note(1))
    topic.publish(Note(2))
    gate.open()
    settle(ref)
    assert notes(diary) == [1]
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(2)]


@pytest.mark.parametrize(
    "overflow", [Overflow.BLOCK, Overflow.FAIL, Overflow.DROP_NEWEST], ids=lambda each: each.name
)
def test_a_full_mailbox_neither_holds_up_nor_fails_who_publishes(
    system: ActorSystem, topic: Topic[Any], diary: Record, events: Record, overflow: Overflow
) -> None:
    gate = Gate()
    ref = busy(system, diary, gate, capacity=1, overflow=overflow)
    topic.subscribe(ref)
    for number in range(3):
        topic.publish(Note(number))
    why = "missed: the mailbox was full, and a topic does not wait"
    assert events.all(DeadLetter) == [DeadLetter("busy", Note(n), why) for n in (1, 2)]
    assert balance(ref) == (4, 4)
    gate.open()
    diary.until(Note(0))
    settle(ref)
    assert notes(diary) == [0]


def test_a_full_mailbox_that_drops_the_oldest_does_so_for_a_topic(
    system: ActorSystem, topic: Topic[Any], diary: Record, events: Record
) -> None:
    gate = Gate()
    ref = busy(system, diary, gate, capacity=1, overflow=Overflow.DROP_OLDEST)
    topic.subscribe(ref)
    for number in range(3):
        topic.publish(Note(number))
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(0), Note(1)]
    assert balance(ref) == (4, 4)
    gate.open()
    diary.until(Note(2))
    settle(ref)
    assert notes(diary) == [2]


def test_an_actor_may_publish_to_itself_though_its_mailbox_is_full(
    system: ActorSystem, topic: Topic[Any], diary: Record
) -> None:
    def publish_much(_: Puppet) -> None:
        for number in range(3):
            topic.publish(Note(number))

    ref = system.start(puppet("puppet", diary, capacity=1))
    topic.subscribe(ref)
    ref.tell(Do(publish_much))
    settle(ref)
    assert notes(diary) == [0]
    assert balance(ref) == (5, 5)


# --- changes while something is published


def test_who_is_unsubscribed_by_a_dead_letter_is_not_told_what_is_being_published(
    system: ActorSystem, one: ActorRef[Any], diary: Record
) -> None:
    topic, gate = Topic[Note](capacity=1), Gate()
    ref = busy(system, Record(), gate)
    ref.tell(Note(0))
    for each in (ref, one):
        topic.subscribe(each)

    def unsubscribe_all(_: DeadLetter) -> None:
        for each in (ref, one):
            topic.unsubscribe(each)

    system.events.subscribe(unsubscribe_all, to=DeadLetter)
    topic.publish(Note(1))
    settle(one)
    assert notes(diary) == []
    gate.open()


def test_who_is_subscribed_by_a_dead_letter_is_told_from_the_next_message_on(
    system: ActorSystem, one: ActorRef[Any], diary: Record
) -> None:
    topic, gate = Topic[Note](capacity=1), Gate()
    ref = busy(system, Record(), gate)
    ref.tell(Note(0))
    topic.subscribe(ref)
    system.events.subscribe(lambda _: topic.subscribe(one), to=DeadLetter)
    for number in (1, 2):
        topic.publish(Note(number))
    settle(one)
    assert notes(diary) == [2]
    gate.open()


def test_a_subscriber_may_unsubscribe_as_it_is_told(
    system: ActorSystem, topic: Topic[Any], one: ActorRef[Any], diary: Record
) -> None:
    topic.subscribe(one)
    topic.publish(Do(lambda puppet: topic.unsubscribe(puppet.ref)))
    settle(one)
    topic.publish(Note(1))
    settle(one)
    assert notes(diary) == []


def test_a_publisher_that_is_killed_by_what_it_publishes_has_told_all(
    topic: Topic[Any], one: ActorRef[Any], other: ActorRef[Any], diary: Record
) -> None:
    """Publishing waits for nothing, so that a kill cannot fall into the middle of it."""

    def publish_and_die(puppet: Puppet) -> None:
        topic.publish(Note(1))
        raise GreenletExit

    for ref in (one, other):
        topic.subscribe(ref)
    one.tell(Do(publish_and_die))
    diary.until(Began("one", 2))
    for ref in (one, other):
        settle(ref)
    assert notes(diary) == [1, 1]
