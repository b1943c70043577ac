"""Cases of the suite of Erlang's `gen_server`: starts, continuations, time-outs, calls and ends."""

import time
from functools import partial
from typing import Any

import pytest
from attrs import frozen

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    ExitReason,
    Future,
    Killed,
    Normal,
    Request,
    Stopped,
    Terminated,
    gather,
)
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    AskTimeoutError,
    LinkedActorError,
    SettingsError,
)
from rnd_actors.events import DeadLetter
from rnd_actors.supervision import ChildSpec, Restart
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
    busy_for,
    crash,
    hang,
    in_turn,
    let_pass,
    nothing,
    puppet,
    settle,
    start_soon,
)
from tests.suites.toys import ending, failing, mortal, watched


def note(thing: object) -> Do:
    return Do(lambda puppet: puppet.diary.add(thing))


def first(*messages: object) -> Any:
    """The action of a puppet that tells itself these messages, the last one to come first."""
    return lambda puppet: [puppet.tell_first(message) for message in messages]


# --- starts


def test_a_start_that_ends_with_a_reason_has_started_and_ends_for_that_reason(
    system: ActorSystem,
) -> None:
    ref = mortal(system, "a", at_start=lambda me: me.stop(Crashed(BoomError("no config"))))
    assert ref.join() == Crashed(BoomError("no config"))


def test_who_starts_what_is_there_already_gets_it_and_no_second_one(
    system: ActorSystem, diary: Record
) -> None:
    refs = {system.start(puppet("a", diary), or_get=True) for _ in range(3)}
    assert len(refs) == 1
    assert diary.all(Began) == [Began("a", 1)]


def test_a_name_is_free_when_its_temporary_actor_has_ended(
    system: ActorSystem, diary: Record
) -> None:
    old = mortal(system, "a", diary)
    old.tell(ending(result=1))
    old.join()
    assert system.start(puppet("a", diary), or_get=True) != old


def test_who_waits_for_a_start_is_told_that_it_was_killed(system: ActorSystem) -> None:
    gate = Gate()
    starting = start_soon(system, puppet("a", at_start=gate.pass_through))
    gate.await_entry()
    ref = system.find("a")
    assert ref is not None
    ref.kill()
    with pytest.raises(ActorDeadError, match="killed"):
        starting.get()


def test_an_actor_that_is_linked_in_on_start_fails_with_the_one_that_started_it(
    system: ActorSystem,
) -> None:
    parent = mortal(system, "parent")
    child = mortal(system, "child", at_start=lambda me: me.link(parent))
    parent.tell(Do(crash))
    reason = child.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, LinkedActorError)


def test_to_link_one_that_has_ended_already_is_a_failure_that_names_it(
    system: ActorSystem,
) -> None:
    parent = mortal(system, "parent")
    parent.tell(ending())
    parent.join()
    child = mortal(system, "child", at_start=lambda me: me.link(parent))
    with pytest.raises(LinkedActorError, match="parent"):
        raise_reason(child.join())


def raise_reason(reason: ExitReason | None) -> None:
    assert isinstance(reason, Crashed)
    raise reason.error


def test_one_that_is_watched_from_on_start_on_is_heard_of_even_if_it_has_ended(
    system: ActorSystem, diary: Record
) -> None:
    gone = mortal(system, "gone")
    gone.tell(ending(Stopped()))
    gone.join()
    system.start(puppet("watcher", diary, at_start=lambda me: me.watch(gone)))
    assert diary.expect(Terminated) == Terminated(gone, Stopped())


# --- continuations


