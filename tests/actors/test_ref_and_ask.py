"""Refs: how messages are sent and answers awaited."""

import copy
import pickle
import time
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from attrs import frozen
from gevent import GreenletExit

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Overflow,
    Request,
)
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    ActorError,
    AskTimeoutError,
    DeadlockError,
    MailboxFullError,
    NotAnsweredError,
    SelfAskError,
    UnhandledMessageError,
)
from rnd_actors.events import ActorFailed, DeadLetter, MessageFailed, MessageUnhandled
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import (
    SOON,
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    busy_for,
    crash,
    end_yourself,
    hang,
    kill,
    nothing,
    puppet,
    settle,
)


@frozen
class Add(Request[int]):
    number: int


class Counter(Actor[Add]):
    def __init__(self) -> None:
        self.total = 0

    def receive(self, message: Add) -> None:
        self.total += message.number
        self.reply(message, self.total)


@frozen
class Ignored(Request[None]):
    """A request that puppets write down and do not answer."""


def stopped(system: ActorSystem) -> ActorRef[Any]:
    ref = system.start(puppet("stopped", restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    return ref


def test_ask_returns_the_answer(system: ActorSystem) -> None:
    counter = system.start(ChildSpec("counter", Counter))
    assert [counter.ask(Add(2)), counter.ask(Add(40))] == [2, 42]


def test_none_is_an_answer(system: ActorSystem) -> None:
    assert system.start(puppet("puppet")).ask(Ask(nothing)) is None


def test_a_request_that_is_told_is_handled_and_its_answer_goes_nowhere(system: ActorSystem) -> None:
    counter = system.start(ChildSpec("counter", Counter))
    counter.tell(Add(2))
    assert counter.ask(Add(40)) == 42


def test_actors_can_ask_each_other(system: ActorSystem) -> None:
    counter = system.start(ChildSpec("counter", Counter))
    asker = system.start(puppet("asker"))
    assert asker.ask(Ask(lambda _: counter.ask(Add(7)))) == 7


def test_ask_gives_up_after_its_timeout_and_the_late_answer_is_ignored(
    system: ActorSystem,
) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(AskTimeoutError, match=r"slow did not answer .* within 1 s"):
        ref.ask(Ask(gate.pass_through), timeout=1.0)
    assert time.monotonic() == 1.0
    gate.open()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_an_ask_that_timed_out_is_a_timeout_error_like_any_other(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(TimeoutError):
        ref.ask(Ask(gate.pass_through), timeout=0)
    gate.open()


def test_ask_without_a_timeout_waits_as_long_as_it_takes(system: ActorSystem) -> None:
    ref = system.start(puppet("slow"))
    ref.ask(Ask(busy_for(80_000.0)), timeout=None)
    assert time.monotonic() == 80_000.0


def test_an_ask_that_waits_for_room_gives_up_after_its_timeout_too(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(puppet("full", capacity=1))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    with pytest.raises(AskTimeoutError, match=r"mailbox of full had no room for .* within 2 s"):
        ref.ask(Ask(nothing), timeout=SOON)
    assert time.monotonic() == SOON
    assert ref.stats().told == 2
    gate.open()


def test_a_gevent_timeout_of_the_asker_ends_its_wait(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(gevent.Timeout), gevent.Timeout(1.0):
        ref.ask(Ask(gate.pass_through), timeout=None)
    assert time.monotonic() == 1.0
    gate.open()
    settle(ref)


def test_an_actor_that_asks_itself_is_told_so_at_once(system: ActorSystem) -> None:
    ref = system.start(puppet("narcissus"))
    with pytest.raises(SelfAskError, match="narcissus waits for its own answer"):
        ref.ask(Ask(lambda puppet: puppet.ref.ask(Ask(nothing), timeout=None)))


def test_an_actor_that_asks_itself_has_sent_nothing(system: ActorSystem, diary: Record) -> None:
    def ask_oneself(puppet: Puppet) -> None:
        with pytest.raises(SelfAskError):
            puppet.ref.ask(Ask(lambda puppet: puppet.diary.add("asked all the same")))

    ref = system.start(puppet("narcissus", diary))
    ref.ask(Ask(ask_oneself))
    settle(ref)
    assert diary.items == [Began("narcissus", 1)]


def test_an_actor_with_a_full_mailbox_that_asks_itself_is_told_so(system: ActorSystem) -> None:
    def ask_oneself(puppet: Puppet) -> object:
        puppet.ref.tell(Note(1))
        return puppet.ref.ask(Ask(nothing))

    ref = system.start(puppet("narcissus", capacity=1))
    with pytest.raises(SelfAskError):
        ref.ask(Ask(ask_oneself))


def test_an_actor_that_waits_for_a_future_of_its_own_is_told_so_at_once(
    system: ActorSystem,
) -> None:
    ref = system.start(puppet("narcissus"))
    with pytest.raises(SelfAskError, match=r"call a method instead, or tell\(\) yourself"):
        ref.ask(Ask(lambda puppet: puppet.ref.ask_future(Ask(nothing)).get(timeout=None)))


def test_an_actor_may_ask_itself_if_it_does_not_wait_for_the_answer(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    future = ref.ask(Ask(lambda puppet: puppet.ref.ask_future(Ask(lambda _: "later"))))
    assert future.get() == "later"


def test_an_actor_may_ask_itself_in_the_background(system: ActorSystem) -> None:
    answers, ref = Record(), system.start(puppet("puppet"))
    ref.tell(Do(lambda self: self.background(lambda: answers.add(self.ref.ask(Ask(nothing))))))
    answers.until(None)


def test_asking_a_stopped_actor_fails_at_once(system: ActorSystem) -> None:
    ref = stopped(system)
    with pytest.raises(ActorDeadError, match=r"stopped cannot answer Ask.*the actor has stopped"):
        ref.ask(Ask(nothing), timeout=None)


def test_a_request_that_waits_when_the_actor_stops_for_good_fails(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("busy", restart=Restart.TEMPORARY))
    ref.tell(Do(gate.pass_through))
    asker = gevent.spawn(lambda: ref.ask(Ask(nothing), timeout=None))
    gate.await_entry()
    ref.stop()
    gate.open()
    with pytest.raises(ActorDeadError):
        asker.get()


def test_a_request_that_waits_when_the_actor_restarts_is_answered(system: ActorSystem) -> None:
    ref = system.start(puppet("phoenix"))
    ref.tell(Do(crash))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_a_crash_in_the_handler_reaches_the_asker_with_its_traceback(system: ActorSystem) -> None:
    ref = system.start(puppet("fragile"))
    with pytest.raises(BoomError, match="as told") as caught:
        ref.ask(Ask(crash))
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == ["receive", "crash"]


def test_a_kill_in_the_handler_reaches_the_asker(system: ActorSystem, events: Record) -> None:
    gate, ref = Gate(), system.start(puppet("victim"))
    asker = gevent.spawn(lambda: ref.ask(Ask(gate.pass_through)))
    gate.await_entry()
    kill(ref)
    with pytest.raises(ActorCrashedError, match="victim was killed while it handled"):
        asker.get()
    assert events.expect(ActorFailed).reason == Killed()


def test_a_greenlet_exit_raised_in_the_handler_is_a_kill(
    system: ActorSystem, events: Record
) -> None:
    ref = system.start(puppet("victim"))
    with pytest.raises(ActorCrashedError):
        ref.ask(Ask(end_yourself))
    assert events.expect(ActorFailed).reason == Killed()
    assert isinstance(events.expect(MessageFailed).error, GreenletExit)


def test_a_gevent_timeout_that_leaves_the_handler_is_a_crash(
    system: ActorSystem, events: Record
) -> None:
    def run_out_of_time(_: Puppet) -> None:
        with gevent.Timeout(1.0):
            hang()

    ref = system.start(puppet("slow"))
    with pytest.raises(gevent.Timeout):
        ref.ask(Ask(run_out_of_time))
    assert time.monotonic() == 1.0
    reason = events.expect(ActorFailed).reason
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, gevent.Timeout)


def test_a_request_that_is_handled_without_an_answer_fails(system: ActorSystem) -> None:
    ref = system.start(puppet("forgetful"))
    with pytest.raises(NotAnsweredError, match=r"has to call self.reply\(request, answer\)"):
        ref.ask(Ignored())
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_reply_error_fails_the_ask_and_the_actor_goes_on(system: ActorSystem) -> None:
    class Refuser(Actor[Add]):
        def receive(self, message: Add) -> None:
            self.reply_error(message, BoomError(f"{message.number} in {self.incarnation}"))

    ref = system.start(ChildSpec("refuser", Refuser))
    for number in (1, 2):
        with pytest.raises(BoomError, match=f"{number} in 1"):
            ref.ask(Add(number))


def test_reply_error_to_a_request_that_was_told_does_nothing(system: ActorSystem) -> None:
    class Refuser(Actor[Any]):
        def receive(self, message: Request[Any]) -> None:
            if isinstance(message, Add):
                self.reply_error(message, BoomError("nobody hears it"))
            else:
                self.reply(message, self.incarnation)

    ref = system.start(ChildSpec("refuser", Refuser))
    ref.tell(Add(1))
    assert ref.ask(Ask(nothing)) == 1


def test_only_the_request_in_hand_can_be_answered(system: ActorSystem) -> None:
    class Late(Actor[Add]):
        def __init__(self) -> None:
            self.earlier: Add | None = None

        def receive(self, message: Add) -> None:
            earlier, self.earlier = self.earlier, message
            self.reply(message if earlier is None else earlier, 0)

    ref = system.start(ChildSpec("late", Late))
    assert ref.ask(Add(1)) == 0
    with pytest.raises(ActorError, match=r"only the request that is being handled .* Add\(number"):
        ref.ask(Add(1))


def test_an_answer_stands_although_the_handler_crashes_after_it(
    system: ActorSystem, events: Record
) -> None:
    class Eager(Actor[Add]):
        def receive(self, message: Add) -> None:
            self.reply(message, message.number)
            crash()

    assert system.start(ChildSpec("eager", Eager)).ask(Add(3)) == 3
    assert events.expect(MessageFailed).message == Add(3)


def test_the_first_error_stands_although_the_handler_crashes_after_it(system: ActorSystem) -> None:
    class Refuser(Actor[Add]):
        def receive(self, message: Add) -> None:
            self.reply_error(message, LookupError("first"))
            crash()

    with pytest.raises(LookupError, match="first"):
        system.start(ChildSpec("refuser", Refuser)).ask(Add(3))


@pytest.mark.parametrize("overflow", [Overflow.FAIL, Overflow.DROP_NEWEST])
def test_a_request_for_which_there_is_no_room_fails(
    system: ActorSystem, overflow: Overflow
) -> None:
    gate = Gate()
    ref = system.start(puppet("full", capacity=1, overflow=overflow))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    with pytest.raises(MailboxFullError):
        ref.ask(Ask(nothing))
    gate.open()


def test_a_request_that_is_dropped_as_the_oldest_message_fails(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(puppet("full", capacity=1, overflow=Overflow.DROP_OLDEST))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    asker = gevent.spawn(lambda: ref.ask(Ask(nothing)))
    gevent.idle()
    ref.tell(Note(1))
    with pytest.raises(MailboxFullError, match=r"full cannot answer .*dropped"):
        asker.get()
    gate.open()
    settle(ref)


def test_messages_of_one_sender_arrive_in_order(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary, capacity=3))
    for number in range(50):
        ref.tell(Note(number))
    settle(ref)
    assert diary.all(Note) == [Note(number) for number in range(50)]


def test_a_ref_can_be_sent_in_a_message(system: ActorSystem, diary: Record) -> None:
    @frozen
    class Introduce:
        to: ActorRef[Note]

    class Greeter(Actor[Introduce]):
        def receive(self, message: Introduce) -> None:
            message.to.tell(Note(1))

    ref = system.start(puppet("puppet", diary))
    system.start(ChildSpec("greeter", Greeter)).tell(Introduce(ref))
    diary.until(Note(1))


def test_refs_are_equal_if_they_lead_to_the_same_actor(system: ActorSystem) -> None:
    ref, other = system.start(puppet("puppet")), system.start(puppet("other"))
    same = system.find("puppet")
    assert same == ref
    assert {same, ref} == {ref}
    assert ref != other
    assert ref != "puppet"


def test_a_ref_shows_its_name(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    assert (ref.name, repr(ref)) == ("puppet", "<ActorRef puppet>")


def test_a_ref_outlives_a_restart(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("phoenix", diary))
    ref.tell(Do(crash))
    diary.until(Began("phoenix", 2))
    assert ref.is_alive
    assert ref.ask(Ask(lambda puppet: puppet.ref)) == ref


def test_join_says_why_the_actor_has_stopped(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.tell(Do(crash))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, BoomError)
    assert not ref.is_alive


def test_join_returns_none_if_the_actor_has_not_stopped_in_time(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    assert ref.join(0) is None
    assert ref.is_alive


def test_stopping_a_ref_ends_the_actor_normally(system: ActorSystem) -> None:
    assert stopped(system).join(0) == Normal()


def test_stopping_an_actor_that_has_stopped_does_nothing(
    system: ActorSystem, events: Record
) -> None:
    ref = stopped(system)
    ref.stop()
    assert ref.join(0) == Normal()
    assert events.all(DeadLetter) == []


def test_draining_an_actor_that_has_stopped_does_nothing(
    system: ActorSystem, events: Record
) -> None:
    ref = stopped(system)
    ref.drain()
    assert ref.join(0) == Normal()
    assert events.all(DeadLetter) == []
    assert ref.stats().mailbox == 0


def test_a_drain_ends_the_actor_after_the_messages_that_wait(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    ref.drain()
    ref.tell(Note(2))
    gate.open()
    assert ref.join() == Normal()
    assert diary.all(Note) == [Note(1)]
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(2)]


def test_a_message_that_is_none_of_the_actors_is_unhandled_and_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    counter: ActorRef[Any] = system.start(ChildSpec("counter", Counter))
    counter.tell(Note(1))
    assert counter.ask(Add(40)) == 40
    assert events.all(MessageUnhandled) == [MessageUnhandled("counter", Note(1))]
    assert events.all(DeadLetter) == [
        DeadLetter("counter", Note(1), "the actor has no case for it")
    ]
    stats = counter.stats()
    assert (stats.told, stats.handled, stats.failed, stats.dead) == (2, 1, 0, 1)
    assert system.dead_letters == 1


def test_a_request_that_is_none_of_the_actors_fails_and_the_actor_goes_on(
    system: ActorSystem, events: Record
) -> None:
    counter: ActorRef[Any] = system.start(ChildSpec("counter", Counter))
    with pytest.raises(UnhandledMessageError, match=r"counter does not handle Ignored\(\)"):
        counter.ask(Ignored())
    assert counter.ask(Add(1)) == 1
    assert events.all(MessageUnhandled) == [MessageUnhandled("counter", Ignored())]
    assert events.all(ActorFailed) == []


def test_a_subclass_accepts_what_its_base_accepts(system: ActorSystem, events: Record) -> None:
    class Twice(Counter):
        def receive(self, message: Add) -> None:
            super().receive(Add(2 * message.number) if message.number < 0 else message)

    twice: ActorRef[Any] = system.start(ChildSpec("twice", Twice))
    twice.tell("no number")
    assert twice.ask(Add(3)) == 3
    assert events.all(MessageUnhandled) == [MessageUnhandled("twice", "no number")]


def test_each_member_of_a_union_is_accepted(system: ActorSystem, events: Record) -> None:
    class Both(Actor[Add | Note]):
        def receive(self, message: Add | Note) -> None:
            if isinstance(message, Add):
                self.reply(message, self.ref.stats().handled)

    both: ActorRef[Any] = system.start(ChildSpec("both", Both))
    both.tell(Note(1))
    both.tell(7)
    assert both.ask(Add(3)) == 1
    assert events.all(MessageUnhandled) == [MessageUnhandled("both", 7)]


def test_a_message_that_receive_has_no_case_for_is_unhandled_too(
    system: ActorSystem, events: Record
) -> None:
    class Picky(Actor[Any]):
        def receive(self, message: object) -> None:
            match message:
                case Add(number):
                    self.reply(message, number)
                case _:
                    self.unhandled(message)

    ref = system.start(ChildSpec("picky", Picky))
    ref.tell(Note(1))
    assert ref.ask(Add(3)) == 3
    assert events.all(MessageUnhandled) == [MessageUnhandled("picky", Note(1))]
    assert events.expect(DeadLetter).message == Note(1)


def test_only_the_message_in_hand_can_be_unhandled(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(ActorError, match=r"message that is being handled; got Note\(number=1\)"):
        ref.ask(Ask(lambda puppet: puppet.unhandled(Note(1))))


def test_a_system_that_has_not_been_entered_starts_no_actor() -> None:
    with pytest.raises(ActorError, match=r"entered system: with ActorSystem\(\) as system"):
        ActorSystem().start(puppet("puppet"))


def test_waiting_for_ever_for_an_answer_that_cannot_come_is_a_deadlock(
    system: ActorSystem,
) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    idle = system.start(puppet("idle"))
    with pytest.raises(DeadlockError) as caught:
        ref.ask(Ask(gate.pass_through), timeout=None)
    assert str(caught.value).startswith(
        "nothing is left that could wake anyone: this greenlet waits for the answer of slow to Ask"
    )
    assert "; idle waits for a message" in str(caught.value)
    gate.open()
    settle(ref)
    settle(idle)


def test_the_time_limit_of_an_ask_that_was_answered_keeps_no_deadlock_from_being_found(
    system: ActorSystem,
) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    ref.ask(Ask(nothing), timeout=3600.0)
    with pytest.raises(DeadlockError):
        ref.ask(Ask(gate.pass_through), timeout=None)
    assert time.monotonic() == 0.0
    gate.open()
    settle(ref)


def test_a_deadlock_names_the_actors_that_wait_for_each_other(system: ActorSystem) -> None:
    one, other = system.start(puppet("one")), system.start(puppet("other"))

    def ask_back(_: Puppet) -> object:
        return one.ask(Ask(nothing), timeout=None)

    with pytest.raises(DeadlockError) as caught:
        one.ask(Ask(lambda _: other.ask(Ask(ask_back), timeout=None)), timeout=None)
    words = str(caught.value)
    assert "; one waits for the answer of other to Ask" in words
    assert "; other waits for the answer of one to Ask" in words
    kill(one)
    assert other.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_a_deadlock_names_the_actors_that_are_stuck_in_a_message(system: ActorSystem) -> None:
    gate, other = Gate(), system.start(puppet("other"))
    system.start(puppet("slow")).tell(Do(gate.pass_through))
    gate.await_entry()
    try:
        with pytest.raises(DeadlockError, match=r"; slow is busy with Do\(action="):
            other.join()
    finally:
        gate.open()


def test_waiting_for_ever_for_room_that_cannot_come_is_a_deadlock(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("full", capacity=1))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    try:
        with pytest.raises(DeadlockError, match="room in the mailbox of full"):
            ref.tell(Note(2))
    finally:
        gate.open()


def test_asking_for_ever_where_no_room_can_come_is_a_deadlock(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("full", capacity=1))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    try:
        with pytest.raises(DeadlockError, match="room in the mailbox of full"):
            ref.ask(Ask(nothing), timeout=None)
    finally:
        gate.open()


def test_waiting_for_ever_for_an_end_that_cannot_come_is_a_deadlock(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(DeadlockError, match="this greenlet waits for the end of puppet; system"):
        ref.join()
    assert ref.is_alive


def test_an_actor_outside_a_system_has_no_ref() -> None:
    with pytest.raises(ActorError, match="this Counter does not run in a system; start it with"):
        Counter().ref  # noqa: B018


def test_an_actor_without_receive_says_so(system: ActorSystem) -> None:
    class Mute(Actor[Any]):
        """Has nothing to say."""

    ref = system.start(ChildSpec("mute", Mute))
    with pytest.raises(UnhandledMessageError, match=r"mute does not handle Add\(number=1\)"):
        ref.ask(Add(1))
    assert ref.stats().dead == 1


def test_a_ref_can_be_weakly_referenced(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    assert weakref.ref(ref)() is ref


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_ref_says_that_it_cannot_be_pickled_and_what_to_do(
    system: ActorSystem, make: Callable[[object], object]
) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(TypeError, match=r"cannot be pickled .*system\.find\('puppet'\)"):
        make(ref)
