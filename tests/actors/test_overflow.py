"""The mailbox with a capacity: what happens to the messages for which there is no room."""

from collections import deque
from contextlib import suppress
from typing import Any

import gevent
import pytest
from gevent import Greenlet
from hypothesis import given, settings
from hypothesis import strategies as st

from rnd_actors.actors import Actor, ActorSystem, Overflow
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._incarnation import Signal
from rnd_actors.errors import MailboxFullError
from rnd_actors.events import DeadLetter, MessageFailed
from rnd_actors.simulation import explore
from rnd_actors.supervision import ChildSpec
from tests.actors.toys import (
    Ask,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    puppet,
    settle,
)
from tests.actors.toys_supervision import up

STEPS = st.sampled_from(["told", "posted", "signal", "last signal", "handled"])


@pytest.fixture
def refused() -> Record:
    return Record()


class Box:
    """The mailbox of an actor that never starts, with its overflow policy before it."""

    def __init__(self, capacity: int, overflow: Overflow, refused: Record) -> None:
        system = ActorSystem()
        system.events.subscribe(
            lambda letter: refused.add((letter.message, letter.why)), DeadLetter
        )
        spec = ChildSpec("box", Actor, capacity=capacity, overflow=overflow)
        cell: Any = Cell(spec, None, system)
        self._mailbox = cell.mailbox
        self.put, self.post = cell.put, cell.post
        self.take, self.close = cell.mailbox.take, cell.mailbox.close
        self.put_signal, self.put_signal_last = (
            cell.mailbox.put_signal,
            cell.mailbox.put_signal_last,
        )

    def __len__(self) -> int:
        number: int = self._mailbox.waiting()
        return number

    @property
    def told(self) -> int:
        told: int = self._mailbox.told
        return told

    @property
    def is_empty(self) -> bool:
        return self._mailbox.empty() and not self._mailbox.signals


def bounded(capacity: int, overflow: Overflow, refused: Record | None = None) -> Box:
    return Box(capacity, overflow, refused or Record())


def send(mailbox: Box, *entries: object) -> "Greenlet[[], None]":
    """Put the entries one after the other, in a greenlet that may have to wait for room."""

    def put_all() -> None:
        for entry in entries:
            mailbox.put(entry)

    sender = gevent.spawn(put_all)
    gevent.idle()
    return sender


def take(mailbox: Box, count: int) -> list[Any]:
    return [_take_one(mailbox) for _ in range(count)]


def _take_one(mailbox: Box) -> Any:
    while mailbox.is_empty:
        gevent.idle()
    return mailbox.take()


def test_with_block_the_sender_waits_until_there_is_room() -> None:
    mailbox = bounded(2, Overflow.BLOCK)
    sender = send(mailbox, "a", "b", "c")
    assert not sender.ready()
    assert len(mailbox) == 2
    assert take(mailbox, 1) == ["a"]
    sender.join()
    assert sender.ready()
    assert take(mailbox, 2) == ["b", "c"]


def test_with_block_a_signal_makes_no_room() -> None:
    mailbox, signal = bounded(1, Overflow.BLOCK), Signal()
    sender = send(mailbox, "a", "b")
    mailbox.put_signal(signal)
    assert take(mailbox, 1) == [signal]
    gevent.idle()
    assert not sender.ready()
    assert take(mailbox, 2) == ["a", "b"]


def test_with_block_each_sender_is_served_in_its_own_order() -> None:
    mailbox = bounded(2, Overflow.BLOCK)
    for name in "abc":
        send(mailbox, *((name, number) for number in range(20)))
    received = take(mailbox, 60)
    for name in "abc":
        assert [entry for entry in received if entry[0] == name] == [(name, n) for n in range(20)]


def test_with_block_a_sender_killed_while_it_waits_has_told_nothing() -> None:
    mailbox = bounded(1, Overflow.BLOCK)
    mailbox.put("a")
    impatient, patient = send(mailbox, "b"), send(mailbox, "c")
    impatient.kill()
    assert take(mailbox, 2) == ["a", "c"]
    assert patient.ready()
    assert mailbox.told == 2


