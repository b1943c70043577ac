"""The stash: messages that an actor keeps for later."""

from collections.abc import Callable
from typing import Any, ClassVar

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Overflow
from rnd_actors.actors._ref import post
from rnd_actors.errors import ActorDeadError, ActorError, StashFullError
from rnd_actors.events import ActorFailed, DeadLetter, MessageFailed
from rnd_actors.simulation import VirtualTime
from rnd_actors.supervision import ChildSpec, Restart, WhichChildren
from tests.actors.toys import (
    SOON,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    in_turn,
    is_down,
    kill,
    puppet,
    settle,
    swallow_kills,
)
from tests.actors.toys_supervision import Clerk, Handle, team, up

CAPACITY = 4


class Keeper(Clerk):
    """Stashes notes and requests until it is opened."""

    stash_capacity: ClassVar[int] = CAPACITY

    def __init__(self, diary: Record) -> None:
        super().__init__(diary)
        self.is_open = False

    def receive(self, message: object) -> None:
        if isinstance(message, Note | Handle) and not self.is_open:
            self.stash()
        else:
            super().receive(message)


def open_up(puppet: Puppet) -> None:
    assert isinstance(puppet, Keeper)
    puppet.is_open = True
    puppet.unstash_all()


def open_one(puppet: Puppet) -> None:
    assert isinstance(puppet, Keeper)
    puppet.is_open = True
    puppet.unstash()


def shut(puppet: Puppet) -> None:
    assert isinstance(puppet, Keeper)
    puppet.is_open = False


OPEN = Do(open_up)


def keeper(diary: Record, **options: Any) -> ChildSpec:
    return ChildSpec("keeper", lambda: Keeper(diary), **options)


@pytest.fixture
def ref(system: ActorSystem, diary: Record) -> ActorRef[object]:
    return system.start(keeper(diary))


def tell_notes(ref: ActorRef[object], *numbers: int) -> None:
    for number in numbers:
        ref.tell(Note(number))


def noted(diary: Record) -> list[int]:
    return [note.number for note in diary.all(Note)]


def answer(number: int) -> Handle:
    return Handle(lambda clerk, request: clerk.reply(request, number))


def test_stashed_messages_come_back_in_their_order(ref: ActorRef[object], diary: Record) -> None:
    tell_notes(ref, 1, 2, 3)
    ref.tell(OPEN)
    settle(ref)
    assert noted(diary) == [1, 2, 3]


def test_a_stashed_message_is_not_handled_before_it_is_taken_up_again(
    ref: ActorRef[object], diary: Record
) -> None:
    tell_notes(ref, 1)
    settle(ref)
    assert noted(diary) == []
    assert ref.stats().stashed == 1


def test_stashed_messages_come_before_all_that_wait(ref: ActorRef[object], diary: Record) -> None:
    tell_notes(ref, 1, 2)
    ref.tell(OPEN)
    tell_notes(ref, 3, 4)
    settle(ref)
    assert noted(diary) == [1, 2, 3, 4]


def test_they_can_be_taken_up_one_by_one_before_all_that_wait(
    ref: ActorRef[object], diary: Record
) -> None:
    for number in (1, 2, 3):
        ref.tell(Note(number))
    ref.tell(Do(open_one))
    ref.tell(Note(4))
    settle(ref)
    assert (noted(diary), ref.stats().stashed) == ([1, 4], 2)
    ref.tell(Do(open_one))
    ref.tell(Note(5))
    settle(ref)
    assert (noted(diary), ref.stats().stashed) == ([1, 4, 2, 5], 1)
    ref.tell(Do(open_one))
    ref.tell(Do(open_one))
    settle(ref)
    assert (noted(diary)[4:], ref.stats().stashed) == ([3], 0)


def test_messages_can_be_stashed_again(ref: ActorRef[object], diary: Record) -> None:
    tell_notes(ref, 1, 2)
    ref.tell(Do(Puppet.unstash_all))
    tell_notes(ref, 3)
    settle(ref)
    assert (noted(diary), ref.stats().stashed) == ([], 3)
    ref.tell(OPEN)
    settle(ref)
    assert noted(diary) == [1, 2, 3]


def test_taking_up_an_empty_stash_changes_nothing(ref: ActorRef[object], diary: Record) -> None:
    ref.tell(OPEN)
    ref.tell(OPEN)
    tell_notes(ref, 1)
    settle(ref)
    assert noted(diary) == [1]


