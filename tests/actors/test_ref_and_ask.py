"""Refs: how messages are sent and answers awaited."""

import traceback
from typing import Any

import gevent
import pytest
from attrs import frozen
from gevent import GreenletExit

from rnd_actors.actors import (
    Actor,
    ActorFailed,
    ActorRef,
    ActorSystem,
    ChildSpec,
    Crashed,
    DeadLetter,
    Killed,
    MessageFailed,
    Normal,
    Overflow,
    Request,
    Restart,
)
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    ActorError,
    AskTimeoutError,
    MailboxFullError,
    NotAnsweredError,
)
from tests.actors.toys import (
    PATIENCE_S,
    SOON,
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
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
    ref.join(PATIENCE_S)
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
    with pytest.raises(AskTimeoutError, match=r"slow did not answer .* within 0.01 s"):
        ref.ask(Ask(gate.pass_through), timeout=0.01)
    gate.open()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_an_ask_that_timed_out_is_a_timeout_error_like_any_other(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(TimeoutError):
        ref.ask(Ask(gate.pass_through), timeout=0)
    gate.open()


def test_ask_without_a_timeout_waits_as_long_as_it_takes(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    asker = gevent.spawn(lambda: ref.ask(Ask(gate.pass_through), timeout=None))
    gate.await_entry()
    assert not asker.ready()
    gate.open()
    assert asker.get(timeout=PATIENCE_S) is None


def test_an_ask_that_waits_for_room_gives_up_after_its_timeout_too(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(puppet("full", capacity=1))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    with pytest.raises(AskTimeoutError, match=r"full did not answer .* within 0.05 s"):
        ref.ask(Ask(nothing), timeout=SOON)
    assert ref._cell.mailbox.told == 2
    gate.open()


def test_a_gevent_timeout_of_the_asker_ends_its_wait(system: ActorSystem) -> None:
    gate, ref = Gate(), system.start(puppet("slow"))
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.01):
        ref.ask(Ask(gate.pass_through), timeout=None)
    gate.open()
    settle(ref)


def test_an_actor_that_asks_itself_is_told_so_at_once(system: ActorSystem) -> None:
    ref = system.start(puppet("narcissus"))
    with pytest.raises(ActorError, match="narcissus asks itself"):
        ref.ask(Ask(lambda puppet: puppet.ref.ask(Ask(nothing), timeout=None)))


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
        asker.get(timeout=PATIENCE_S)


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
        asker.get(timeout=PATIENCE_S)
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
        with gevent.Timeout(0.001):
            hang()

    ref = system.start(puppet("slow"))
    with pytest.raises(gevent.Timeout):
        ref.ask(Ask(run_out_of_time))
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
        asker.get(timeout=PATIENCE_S)
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
    same: ActorRef[Any] = ActorRef(ref._cell)
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
    reason = ref.join(PATIENCE_S)
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


def test_an_actor_outside_a_system_has_no_ref() -> None:
    with pytest.raises(ActorError, match="this Counter does not run in a system; start it with"):
        Counter().ref  # noqa: B018


def test_an_actor_without_receive_says_so(system: ActorSystem) -> None:
    class Mute(Actor[Any]):
        """Has nothing to say."""

    with pytest.raises(ActorError, match=r"Mute has no receive\(\); it cannot handle Add"):
        system.start(ChildSpec("mute", Mute)).ask(Add(1))