def test_with_block_a_sender_killed_when_there_is_room_for_it_takes_none_or_uses_it() -> None:
    def kill_and_take(_: ActorSystem) -> str:
        mailbox = bounded(1, Overflow.BLOCK)
        mailbox.put("a")
        sender = send(mailbox, "b")
        sender.kill(block=False)
        assert take(mailbox, 1) == ["a"]
        gevent.idle()
        told = "".join(take(mailbox, len(mailbox)))
        assert [mailbox.put(entry, timeout=0) for entry in "cd"] == [True, False]
        return told

    assert {run.result for run in explore(kill_and_take, range(200))} == {"", "b"}


def test_with_block_closing_turns_what_the_waiting_senders_hold_into_dead_letters(
    refused: Record,
) -> None:
    mailbox = bounded(1, Overflow.BLOCK, refused)
    mailbox.put("a")
    senders = [send(mailbox, "b"), send(mailbox, "c", "d")]
    assert mailbox.close() == ["a"]
    gevent.joinall(senders)
    assert sorted(refused.items) == [(entry, "the actor has stopped") for entry in "bcd"]
    assert mailbox.told == 4


def test_with_drop_newest_the_new_message_is_refused(refused: Record) -> None:
    mailbox = bounded(2, Overflow.DROP_NEWEST, refused)
    for entry in "abc":
        mailbox.put(entry)
    assert refused.items == [("c", "refused: the mailbox was full")]
    assert take(mailbox, 2) == ["a", "b"]


def test_with_drop_oldest_the_oldest_message_makes_room_for_the_new_one(refused: Record) -> None:
    mailbox = bounded(2, Overflow.DROP_OLDEST, refused)
    for entry in "abc":
        mailbox.put(entry)
    assert refused.items == [("a", "dropped: the mailbox was full and it was the oldest")]
    assert take(mailbox, 2) == ["b", "c"]


def test_with_drop_oldest_a_signal_is_never_dropped(refused: Record) -> None:
    mailbox, last = bounded(1, Overflow.DROP_OLDEST, refused), Signal()
    mailbox.put_signal_last(last)
    mailbox.put("a")
    mailbox.put("b")
    assert [entry for entry, _ in refused.items] == ["a"]
    assert take(mailbox, 2) == [last, "b"]


def test_with_drop_oldest_what_the_framework_posts_is_never_dropped(refused: Record) -> None:
    mailbox = bounded(1, Overflow.DROP_OLDEST, refused)
    mailbox.post("timer")
    mailbox.put("a")
    mailbox.put("b")
    mailbox.post("child down")
    mailbox.put("c")
    assert [entry for entry, _ in refused.items] == ["a", "b"]
    assert take(mailbox, 3) == ["timer", "child down", "c"]


def test_with_fail_the_sender_is_told_that_there_is_no_room(refused: Record) -> None:
    mailbox = bounded(1, Overflow.FAIL, refused)
    mailbox.put("a")
    with pytest.raises(MailboxFullError, match="holds its 1 messages already; send more slowly"):
        mailbox.put("b")
    assert refused.items == [("b", "refused: the mailbox was full")]
    assert take(mailbox, 1) == ["a"]


@pytest.mark.parametrize("overflow", Overflow)
def test_there_is_room_again_when_a_message_has_been_taken(overflow: Overflow) -> None:
    mailbox = bounded(1, overflow)
    for number in range(5):
        mailbox.put(number)
        assert take(mailbox, 1) == [number]
    assert mailbox.told == 5


@pytest.mark.parametrize("overflow", Overflow)
def test_a_full_mailbox_that_is_closed_only_says_that_the_actor_has_stopped(
    overflow: Overflow, refused: Record
) -> None:
    mailbox = bounded(1, overflow, refused)
    mailbox.put("a")
    mailbox.close()
    mailbox.put("b")
    mailbox.post("timer")
    assert refused.items == [(entry, "the actor has stopped") for entry in ("b", "timer")]


@pytest.mark.parametrize("overflow", Overflow)
def test_what_the_framework_posts_comes_on_top_and_keeps_its_place(
    overflow: Overflow, refused: Record
) -> None:
    mailbox = bounded(2, overflow, refused)
    mailbox.put("a")
    mailbox.post("timer")
    mailbox.put("b")
    mailbox.post("child down")
    assert refused.items == []
    assert take(mailbox, 4) == ["a", "timer", "b", "child down"]


