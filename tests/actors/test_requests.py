"""Requests beyond a plain ask: many at once, answered later, by others, or by nobody."""

import gc
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import gevent
import pytest
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Deferred, Overflow, Request, gather
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
from rnd_actors.events import MessageFailed, MessageUnhandled
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import (
    SOON,
    Ask,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    found,
    hang,
    kill,
    kill_yourself,
    nothing,
    puppet,
    settle,
)
from tests.actors.toys_supervision import Clerk, Handle, How, clerk, team, up


@pytest.fixture
def ref(system: ActorSystem, diary: Record) -> ActorRef[object]:
    """A clerk that is restarted after whatever happens."""
    return system.start(clerk("clerk", diary, shutdown=SOON))


class Debts:
    """Where a clerk keeps the answers that it owes."""

    def __init__(self) -> None:
        self.owed: list[Deferred[object]] = []

    def defer(self, clerk: Clerk, request: Handle) -> None:
        self.owed.append(clerk.defer(request))


def answer(value: object) -> How:
    return lambda clerk, request: clerk.reply(request, value)


def forward(to: ActorRef[object]) -> How:
    return lambda clerk, request: clerk.forward(request, to)


def say_name(puppet: Puppet) -> str:
    return puppet.ref.name


@frozen
class Foreign:
    """A message that nobody knows."""


@frozen
class ForeignRequest(Request[int]):
    """A request that nobody knows."""


@frozen
class Double(Request[int]):
    number: int


class Doubler(Actor[Double]):
    """Doubles, but not thirteen."""

    def receive(self, message: Double) -> None:
        match message:
            case Double(13):
                self.unhandled(message)
            case Double(number):
                self.reply(message, 2 * number)


@pytest.fixture
def doubler(system: ActorSystem) -> ActorRef[Any]:
    return system.start(ChildSpec("doubler", Doubler))


def test_gather_returns_the_answers_in_the_order_of_the_futures(system: ActorSystem) -> None:
    gate = Gate()
    slow, quick = system.start(clerk("slow")), system.start(clerk("quick"))
    slow.tell(Do(gate.pass_through))
    futures = [slow.ask_future(Handle(answer("slow"))), quick.ask_future(Handle(answer("quick")))]
    assert futures[1].get() == "quick"
    gate.open()
    assert gather(futures) == ["slow", "quick"]


def test_gather_of_nothing_is_nothing() -> None:
    assert gather([]) == []


def test_gather_raises_the_error_of_the_first_future_that_has_one(
    ref: ActorRef[object],
) -> None:
    def fail(text: str) -> How:
        return lambda clerk, request: clerk.reply_error(request, BoomError(text))

    futures = [ref.ask_future(Handle(how)) for how in (answer(1), fail("one"), fail("two"))]
    with pytest.raises(BoomError, match="one"):
        gather(futures)


def test_gather_has_one_time_limit_for_all_futures_together(ref: ActorRef[object]) -> None:
    debts = Debts()
    futures = [ref.ask_future(Handle(debts.defer)) for _ in range(2)]

    def answer_at(delays: tuple[float, float]) -> How:
        def set_timers(clerk: Clerk, request: Handle) -> None:
            for delay, owed in zip(delays, debts.owed, strict=True):
                clerk.after(delay, Do(lambda _, owed=owed: owed.reply(0)))  # type: ignore[misc]

        return set_timers

    ref.tell(Handle(answer_at((6.0, 14.0))))
    with pytest.raises(AskTimeoutError):
        gather(futures, 10.0)
    assert time.monotonic() == 10.0


def test_gather_gives_up_when_one_answer_does_not_come_in_time(ref: ActorRef[object]) -> None:
    debts = Debts()
    futures = [ref.ask_future(Handle(how)) for how in (answer(1), debts.defer)]
    with pytest.raises(AskTimeoutError):
        gather(futures, SOON)