def test_a_stop_overtakes_what_was_taken_up_again(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    def open_and_stop(puppet: Puppet) -> None:
        puppet.stop()
        open_up(puppet)

    ref = system.start(keeper(diary, restart=Restart.TEMPORARY))
    tell_notes(ref, 1)
    ref.tell(Do(open_and_stop))
    ref.join()
    assert noted(diary) == []
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1)]


def test_the_stash_is_bounded(
    system: ActorSystem, ref: ActorRef[object], events: Record, diary: Record
) -> None:
    tell_notes(ref, *range(CAPACITY + 1))
    up(diary, "keeper", 2)
    (failed,) = events.all(MessageFailed)
    assert failed.message == Note(CAPACITY)
    assert isinstance(failed.error, StashFullError)
    assert "keeper has stashed its 4 messages already" in str(failed.error)


def test_a_stash_may_be_as_full_as_its_capacity(ref: ActorRef[object], diary: Record) -> None:
    tell_notes(ref, *range(CAPACITY))
    ref.tell(OPEN)
    settle(ref)
    assert noted(diary) == list(range(CAPACITY))


def test_a_stash_has_room_again_when_it_was_taken_up(ref: ActorRef[object], diary: Record) -> None:
    for _ in range(3):
        tell_notes(ref, *range(CAPACITY))
        ref.tell(OPEN)
        ref.tell(Do(shut))
    tell_notes(ref, 9)
    settle(ref)
    assert (len(noted(diary)), ref.stats().stashed) == (3 * CAPACITY, 1)


def test_the_default_stash_takes_a_thousand_messages() -> None:
    assert Puppet.stash_capacity == 1000


def test_a_request_that_was_stashed_is_answered_later(ref: ActorRef[object]) -> None:
    futures = [ref.ask_future(answer(number)) for number in range(3)]
    settle(ref)
    assert not any(future.is_ready for future in futures)
    ref.tell(OPEN)
    assert [future.get() for future in futures] == [0, 1, 2]


def test_a_request_that_was_stashed_when_its_actor_stops_fails_at_once(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(keeper(diary, restart=Restart.TEMPORARY))
    future = ref.ask_future(answer(1))
    settle(ref)
    ref.stop()
    with pytest.raises(ActorDeadError, match="keeper cannot answer"):
        future.get(None)


def test_a_request_that_was_stashed_when_its_actor_crashed_is_answered_by_the_next_incarnation(
    ref: ActorRef[object], diary: Record
) -> None:
    future = ref.ask_future(answer(1))
    ref.tell(Do(crash))
    ref.tell(OPEN)
    assert future.get() == 1
    assert ref.ask(Handle(lambda clerk, it: clerk.reply(it, clerk.incarnation))) == 2


@pytest.mark.parametrize("end", [lambda ref: ref.tell(Do(crash)), lambda ref: ref.stop(), kill])
def test_a_restart_puts_stashed_messages_back_before_all_others(
    ref: ActorRef[object], diary: Record, end: Callable[[ActorRef[object]], object]
) -> None:
    tell_notes(ref, 1, 2)
    settle(ref)
    end(ref)
    tell_notes(ref, 3)
    ref.tell(OPEN)
    up(diary, "keeper", 2)
    settle(ref)
    assert noted(diary) == [1, 2, 3]


def test_a_stop_for_good_turns_stashed_messages_into_dead_letters(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    ref = system.start(keeper(diary, restart=Restart.TEMPORARY))
    tell_notes(ref, 1, 2)
    settle(ref)
    ref.stop()
    ref.join()
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1), Note(2)]
    assert (ref.stats().stashed, ref.stats().dead) == (0, 2)


def test_what_a_stuck_actor_has_stashed_becomes_dead_letters_and_its_askers_are_told(
    diary: Record,
) -> None:
    gate, events, request = Gate(), Record(), answer(1)
    with ActorSystem() as system:
        system.events.subscribe(events.add)
        ref = system.start(keeper(diary, shutdown=SOON))
        future = ref.ask_future(request)
        ref.tell(Do(in_turn(swallow_kills(gate, 2), gate.pass_through)))
        gate.await_entry()
    gate.open()
    gevent.idle()
    assert is_down(ref)
    assert DeadLetter("keeper", request, "the actor has stopped") in events.items
    with pytest.raises(ActorDeadError):
        future.get(SOON)


