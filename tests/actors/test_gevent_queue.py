"""A mailbox is a gevent queue: what gevent documents of its queues is true of it."""

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.queue import Empty, Full, SimpleQueue
from hypothesis import given, settings
from hypothesis import strategies as st

from rnd_actors.actors import ActorRef, ActorSystem, Overflow
from rnd_actors.actors._mailbox import BoundedMailbox, Mailbox
from rnd_actors.supervision import Restart
from tests.actors.toys import Do, Gate, Note, Record, puppet

STEPS = st.sampled_from(["put", "get", "peek", "qsize", "empty", "full", "len"])


def refuse(entry: object, why: str) -> None:
    raise AssertionError(f"{entry} is refused: {why}")


def unbounded() -> Mailbox:
    return Mailbox(refuse)


def bounded() -> Mailbox:
    owner: Any = None
    return BoundedMailbox(refuse, 2, Overflow.BLOCK, owner)


@pytest.fixture(params=[unbounded, bounded], ids=["unbounded", "bounded"])
def mailbox(request: pytest.FixtureRequest) -> Any:
    return request.param()


def mailbox_of(ref: ActorRef[Any]) -> Any:
    cell: Any = ref._cell
    return cell.mailbox


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except (Empty, Full) as error:
        return type(error)


@pytest.mark.parametrize("capacity", [None, 3])
def test_the_mailbox_of_an_actor_is_a_gevent_queue_with_its_messages(
    system: ActorSystem, diary: Record, capacity: int | None
) -> None:
    gate, ref = Gate(), system.start(puppet("puppet", diary, capacity=capacity))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    ref.tell(Note(2))
    queue = mailbox_of(ref)
    assert isinstance(queue, SimpleQueue)
    assert queue.maxsize == capacity
    assert list(queue.queue) == [Note(1), Note(2)]
    assert (queue.qsize(), len(queue), queue.empty(), queue.full()) == (2, 2, False, False)
    assert queue.peek() == Note(1)
    queue.put(Note(3))
    gate.open()
    diary.until(Note(3))
    assert diary.all(Note) == [Note(1), Note(2), Note(3)]
    assert ref.stats().told == 4


def test_what_is_taken_from_the_mailbox_of_an_actor_is_not_handled(
    system: ActorSystem, diary: Record
) -> None:
    gate, ref = Gate(), system.start(puppet("puppet", diary))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    for number in range(3):
        ref.tell(Note(number))
    assert mailbox_of(ref).get() == Note(0)
    assert mailbox_of(ref).get_nowait() == Note(1)
    gate.open()
    diary.until(Note(2))
    assert diary.all(Note) == [Note(2)]


@pytest.mark.parametrize(
    ("make", "maxsize"), [(unbounded, None), (bounded, 2)], ids=["unbounded", "bounded"]
)
@given(steps=st.lists(STEPS, max_size=30))
@settings(deadline=None, database=None)
def test_a_mailbox_does_what_a_queue_of_gevent_does(
    make: Callable[[], Any], maxsize: int | None, steps: list[str]
) -> None:
    queue: Any = SimpleQueue(maxsize)
    mailbox = make()
    for number, step in enumerate(steps):
        both: list[object] = []
        for each in (queue, mailbox):
            calls: dict[str, Callable[[], object]] = {
                "put": lambda each=each, number=number: each.put_nowait(number),  # type: ignore[misc]
                "get": each.get_nowait,
                "peek": each.peek_nowait,
                "qsize": each.qsize,
                "empty": each.empty,
                "full": each.full,
                "len": each.__len__,
            }
            both.append(outcome(calls[step]))
        assert both[0] == both[1], step


def test_an_empty_mailbox_is_true_as_gevents_queues_are(mailbox: Mailbox) -> None:
    assert mailbox
    assert len(mailbox) == 0


def test_get_and_peek_raise_empty_when_nothing_came_in_time(mailbox: Mailbox) -> None:
    for take in (mailbox.get, mailbox.peek):
        started = time.monotonic()
        with pytest.raises(Empty):
            take(timeout=1.5)
        assert time.monotonic() - started == 1.5
        with pytest.raises(Empty):
            take(block=False)