def test_gathering_that_timed_out_says_how_long_it_was_given(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(AskTimeoutError, match=r"slow did not answer .* within 1 s"):
        gather([ref.ask_future(Ask(gate.pass_through))], timeout=1.0)
    gate.open()


def test_gather_without_a_time_limit_waits_for_ever(ref: ActorRef[object]) -> None:
    assert gather([ref.ask_future(Handle(answer(1)))], timeout=None) == [1]


def test_requests_can_be_sent_before_the_first_one_is_answered(ref: ActorRef[object]) -> None:
    futures = [ref.ask_future(Handle(answer(number))) for number in range(100)]
    assert not any(future.is_ready for future in futures)
    assert gather(futures) == list(range(100))


def test_a_future_gives_its_answer_as_often_as_it_is_asked(ref: ActorRef[object]) -> None:
    future = ref.ask_future(Handle(answer("here")))
    assert [future.get(), future.get(0), future.is_ready] == ["here", "here", True]


def test_a_future_whose_get_timed_out_gives_the_answer_later(ref: ActorRef[object]) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    with pytest.raises(AskTimeoutError):
        future.get(SOON)
    assert time.monotonic() == SOON
    debts.owed[0].reply("late")
    assert future.get(0) == "late"


def test_a_get_without_time_does_not_wait(ref: ActorRef[object]) -> None:
    future = ref.ask_future(Handle(answer("here")))
    with pytest.raises(AskTimeoutError, match="within 0 s"):
        future.get(0)
    assert future.get() == "here"


def test_a_deferred_request_is_answered_later_and_the_actor_goes_on(
    ref: ActorRef[object],
) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    assert ref.ask(Handle(answer("meanwhile"))) == "meanwhile"
    assert not future.is_ready
    debts.owed[0].reply("later")
    assert future.get() == "later"


def test_a_deferred_request_can_be_answered_from_a_later_message(ref: ActorRef[object]) -> None:
    debts = Debts()
    futures = [ref.ask_future(Handle(debts.defer)) for _ in range(3)]

    def answer_all(_: Puppet) -> None:
        for number, owed in enumerate(debts.owed):
            owed.reply(number)

    ref.tell(Do(answer_all))
    assert gather(futures) == [0, 1, 2]


def test_a_deferred_request_can_be_answered_with_an_error(ref: ActorRef[object]) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    settle(ref)
    debts.owed[0].reply_error(BoomError("no"))
    with pytest.raises(BoomError, match="no"):
        future.get()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_only_the_first_answer_to_a_deferred_request_counts(ref: ActorRef[object]) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    settle(ref)
    debts.owed[0].reply("first")
    debts.owed[0].reply("second")
    debts.owed[0].reply_error(BoomError("third"))
    assert future.get() == "first"


def test_a_request_that_was_told_can_be_deferred_too(ref: ActorRef[object]) -> None:
    debts = Debts()
    ref.tell(Handle(debts.defer))
    settle(ref)
    debts.owed[0].reply("to nobody")
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_a_deferred_request_counts_as_handled(ref: ActorRef[object]) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    ref.tell(Note(1))
    settle(ref)
    assert ref.stats().handled == 3
    debts.owed[0].reply(0)
    future.get()
    assert ref.stats().handled == 3


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (lambda ref: ref.tell(Do(crash)), r"clerk ended \(crashed: BoomError: as told\)"),
        (kill, r"clerk ended \(killed\)"),
        (lambda ref: ref.stop(), r"clerk ended \(normal\)"),
        (lambda ref: ref.tell(Do(Puppet.stop)), r"clerk ended \(normal\)"),
    ],
)
def test_who_waits_for_a_deferred_answer_is_told_when_the_incarnation_ends(
    ref: ActorRef[object], end: Callable[[ActorRef[object]], object], why: str
) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    settle(ref)
    end(ref)
    with pytest.raises(ActorCrashedError, match=why + " and still owed Handle"):
        future.get()


def test_an_answer_after_the_end_of_the_incarnation_comes_too_late(
    ref: ActorRef[object], diary: Record
) -> None:
    debts = Debts()
    future = ref.ask_future(Handle(debts.defer))
    ref.tell(Do(crash))
    up(diary, "clerk", 2)
    debts.owed[0].reply("too late")
    with pytest.raises(ActorCrashedError):
        future.get(0)


def test_on_stop_may_still_answer_what_is_owed(system: ActorSystem) -> None:
    debts = Debts()

    class Tidy(Clerk):
        def on_stop(self, reason: object) -> None:
            for owed in debts.owed:
                owed.reply("in the end")

    ref = system.start(ChildSpec("tidy", Tidy))
    future = ref.ask_future(Handle(debts.defer))
    settle(ref)
    ref.stop()
    assert future.get() == "in the end"