def test_draining_does_not_wait_for_stashed_messages(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    ref = system.start(keeper(diary, restart=Restart.TEMPORARY))
    tell_notes(ref, 1)
    ref.drain()
    ref.join()
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1)]


def test_only_a_message_in_hand_can_be_stashed(system: ActorSystem) -> None:
    with pytest.raises(ActorError, match=r"stash\(\) keeps the message that is being handled"):
        system.start(puppet("puppet", at_start=Puppet.stash))


def test_a_message_can_be_stashed_only_once(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    def stash_twice(puppet: Puppet) -> None:
        puppet.stash()
        puppet.stash()

    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(stash_twice))
    ref.join()
    reason = events.expect(ActorFailed).reason
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, ActorError)
    assert events.all(MessageFailed) == []
    assert (ref.stats().failed, ref.stats().dead) == (0, 1)


def test_a_crash_after_stashing_keeps_the_stashed_message(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    def stash_and_crash(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.stash()
            crash()
        puppet.diary.add("the second time")

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(stash_and_crash))
    diary.until("the second time")
    settle(ref)
    assert (ref.stats().handled, ref.stats().failed) == (2, 0)


def test_a_stashed_message_counts_as_handled_only_when_it_is(ref: ActorRef[object]) -> None:
    tell_notes(ref, 1, 2)
    settle(ref)
    assert (ref.stats().handled, ref.stats().stashed) == (1, 2)
    ref.tell(OPEN)
    settle(ref)
    assert (ref.stats().handled, ref.stats().stashed) == (5, 0)


def test_stashed_messages_take_up_no_room_in_the_mailbox(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(keeper(diary, capacity=1, overflow=Overflow.BLOCK))
    for number in range(CAPACITY):
        ref.tell(Note(number))
        settle(ref)
    ref.tell(OPEN)
    settle(ref)
    assert noted(diary) == list(range(CAPACITY))


def test_stashing_makes_no_room_beyond_the_capacity(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(keeper(diary, capacity=2, overflow=Overflow.DROP_NEWEST))
    for number in range(CAPACITY):
        ref.tell(Note(number))
        settle(ref)
    ref.tell(OPEN)
    settle(ref)
    assert noted(diary) == list(range(CAPACITY))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    tell_notes(ref, *range(5))
    waiting = ref.stats().mailbox
    gate.open()
    assert waiting == 2


STEPS: dict[str, Callable[[ActorRef[Any]], object]] = {
    "note": lambda ref: ref.tell(Note(0)),
    "ask": lambda ref: ref.ask_future(answer(0), timeout=0),
    "open": lambda ref: ref.tell(OPEN),
    "shut": lambda ref: ref.tell(Do(shut)),
    "take up": lambda ref: ref.tell(Do(Puppet.unstash_all)),
    "crash": lambda ref: ref.tell(Do(crash)),
    "stop itself": lambda ref: ref.tell(Do(Puppet.stop)),
    "stop": lambda ref: ref.stop(),
    "kill": lambda ref: None if is_down(ref) else kill(ref),
    "timer": lambda ref: post(ref, Note(0)),
}


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.sampled_from([*STEPS, "let it work"]), max_size=30),
    restart=st.sampled_from([Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY]),
    overflow=st.sampled_from([None, Overflow.DROP_NEWEST, Overflow.DROP_OLDEST]),
    seed=st.integers(0, 10**9),
)
def test_every_message_is_in_one_place_whatever_happens(
    steps: list[str], restart: Restart, overflow: Overflow | None, seed: int
) -> None:
    bounded = {} if overflow is None else {"capacity": 3, "overflow": overflow}
    with VirtualTime(seed), ActorSystem() as system:
        boss = team(system, [keeper(Record(), restart=restart, **bounded)])
        [ref] = [child.ref for child in boss.ask(WhichChildren())]
        for step in steps:
            if step == "let it work":
                gevent.idle()
            else:
                STEPS[step](ref)
            told, places = balance(ref)
            assert told == places
    told, places = balance(ref)
    stats = ref.stats()
    assert told == places
    assert (stats.stashed, stats.mailbox) == (0, 0)


def test_the_message_in_hand_is_in_the_balance_too(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(keeper(diary))
    tell_notes(ref, 1)
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    tell_notes(ref, 2)
    stats = ref.stats()
    assert (stats.told, stats.stashed, stats.mailbox, stats.handled) == (3, 1, 1, 0)
    assert balance(ref) == (3, 3)
    gate.open()