@pytest.mark.parametrize("overflow", Overflow)
def test_what_the_framework_posts_takes_up_no_room(overflow: Overflow, refused: Record) -> None:
    mailbox = bounded(1, overflow, refused)
    mailbox.put("a")
    mailbox.post("timer")
    assert take(mailbox, 1) == ["a"]
    mailbox.put("b")
    assert refused.items == []
    assert take(mailbox, 2) == ["timer", "b"]


@pytest.mark.parametrize("overflow", Overflow)
def test_closing_returns_what_was_told_and_what_was_posted(overflow: Overflow) -> None:
    mailbox = bounded(1, overflow)
    mailbox.put("a")
    mailbox.post("timer")
    assert mailbox.close() == ["a", "timer"]


def test_with_block_a_sender_with_a_time_limit_gives_up_and_has_told_nothing() -> None:
    mailbox = bounded(1, Overflow.BLOCK)
    assert mailbox.put("a", timeout=0)
    assert not mailbox.put("b", timeout=0)
    assert not mailbox.put("c", timeout=1.0)
    assert (mailbox.told, mailbox.close()) == (1, ["a"])


@pytest.mark.parametrize("overflow", [x for x in Overflow if x is not Overflow.BLOCK])
def test_with_other_policies_nobody_waits(overflow: Overflow) -> None:
    mailbox = bounded(1, overflow)
    mailbox.put("a")
    with suppress(MailboxFullError):
        mailbox.put("b")
    assert len(mailbox) == 1


def tell_oneself_twice(self: Puppet) -> None:
    self.ref.tell(Note(1))
    self.ref.tell(Note(2))


def test_an_actor_that_tells_itself_too_much_is_told_so_instead_of_waiting(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = system.start(puppet("puppet", diary, capacity=1))
    with pytest.raises(MailboxFullError, match="puppet tells itself something and its mailbox is"):
        ref.ask(Ask(tell_oneself_twice))
    settle(ref)
    assert diary.all(Note) == [Note(1)]
    assert isinstance(events.expect(MessageFailed).error, MailboxFullError)
    assert balance(ref) == (3, 3)


def test_an_actor_may_tell_itself_more_than_its_capacity_in_the_background(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary, capacity=1))
    ref.tell(Do(lambda self: self.background(tell_oneself_twice, self)))
    diary.until(Note(2))
    assert diary.all(Note) == [Note(1), Note(2)]


def test_an_actor_may_tell_itself_more_than_its_capacity_with_timers(
    system: ActorSystem, diary: Record
) -> None:
    def set_timers(self: Puppet) -> None:
        for number in range(3):
            self.after(0, Note(number))

    system.start(puppet("puppet", diary, capacity=1)).tell(Do(set_timers))
    diary.expect(Note, 3)
    assert {note.number for note in diary.all(Note)} == {0, 1, 2}


def test_a_callback_of_the_loop_that_cannot_wait_for_room_is_told_so(
    system: ActorSystem, diary: Record
) -> None:
    gate, ref = Gate(), system.start(puppet("puppet", diary, capacity=1))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))

    def tell() -> None:
        with pytest.raises(MailboxFullError, match="a callback of the loop cannot wait"):
            ref.tell(Note(2))
        diary.add("told so")

    loop: Any = gevent.get_hub().loop
    loop.run_callback(tell)
    diary.until("told so")
    gate.open()
    settle(ref)
    assert diary.all(Note) == [Note(1)]
    assert balance(ref) == (3, 3)