def test_a_deferred_request_cannot_be_answered_with_reply_any_more(
    ref: ActorRef[object], events: Record
) -> None:
    def defer_and_reply(clerk: Clerk, request: Handle) -> None:
        clerk.defer(request)
        clerk.reply(request, 1)

    with pytest.raises(ActorCrashedError, match="only the request that is being handled"):
        ref.ask(Handle(defer_and_reply))


def test_another_actor_answers_a_request_that_is_forwarded(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    other = system.start(clerk("other"))

    def pass_on(clerk: Clerk, request: Handle) -> None:
        if clerk.ref == other:
            clerk.reply(request, clerk.ref.name)
        else:
            clerk.forward(request, other)

    assert ref.ask(Handle(pass_on)) == "other"


def test_a_forwarded_request_may_be_forwarded_again(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    chain = [ref, *(system.start(clerk(f"clerk {number}")) for number in range(3))]

    def pass_on(clerk: Clerk, request: Handle) -> None:
        position = chain.index(clerk.ref)
        if position < len(chain) - 1:
            clerk.forward(request, chain[position + 1])
        else:
            clerk.reply(request, clerk.ref.name)

    assert ref.ask(Handle(pass_on)) == "clerk 2"


def test_the_forwarding_actor_goes_on_while_the_other_one_works(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    gate = Gate()
    other = system.start(puppet("other"))
    other.tell(Do(gate.pass_through))
    future = ref.ask_future(Handle(forward(other)))
    assert ref.ask(Handle(answer("free"))) == "free"
    assert not future.is_ready
    gate.open()
    with pytest.raises(NotAnsweredError, match="other handled"):
        future.get()


def test_a_request_that_was_told_is_forwarded_as_told(
    system: ActorSystem, ref: ActorRef[object], diary: Record
) -> None:
    other_diary = Record()
    request = Handle(forward(system.start(puppet("other", other_diary))))
    ref.tell(request)
    other_diary.until(request)


def test_forwarding_to_a_dead_actor_fails_at_once(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    dead = system.start(puppet("dead", restart=Restart.TEMPORARY))
    dead.stop()
    dead.join()
    with pytest.raises(ActorDeadError, match="dead cannot answer"):
        ref.ask(Handle(forward(dead)), timeout=None)


def test_the_asker_of_a_forwarded_request_gets_the_error_of_the_other_actor(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    other = system.start(clerk("other"))

    def pass_on(clerk: Clerk, request: Handle) -> None:
        if clerk.ref == other:
            crash()
        clerk.forward(request, other)

    with pytest.raises(BoomError):
        ref.ask(Handle(pass_on))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_a_forwarded_request_survives_the_end_of_the_actor_that_forwarded_it(
    system: ActorSystem, ref: ActorRef[object], diary: Record
) -> None:
    gate = Gate()
    other = system.start(clerk("other"))
    other.tell(Do(gate.pass_through))

    def pass_on(clerk: Clerk, request: Handle) -> None:
        if clerk.ref == other:
            clerk.reply(request, "after all")
        else:
            clerk.forward(request, other)

    future = ref.ask_future(Handle(pass_on))
    ref.tell(Do(crash))
    up(diary, "clerk", 2)
    gate.open()
    assert future.get() == "after all"


def test_the_asker_of_a_request_that_was_being_forwarded_when_the_actor_is_killed_is_told_so(
    system: ActorSystem,
) -> None:
    gate = Gate()
    full = system.start(puppet("full", capacity=1))
    full.tell(Do(gate.pass_through))
    gate.await_entry()
    full.tell(Note(1))

    class Forwarder(Actor[Ask]):
        def receive(self, message: Ask) -> None:
            self.forward(message, full)

    forwarder = system.start(ChildSpec("forwarder", Forwarder))
    future = forwarder.ask_future(Ask(nothing))
    gevent.idle()
    kill(forwarder)
    try:
        with pytest.raises(ActorCrashedError):
            future.get(SOON)
    finally:
        gate.open()


def test_forwarding_counts_as_handled_here_and_as_told_there(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    other = system.start(puppet("other"))
    ref.tell(Handle(forward(other)))
    settle(ref)
    settle(other)
    assert (ref.stats().handled, ref.stats().told) == (2, 2)
    for actor in (ref, other):
        told, places = balance(actor)
        assert told == places


def test_asking_an_actor_that_is_dead_fails_at_once(system: ActorSystem) -> None:
    dead = system.start(puppet("dead", restart=Restart.TEMPORARY))
    dead.stop()
    dead.join()
    with pytest.raises(ActorDeadError, match=r"dead cannot answer .*: the actor has stopped"):
        dead.ask(Ask(nothing), timeout=None)


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (Puppet.stop, NotAnsweredError),
        (crash, BoomError),
        (kill_yourself, ActorCrashedError),
    ],
)
def test_asking_an_actor_that_ends_while_it_handles_the_request_fails_at_once(
    system: ActorSystem, end: Callable[[Clerk], object], error: type[Exception]
) -> None:
    ref = system.start(clerk("clerk", restart=Restart.TEMPORARY))
    with pytest.raises(error):
        ref.ask(Handle(lambda clerk, _: end(clerk)), timeout=None)


def test_a_request_that_waits_for_an_actor_that_ends_for_good_fails_at_once(
    system: ActorSystem,
) -> None:
    gate = Gate()
    ref = system.start(clerk("clerk", restart=Restart.TEMPORARY))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    future = ref.ask_future(Handle(answer(1)))
    ref.stop()
    gate.open()
    with pytest.raises(ActorDeadError, match="clerk cannot answer"):
        future.get(None)


def test_a_request_that_waits_for_an_actor_that_crashes_is_answered_by_the_next_incarnation(
    ref: ActorRef[object],
) -> None:
    ref.tell(Do(crash))
    assert ref.ask(Handle(lambda clerk, it: clerk.reply(it, clerk.incarnation))) == 2


def test_the_exception_of_a_failed_request_keeps_its_traceback_at_the_asker(
    ref: ActorRef[object],
) -> None:
    with pytest.raises(BoomError, match="as told") as raised:
        ref.ask(Handle(lambda clerk, _: crash()))
    frames = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert frames[-1] == "crash"
    assert frames[0].startswith("test_the_exception")


@pytest.mark.parametrize("hides", [False, True], ids=["shows its context", "hides it"])
def test_the_exception_of_a_failed_request_keeps_its_causes_at_the_asker(
    ref: ActorRef[object],
    hides: bool,  # noqa: FBT001
) -> None:
    def fail(clerk: Clerk, request: Handle) -> None:
        try:
            dict[str, str]()["first"]
        except KeyError as error:
            if hides:
                raise BoomError("second") from error
            raise BoomError("second")  # noqa: B904

    with pytest.raises(BoomError) as raised:
        ref.ask(Handle(fail))
    assert isinstance(raised.value.__context__, KeyError)
    assert raised.value.__suppress_context__ is hides
    assert raised.value.__cause__ is (raised.value.__context__ if hides else None)


def test_an_answer_that_was_given_before_the_crash_counts(
    ref: ActorRef[object], diary: Record
) -> None:
    def reply_and_crash(clerk: Clerk, request: Handle) -> None:
        clerk.reply(request, "done")
        crash()

    future = ref.ask_future(Handle(reply_and_crash))
    up(diary, "clerk", 2)
    assert future.get(0) == "done"
    assert ref.stats().failed == 1


def test_an_ask_that_times_out_says_that_the_actor_is_busy_and_with_what(
    ref: ActorRef[object],
) -> None:
    gate = Gate()
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    with pytest.raises(AskTimeoutError, match=r"clerk did not answer Handle.*it is busy with Do"):
        ref.ask(Handle(answer(1)), timeout=SOON)
    gate.open()


def test_an_ask_that_times_out_says_that_the_actor_is_busy_with_that_very_request(
    system: ActorSystem,
) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(AskTimeoutError, match=r"it is busy with Ask\(action="):
        ref.ask(Ask(gate.pass_through), timeout=1.0)
    gate.open()


def test_an_ask_that_times_out_says_that_the_actor_waits_for_a_message(
    ref: ActorRef[object],
) -> None:
    with pytest.raises(AskTimeoutError, match="it waits for a message"):
        ref.ask(Handle(Debts().defer), timeout=SOON)


def test_an_ask_that_times_out_says_for_whose_answer_the_actor_waits(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    other = system.start(puppet("other", shutdown=SOON))
    asks_other = Ask(lambda _: other.ask(Ask(hang), timeout=None))
    with pytest.raises(AskTimeoutError, match=r"it waits for the answer of other to Ask"):
        ref.ask(asks_other, timeout=SOON)


def test_an_ask_that_times_out_says_that_the_actor_is_down(
    system: ActorSystem, diary: Record
) -> None:
    decider = system.start(puppet("decider", diary))
    spec = clerk("clerk", restart=Restart.DELEGATED, decider=decider)
    team(system, [spec])
    ref = found(system, "team/clerk")
    settle(ref)
    ref.tell(Do(crash))
    with pytest.raises(AskTimeoutError, match=r"it is down \(incarnation 1\)"):
        ref.ask(Handle(answer(1)), timeout=SOON)


def test_an_ask_that_times_out_for_want_of_room_says_so(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(clerk("clerk", capacity=1, overflow=Overflow.BLOCK))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    with pytest.raises(AskTimeoutError, match=r"no room for Handle.*it is busy with Do"):
        ref.ask(Handle(answer(1)), timeout=SOON)
    gate.open()


def test_actors_that_ask_each_other_in_a_circle_time_out_with_what_they_wait_for(
    system: ActorSystem,
) -> None:
    a, b = (system.start(puppet(name, shutdown=SOON)) for name in ("a", "b"))
    circle = Ask(lambda _: b.ask(Ask(lambda _: a.ask(Ask(nothing), timeout=SOON)), timeout=None))
    with pytest.raises(AskTimeoutError, match=r"a did not answer .* waits for the answer of b"):
        a.ask(circle, timeout=None)


def test_an_actor_that_asks_itself_is_told_what_to_do_instead(ref: ActorRef[object]) -> None:
    with pytest.raises(SelfAskError, match=r"clerk waits for its own answer.*tell\(\) yourself"):
        ref.ask(Ask(lambda puppet: puppet.ref.ask(Ask(nothing), timeout=None)))


def test_an_actor_that_waits_for_a_future_of_its_own_is_told_so(ref: ActorRef[object]) -> None:
    with pytest.raises(SelfAskError):
        ref.ask(Ask(lambda _: ref.ask_future(Ask(nothing)).get(None)))


def test_an_actor_may_look_at_a_future_of_its_own_later(
    ref: ActorRef[object], diary: Record
) -> None:
    futures = [ref.ask_future(Handle(answer("mine")))]
    assert ref.ask(Ask(lambda _: futures[0].get(0))) == "mine"


def test_background_work_may_ask_the_actor_that_owns_it(
    ref: ActorRef[object], diary: Record
) -> None:
    ref.tell(Do(lambda p: p.background(lambda: diary.add(ref.ask(Ask(say_name))))))
    diary.until("clerk")


def test_an_ask_that_nothing_can_answer_any_more_names_those_who_wait(
    system: ActorSystem,
) -> None:
    a, b = (system.start(puppet(name, shutdown=SOON)) for name in ("a", "b"))
    circle = Ask(lambda _: b.ask(Ask(lambda _: a.ask(Ask(nothing), timeout=None)), timeout=None))
    with pytest.raises(DeadlockError) as raised:
        a.ask(circle, timeout=None)
    words = str(raised.value)
    assert "this greenlet waits for the answer of a to Ask" in words
    assert "a waits for the answer of b to Ask" in words
    assert "b waits for the answer of a to Ask" in words
    assert "system waits for a message" in words


def test_joining_an_actor_that_nothing_can_end_any_more_says_so(ref: ActorRef[object]) -> None:
    with pytest.raises(DeadlockError, match=r"the end of clerk; .*clerk waits for a message"):
        ref.join()


def test_a_system_can_be_used_on_after_a_deadlock_was_found(ref: ActorRef[object]) -> None:
    with pytest.raises(DeadlockError):
        ref.ask(Handle(Debts().defer), timeout=None)
    assert ref.ask(Handle(answer("still here"))) == "still here"


def test_a_request_of_a_foreign_type_is_answered_with_an_error_and_the_actor_lives_on(
    doubler: ActorRef[Any],
) -> None:
    with pytest.raises(UnhandledMessageError, match=r"doubler does not handle ForeignRequest\(\)"):
        doubler.ask(ForeignRequest())
    assert doubler.ask(Double(2)) == 4


def test_a_message_of_a_foreign_type_is_an_event_and_a_dead_letter(
    doubler: ActorRef[Any], events: Record
) -> None:
    doubler.tell(Foreign())
    assert events.expect(MessageUnhandled) == MessageUnhandled("doubler", Foreign())
    assert doubler.ask(Double(2)) == 4
    assert (doubler.stats().dead, doubler.stats().failed) == (1, 0)
    told, places = balance(doubler)
    assert told == places


def test_unhandled_says_the_same_of_a_request_of_the_right_type(
    doubler: ActorRef[Any], events: Record
) -> None:
    with pytest.raises(UnhandledMessageError, match=r"doubler does not handle Double\(number=13\)"):
        doubler.ask(Double(13))
    assert events.all(MessageUnhandled) == [MessageUnhandled("doubler", Double(13))]
    assert events.all(MessageFailed) == []
    assert (doubler.stats().handled, doubler.stats().dead) == (0, 1)


def test_unhandled_takes_only_the_message_in_hand(ref: ActorRef[object]) -> None:
    with pytest.raises(ActorError, match=r"unhandled\(\) takes the message that is being"):
        ref.ask(Handle(lambda clerk, _: clerk.unhandled(Note(1))))


def test_what_a_bounded_mailbox_refuses_of_the_forwarded_fails_at_the_asker(
    system: ActorSystem, ref: ActorRef[object]
) -> None:
    gate = Gate()
    other = system.start(clerk("other", capacity=1, overflow=Overflow.DROP_NEWEST))
    other.tell(Do(gate.pass_through))
    gate.await_entry()
    other.tell(Note(1))
    with pytest.raises(MailboxFullError, match="other cannot answer"):
        ref.ask(Handle(forward(other)), timeout=None)
    gate.open()


def test_a_request_that_an_actor_cannot_forward_to_itself_fails_at_once(
    system: ActorSystem,
) -> None:
    gate = Gate()
    ref = system.start(clerk("clerk", capacity=1))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    future = ref.ask_future(Handle(fill_and_forward))
    gate.open()
    with pytest.raises(MailboxFullError):
        future.get(SOON)


def fill_and_forward(clerk: Clerk, request: Handle) -> None:
    clerk.ref.tell(Note(1))
    clerk.forward(request, clerk.ref)


class Precious:
    """Something of an asker's that nobody else is to keep."""


def test_a_deferred_answer_is_dropped_when_its_asker_has_given_up(system: ActorSystem) -> None:
    requests = WeakSet[Any]()
    ref = system.start(clerk("clerk"))

    def ask() -> None:
        request = Handle(lambda clerk, request: clerk.defer(request))
        requests.add(request)
        with pytest.raises(AskTimeoutError):
            ref.ask(request, timeout=SOON)

    for _ in range(10):
        ask()
    settle(ref)
    gc.collect()
    assert len(requests) == 0


@pytest.mark.parametrize("give", ["an answer", "an error"])
def test_a_deferred_answer_that_was_given_is_not_owed_any_more(
    system: ActorSystem, give: str
) -> None:
    requests = WeakSet[Any]()
    ref = system.start(clerk("clerk"))

    def answer(clerk: Clerk, request: Handle) -> None:
        deferred = clerk.defer(request)
        if give == "an answer":
            deferred.reply("here")
        else:
            deferred.reply_error(BoomError())

    def ask() -> None:
        request = Handle(answer)
        requests.add(request)
        with suppress(BoomError):
            ref.ask_future(request).get()

    for _ in range(10):
        ask()
    settle(ref)
    gc.collect()
    assert len(requests) == 0


@pytest.mark.parametrize("how", ["crash", "reply_error"])
@pytest.mark.parametrize("make", [BoomError, FileNotFoundError])
def test_an_error_keeps_nothing_of_its_asker_alive(
    system: ActorSystem, make: type[Exception], how: str
) -> None:
    error, alive = make(2, "kept"), WeakSet[Precious]()
    ref = system.start(clerk("clerk"))

    def answer(clerk: Clerk, request: Handle) -> None:
        if how == "crash":
            raise error
        clerk.reply_error(request, error)

    def ask() -> None:
        precious = Precious()
        alive.add(precious)
        try:
            ref.ask(Handle(answer))
        except make:
            pass
        else:
            raise AssertionError

    ask()
    gc.collect()
    assert len(alive) == 0
    assert error.args == (2, "kept")