def test_put_raises_full_when_there_was_no_room_in_time() -> None:
    mailbox = bounded()
    mailbox.put("a")
    mailbox.put("b")
    assert mailbox.full()
    started = time.monotonic()
    with pytest.raises(Full):
        mailbox.put("c", timeout=1.5)
    assert time.monotonic() - started == 1.5
    with pytest.raises(Full):
        mailbox.put("c", block=False)
    with pytest.raises(Full):
        mailbox.put_nowait("c")
    assert [mailbox.get(), mailbox.get()] == ["a", "b"]
    assert mailbox.empty()


def test_a_put_that_waits_for_room_goes_on_when_something_is_taken() -> None:
    mailbox = bounded()
    mailbox.put(0)
    mailbox.put(1)
    sender = gevent.spawn(mailbox.put, 2)
    gevent.idle()
    assert not sender.ready()
    assert [mailbox.get() for _ in range(2)] == [0, 1]
    sender.get()
    assert mailbox.get() == 2


@pytest.mark.parametrize("take", [Mailbox.get, Mailbox.peek], ids=["get", "peek"])
def test_whoever_waits_for_a_message_is_woken_by_put(
    mailbox: Mailbox, take: Callable[[Mailbox], object]
) -> None:
    reader = gevent.spawn(take, mailbox)
    gevent.idle()
    assert not reader.ready()
    mailbox.put("message")
    assert reader.get() == "message"


def test_whoever_waits_for_a_message_is_woken_by_what_the_framework_posts() -> None:
    mailbox = unbounded()
    reader = gevent.spawn(mailbox.get)
    gevent.idle()
    mailbox.post("message")
    assert reader.get() == "message"


def test_several_who_wait_get_a_message_each(mailbox: Mailbox) -> None:
    readers = [gevent.spawn(mailbox.get) for _ in range(2)]
    gevent.idle()
    mailbox.put("first")
    mailbox.put("second")
    assert {reader.get() for reader in readers} == {"first", "second"}
    mailbox.put("third")
    assert mailbox.get() == "third"


@pytest.mark.parametrize("take", [Mailbox.get, Mailbox.peek], ids=["get", "peek"])
def test_who_waits_is_woken_also_after_another_has_waited_in_vain(
    mailbox: Mailbox, take: Callable[..., object]
) -> None:
    impatient = gevent.spawn(outcome, lambda: take(mailbox, timeout=1.0))
    patient = gevent.spawn(take, mailbox)
    assert impatient.get() is Empty
    mailbox.put("message")
    assert patient.get() == "message"


@pytest.mark.parametrize("capacity", [None, 3])
def test_what_is_told_a_stopped_actor_is_a_dead_letter_also_after_somebody_has_looked(
    system: ActorSystem, capacity: int | None
) -> None:
    ref = system.start(puppet("puppet", capacity=capacity, restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    with pytest.raises(Empty):
        mailbox_of(ref).get(block=False)
    ref.tell(Note(1))
    assert ref.stats().dead == 1


def test_a_sender_waits_for_room_as_gevents_put_does(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, capacity=1, overflow=Overflow.BLOCK))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    teller, putter = gevent.spawn(ref.tell, Note(2)), gevent.spawn(mailbox_of(ref).put, Note(3))
    gevent.idle()
    assert (teller.ready(), putter.ready()) == (False, False)
    gate.open()
    teller.get()
    putter.get()
    diary.until(Note(2))
    diary.until(Note(3))
    assert diary.all(Note)[0] == Note(1)


def test_a_timeout_of_gevent_ends_the_wait_for_room() -> None:
    mailbox = bounded()
    mailbox.put("a")
    mailbox.put("b")
    with pytest.raises(gevent.Timeout), gevent.Timeout(1.0):
        mailbox.put("c")
    assert [mailbox.get(), mailbox.get()] == ["a", "b"]
    assert mailbox.told == 2


def test_what_the_framework_posts_into_a_bounded_mailbox_comes_out_as_it_is() -> None:
    mailbox = bounded()
    reader = gevent.spawn(mailbox.get)
    gevent.idle()
    mailbox.post("first")
    assert reader.get() == "first"
    mailbox.post("second")
    assert mailbox.peek() == "second"
    assert mailbox.get() == "second"
    assert mailbox.maxsize == 2