def test_a_drain_that_another_end_has_overtaken_leaves_no_room_behind(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    spec = puppet("puppet", diary, capacity=2, overflow=Overflow.DROP_NEWEST)
    ref = system.start(spec)
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.drain()
    ref.stop()
    gate.open()
    up(diary, "puppet", 2)
    for number in range(3):
        ref.tell(Note(number))
    assert ref.stats().refused == 1


class Model:
    """A naive mailbox, in which messages are numbers and only those told need room."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.signals, self.queue = deque[Signal](), deque[Any]()
        self._told = set[int]()

    @property
    def waiting(self) -> list[Any]:
        return [entry for entry in self.queue if not isinstance(entry, Signal)]

    @property
    def has_room(self) -> bool:
        return len(self._told.intersection(self.waiting)) < self.capacity

    def tell(self, number: int) -> None:
        self.queue.append(number)
        self._told.add(number)

    def drop_oldest(self) -> int:
        oldest = min(self._told.intersection(self.waiting))
        self.queue.remove(oldest)
        return oldest

    def next(self) -> Any:
        return (self.signals or self.queue).popleft()


@given(
    capacity=st.integers(1, 4),
    overflow=st.sampled_from([Overflow.DROP_NEWEST, Overflow.FAIL]),
    steps=st.lists(STEPS, max_size=60),
)
@settings(deadline=None, database=None)
def test_order_and_room_are_those_of_a_naive_model(
    capacity: int, overflow: Overflow, steps: list[str]
) -> None:
    refused, model = Record(), Model(capacity)
    mailbox = bounded(capacity, overflow, refused)
    for number, step in enumerate(steps):
        match step:
            case "told":
                with suppress(MailboxFullError):
                    mailbox.put(number)
                taken = (number, "refused: the mailbox was full") not in refused.items
                assert taken == model.has_room
                if taken:
                    model.tell(number)
            case "posted":
                mailbox.post(number)
                model.queue.append(number)
            case "signal":
                model.signals.append(Signal())
                mailbox.put_signal(model.signals[-1])
            case "last signal":
                model.queue.append(Signal())
                mailbox.put_signal_last(model.queue[-1])
            case "handled" if model.signals or model.queue:
                assert mailbox.take() is model.next()
        assert len(mailbox) == len(model.waiting)
    assert mailbox.close() == model.waiting


@given(capacity=st.integers(1, 4), steps=st.lists(STEPS, max_size=60))
@settings(deadline=None, database=None)
def test_drop_oldest_holds_the_newest_messages_and_never_more_than_its_capacity(
    capacity: int, steps: list[str]
) -> None:
    refused, model, expected = Record(), Model(capacity), []
    mailbox = bounded(capacity, Overflow.DROP_OLDEST, refused)
    for number, step in enumerate(steps):
        match step:
            case "told":
                mailbox.put(number)
                if not model.has_room:
                    expected.append(model.drop_oldest())
                model.tell(number)
            case "posted":
                mailbox.post(number)
                model.queue.append(number)
            case "handled" if model.queue:
                assert mailbox.take() == model.next()
        assert len(mailbox) == len(model.waiting)
        assert [entry for entry, _ in refused.items] == expected


@given(
    capacity=st.integers(1, 3),
    steps=st.lists(st.sampled_from(["told", "posted", "handled", "killed"]), max_size=40),
)
@settings(deadline=None, database=None, max_examples=50)
def test_with_block_no_room_is_lost_and_none_is_made_up(capacity: int, steps: list[str]) -> None:
    refused = Record()
    mailbox = bounded(capacity, Overflow.BLOCK, refused)
    model, senders, taken = Model(capacity), dict[int, "Greenlet[[], None]"](), 0
    for number, step in enumerate(steps):
        match step:
            case "told":
                senders[number] = send(mailbox, number)
            case "posted":
                mailbox.post(number)
                model.queue.append(number)
            case "handled" if model.queue:
                assert take(mailbox, 1) == [model.next()]
                gevent.idle()
                taken += 1
            case "killed" if senders:
                senders.popitem()[1].kill()
        while senders and next(iter(senders.values())).ready():
            assert model.has_room
            served = next(iter(senders))
            del senders[served]
            model.tell(served)
        assert len(mailbox) == len(model.waiting)
        assert not any(sender.ready() for sender in senders.values())
        assert not (senders and model.has_room)

    assert mailbox.close() == model.waiting
    gevent.joinall(list(senders.values()))
    assert [entry for entry, _ in refused.items] == list(senders)
    assert mailbox.told == taken + len(model.queue) + len(senders)