def test_a_continuation_comes_before_what_others_sent_during_the_start(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    starting = start_soon(
        system, puppet("a", diary, at_start=in_turn(first(Note(0)), gate.pass_through))
    )
    gate.await_entry()
    ref = system.find("a")
    assert ref is not None
    ref.tell(Note(1))
    gate.open()
    settle(starting.get())
    assert diary.all(Note) == [Note(0), Note(1)]


def test_a_continuation_may_lead_to_another_one_before_all_others(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("a", diary, at_start=first(Do(first(Do(first(Note(1))))))))
    ref.tell(Note(2))
    settle(ref)
    assert diary.all(Note) == [Note(1), Note(2)]


def test_of_two_continuations_the_later_one_comes_first(system: ActorSystem, diary: Record) -> None:
    settle(system.start(puppet("a", diary, at_start=first(Note(1), Note(2)))))
    assert diary.all(Note) == [Note(2), Note(1)]


def test_an_answer_is_there_before_the_continuation_runs(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("a", diary))

    def go_on_later(me: Puppet) -> str:
        me.tell_first(Do(busy_for(60.0)))
        return "answer"

    assert ref.ask(Ask(go_on_later)) == "answer"
    assert time.monotonic() < 1.0
    ref.ask(Ask(nothing), timeout=None)
    assert time.monotonic() >= 60.0


def test_a_continuation_that_fails_is_a_failure_of_the_actor_and_not_of_the_start(
    system: ActorSystem, diary: Record
) -> None:
    ref = mortal(system, "a", diary, at_start=first(Do(crash)))
    assert ref.join() == Crashed(BoomError("as told"))


def test_a_continuation_may_end_the_actor_with_its_result(system: ActorSystem) -> None:
    assert mortal(system, "a", at_start=first(ending(result="done"))).join() == Normal("done")


def test_a_restart_continues_from_its_own_start_once(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("a", diary, at_start=first(Note(0))))
    ref.tell(Do(crash))
    settle(ref)
    assert diary.all(Note) == [Note(0), Note(0)]


# --- time-outs


def test_a_time_out_is_a_message_that_comes_when_nothing_else_does(
    system: ActorSystem, diary: Record
) -> None:
    system.start(puppet("a", diary, at_start=lambda me: me.set_receive_timeout(2.0, "timeout")))
    diary.until("timeout")
    assert time.monotonic() == pytest.approx(2.0)


def test_each_message_begins_the_time_out_again(system: ActorSystem, diary: Record) -> None:
    ref = system.start(
        puppet("a", diary, at_start=lambda me: me.set_receive_timeout(2.0, "timeout"))
    )
    for number in range(5):
        let_pass(1.5)
        ref.tell(Note(number))
    settle(ref)
    assert "timeout" not in diary.items
    diary.until("timeout")
    assert time.monotonic() == pytest.approx(5 * 1.5 + 2.0)


def test_a_server_that_nobody_calls_ends_itself_after_its_time_out(system: ActorSystem) -> None:
    ref = mortal(
        system, "a", at_start=lambda me: me.set_receive_timeout(3.0, ending(result="idle"))
    )
    assert ref.join() == Normal("idle")
    assert time.monotonic() == pytest.approx(3.0)


def test_a_wrong_time_out_leaves_the_one_that_was_set(system: ActorSystem, diary: Record) -> None:
    ref = system.start(
        puppet("a", diary, at_start=lambda me: me.set_receive_timeout(2.0, "timeout"))
    )

    def spoil(me: Puppet) -> None:
        with pytest.raises(SettingsError):
            me.set_receive_timeout(-1.0, "never")

    ref.ask(Ask(spoil))
    diary.until("timeout")


# --- calls


def test_a_call_that_is_answered_as_the_server_ends_has_its_answer(system: ActorSystem) -> None:
    ref = mortal(system, "a")

    def answer_and_end(me: Puppet) -> str:
        me.stop(Stopped())
        return "goodbye"

    assert ref.ask(Ask(answer_and_end)) == "goodbye"
    assert ref.join() == Stopped()


@pytest.mark.parametrize("end", [ending(Stopped()), Do(crash), ending(Killed())])
def test_calls_that_wait_when_a_server_ends_for_good_fail_at_once(
    system: ActorSystem, end: Do
) -> None:
    ref = mortal(system, "a")
    ref.tell(Do(busy_for(1.0)))
    ref.tell(end)
    waiting = [ref.ask_future(Ask(nothing)) for _ in range(3)]
    for future in waiting:
        with pytest.raises((ActorDeadError, ActorCrashedError)):
            future.get()
    assert time.monotonic() == pytest.approx(1.0)


def test_the_call_in_hand_of_a_server_that_is_killed_fails_and_the_next_one_is_served(
    system: ActorSystem,
) -> None:
    ref = system.start(puppet("a"))
    in_hand, after = ref.ask_future(Ask(hang)), ref.ask_future(Ask(lambda me: me.incarnation))
    let_pass(0.0)
    ref.kill()
    assert after.get() == 2
    with pytest.raises(ActorCrashedError):
        in_hand.get()


def test_an_answer_that_comes_too_late_is_not_mistaken_for_the_next_one(
    system: ActorSystem,
) -> None:
    ref = system.start(puppet("a"))

    def slowly(answer: str, _: Puppet) -> str:
        let_pass(2.0)
        return answer

    late = ref.ask_future(Ask(partial(slowly, "late"))).recover(lambda _: "given up")
    assert late.get(1.0) == "given up"
    assert ref.ask(Ask(lambda _: "right")) == "right"


def replies(refs: list[ActorRef[Any]]) -> list[Future[Any]]:
    return [ref.ask_future(Ask(lambda me: me.ref.name)) for ref in refs]


def test_a_call_of_many_servers_has_replies_and_those_that_failed(system: ActorSystem) -> None:
    refs = [mortal(system, name) for name in "abc"]
    refs[1].tell(Do(crash))
    refs[1].join()
    answers = gather(future.recover(type) for future in replies(refs))
    assert answers == ["a", ActorDeadError, "c"]


def test_a_call_of_many_servers_waits_for_all_of_them_at_the_same_time(
    system: ActorSystem,
) -> None:
    refs = [mortal(system, name) for name in "abcde"]
    for ref in refs:
        ref.tell(Do(busy_for(2.0)))
    assert gather(replies(refs)) == list("abcde")
    assert time.monotonic() == pytest.approx(2.0)


def test_a_call_of_many_servers_names_those_that_are_too_late(system: ActorSystem) -> None:
    refs = [mortal(system, name) for name in "ab"]
    refs[1].tell(Do(busy_for(10.0)))
    late = [each.recover(lambda error: error) for each in replies(refs)]
    fast, slow = gather(late, 1.0)
    assert fast == "a"
    assert isinstance(slow, AskTimeoutError)
    assert "b did not answer" in str(slow)


def test_requests_are_collected_in_the_order_in_which_their_answers_are_ready(
    system: ActorSystem,
) -> None:
    refs = [mortal(system, name) for name in "ab"]
    refs[0].tell(Do(busy_for(10.0)))
    slow, fast = replies(refs)
    assert fast.get() == "b"
    assert (slow.is_ready, fast.is_ready) == (False, True)
    assert slow.get(None) == "a"


# --- casts, and what comes by itself


def test_a_cast_to_one_that_was_killed_for_good_is_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    ref = mortal(system, "a")
    ref.kill()
    ref.join()
    ref.tell(Note(1))
    letter = events.expect(DeadLetter)
    assert (letter.actor, letter.message) == ("a", Note(1))


@frozen
class Reading(Request[list[str]]):
    pass


class Sensor(Actor[Reading | Terminated | str]):
    """Keeps what it is told in words; the end of the device is a message as all others."""

    def __init__(self, device: ActorRef[Any]) -> None:
        self.device = device
        self.seen: list[str] = []

    def on_start(self) -> None:
        self.watch(self.device)

    def receive(self, message: Reading | Terminated | str) -> None:
        match message:
            case Reading():
                self.reply(message, self.seen)
            case Terminated(ref, reason):
                self.seen.append(f"{ref.name}: {reason}")
            case str():
                self.seen.append(message)


def test_news_of_an_end_stand_among_the_other_messages_in_the_order_in_which_they_came(
    system: ActorSystem,
) -> None:
    device = mortal(system, "device")
    sensor = system.start(ChildSpec("sensor", lambda: Sensor(device)))
    sensor.tell("before")
    device.kill()
    device.join()
    sensor.tell("after")
    assert sensor.ask(Reading()) == ["before", "device: killed", "after"]


# --- ends


@pytest.mark.parametrize("reason", [Normal(), Normal("r"), Stopped(), Killed(), Crashed(OSError())])
def test_on_stop_is_called_with_the_reason_that_the_actor_gives(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    ref = mortal(system, "a", diary)
    ref.tell(ending(reason))
    ref.join()
    assert diary.all(Ended) == [Ended("a", 1, reason)]


def test_on_stop_is_called_for_a_kill_in_the_middle_of_a_call(
    system: ActorSystem, diary: Record
) -> None:
    ref = mortal(system, "a", diary)
    asked = ref.ask_future(Ask(hang))
    let_pass(0.0)
    ref.kill()
    with pytest.raises(ActorCrashedError):
        asked.get()
    diary.until(Ended("a", 1, Killed()))


def test_an_error_in_on_stop_is_the_reason_in_the_place_of_the_result(
    system: ActorSystem,
) -> None:
    ref = mortal(system, "a", at_stop=crash)
    told = watched(system, ref)
    ref.tell(ending(result="lost"))
    assert told.expect(Terminated).reason == Crashed(BoomError("as told"))


def test_an_error_in_on_stop_does_not_hide_the_first_one(system: ActorSystem) -> None:
    ref = mortal(system, "a", at_stop=crash)
    ref.tell(failing(OSError("first")))
    assert ref.join() == Crashed(OSError("first"))


def test_a_stop_that_is_waited_for_gives_up_in_time_and_the_server_ends_later(
    system: ActorSystem,
) -> None:
    ref = mortal(system, "a")
    ref.tell(Do(busy_for(10.0)))
    let_pass(0.0)
    ref.stop()
    assert ref.join(1.0) is None
    assert ref.join() == Normal()


def test_the_first_reason_that_an_actor_gives_is_the_one_that_counts(
    system: ActorSystem,
) -> None:
    ref = mortal(system, "a")
    ref.tell(Do(in_turn(lambda me: me.stop(result="first"), lambda me: me.stop(Killed()))))
    assert ref.join() == Normal("first")


def test_a_restart_that_an_actor_brings_about_itself_keeps_its_messages(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("a", diary, restart=Restart.TRANSIENT))
    ref.tell(ending(Crashed(BoomError("reset"))))
    ref.tell(Note(1))
    settle(ref)
    assert diary.items[-1] == Note(1)
    assert ref.ask(Ask(lambda me: me.incarnation)) == 2


# --- another loop


def test_an_actor_becomes_what_it_is_for_good_in_on_start(
    system: ActorSystem, diary: Record
) -> None:
    def loop(me: Puppet) -> None:
        def handle(message: object) -> None:
            me.diary.add(("loop", message))

        me.become(handle)

    ref = system.start(puppet("a", diary, at_start=loop))
    ref.tell(Note(1))
    ref.tell(Do(crash))
    diary.until(("loop", Do(crash)))
    assert diary.items[1:] == [("loop", Note(1)), ("loop", Do(crash))]
