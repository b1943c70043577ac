"""The life of an actor: hooks, incarnations, and what a restart keeps."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any, Generic, Never, TypeVar

import gevent
import pytest

from rnd_actors.actors import Actor, ActorSystem, Crashed, ExitReason, Killed, Normal, Stopped
from rnd_actors.errors import ActorClassError, ActorError, ChildSpecError
from rnd_actors.events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ChildRestarting,
    DeadLetter,
    MessageFailed,
)
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import (
    Action,
    Ask,
    Began,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    found,
    hang,
    in_turn,
    kill,
    kill_yourself,
    nothing,
    puppet,
    settle,
    start,
    start_soon,
    supervise,
)


def first_time(action: Action) -> Action:
    """Do `action` in the first incarnation only."""
    return lambda puppet: action(puppet) if puppet.incarnation == 1 else None


def is_boom(reason: ExitReason | None) -> bool:
    return isinstance(reason, Crashed) and isinstance(reason.error, BoomError)


def test_on_start_comes_before_the_first_message(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    start_soon(system, puppet("puppet", diary, at_start=gate.pass_through))
    gate.await_entry()
    found(system, "puppet").tell(Note(1))
    gevent.idle()
    assert diary.items == [Began("puppet", 1)]
    gate.open()
    diary.until(Note(1))


def test_on_stop_comes_after_the_last_message_with_the_reason(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Note(1))
    ref.tell(Do(Puppet.stop))
    ref.join()
    assert diary.items == [Began("puppet", 1), Note(1), Ended("puppet", 1, Normal())]


def test_leaving_the_system_stops_an_actor_with_the_reason_shutdown(diary: Record) -> None:
    with ActorSystem() as system:
        settle(system.start(puppet("puppet", diary)))
    assert diary.items == [Began("puppet", 1), Ended("puppet", 1, Stopped())]


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        ([Do(Puppet.stop)], Normal),
        ([Do(crash)], Crashed),
        ([Do(kill_yourself)], Killed),
        ([Do(lambda puppet: puppet.background(crash))], Crashed),
        ([object(), Do(Puppet.stop), Do(Puppet.stop)], Normal),
        ([Do(in_turn(Puppet.stop, crash))], Crashed),
    ],
    ids=["stopped", "crashed", "killed", "background crashed", "stopped twice", "crashed last"],
)
def test_both_hooks_are_called_exactly_once_in_an_incarnation(
    system: ActorSystem, diary: Record, life: list[object], expected: type[ExitReason]
) -> None:
    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    for message in life:
        ref.tell(message)
    reason = ref.join()
    assert isinstance(reason, expected)
    assert diary.all(Began) == [Began("puppet", 1)]
    assert diary.all(Ended) == [Ended("puppet", 1, reason)]


def test_on_stop_is_called_after_a_crash_in_on_start(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    at_start = in_turn(gate.pass_through, crash)
    start_soon(system, puppet("puppet", diary, at_start=at_start, restart=Restart.TEMPORARY))
    gate.await_entry()
    ref = found(system, "puppet")
    ref.tell(Note(1))
    gate.open()
    reason = ref.join()
    assert is_boom(reason)
    assert diary.items == [Began("puppet", 1), Ended("puppet", 1, Crashed(reason.error))]  # type: ignore[union-attr]


def test_a_first_start_that_fails_is_raised_where_it_was_asked_for_and_is_not_retried(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    with pytest.raises(BoomError, match="as told") as caught:
        system.start(puppet("puppet", diary, at_start=crash))
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-3:] == ["_begin", "on_start", "crash"]
    assert system.find("puppet") is None
    assert diary.items == [Began("puppet", 1), Ended("puppet", 1, Crashed(caught.value))]
    assert events.all(ChildRestarting) == []
    settle(system.start(puppet("puppet")))


def test_a_start_that_fails_turns_what_was_told_meanwhile_into_dead_letters(
    system: ActorSystem, events: Record
) -> None:
    gate = Gate()
    starting = start_soon(system, puppet("puppet", at_start=in_turn(gate.pass_through, crash)))
    gate.await_entry()
    ref = found(system, "puppet")
    ref.tell(Note(1))
    gate.open()
    with pytest.raises(BoomError):
        starting.get()
    assert events.all(DeadLetter) == [DeadLetter("puppet", Note(1), "the actor has stopped")]
    assert is_boom(ref.join(0))


def test_a_crash_in_on_start_fails_no_message(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    gate = Gate()
    at_start = first_time(in_turn(gate.pass_through, crash))
    supervise(system, [puppet("puppet", diary, at_start=at_start)])
    gate.await_entry()
    found(system, "team/puppet").tell(Note(1))
    gate.open()
    diary.until(Note(1))
    assert events.all(MessageFailed) == []
    started = [event for event in events.all(ActorStarted) if event.actor == "team/puppet"]
    assert [event.incarnation for event in started] == [2]


def test_an_actor_that_stops_itself_in_on_start_handles_nothing(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    at_start = in_turn(Puppet.stop, gate.pass_through)
    starting = start_soon(
        system, puppet("puppet", diary, at_start=at_start, restart=Restart.TEMPORARY)
    )
    gate.await_entry()
    ref = found(system, "puppet")
    ref.tell(Note(1))
    gate.open()
    assert starting.get() == ref
    assert ref.join() == Normal()
    assert diary.all(Note) == []
    assert events.expect(DeadLetter).message == Note(1)


def test_a_crash_in_on_stop_makes_a_normal_end_a_failure(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", at_stop=crash, restart=Restart.TEMPORARY))
    ref.stop()
    assert is_boom(ref.join())


def test_a_crash_in_on_stop_after_a_crash_is_noted_with_the_first(system: ActorSystem) -> None:
    def fail_again(_: Puppet) -> None:
        raise LookupError("second")

    ref = system.start(puppet("puppet", at_stop=fail_again, restart=Restart.TEMPORARY))
    ref.tell(Do(crash))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, BoomError)
    assert reason.error.__notes__ == ["while it wound down, too: LookupError('second')"]


def test_a_kill_in_on_stop_ends_it(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(
        puppet("puppet", diary, at_stop=gate.pass_through, restart=Restart.TEMPORARY)
    )
    ref.stop()
    gate.await_entry()
    kill(ref)
    assert ref.join() == Killed()
    assert diary.all(Ended) == [Ended("puppet", 1, Normal())]


def test_a_restarted_actor_keeps_its_mailbox_but_not_its_state(system: ActorSystem) -> None:
    class Counter(Actor[Any]):
        def __init__(self) -> None:
            self.handled = 0

        def receive(self, message: object) -> None:
            self.handled += 1
            if isinstance(message, Ask):
                self.reply(message, (self.incarnation, self.handled))
            elif isinstance(message, Do):
                crash()

    ref = system.start(ChildSpec("counter", Counter))
    for message in (Note(1), Note(2), Do(crash), Note(3)):
        ref.tell(message)
    assert ref.ask(Ask(nothing)) == (2, 2)


def test_a_restart_makes_a_fresh_instance(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(diary.add))
    ref.tell(Do(crash))
    ref.tell(Do(diary.add))
    settle(ref)
    first, second = diary.all(Puppet)
    assert first is not second


def test_the_message_that_failed_is_not_handled_again(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    def note_and_crash(puppet: Puppet) -> None:
        puppet.diary.add("tried")
        crash()

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(note_and_crash))
    settle(ref)
    assert diary.items.count("tried") == 1
    assert events.expect(MessageFailed).message == Do(note_and_crash)


def test_incarnations_are_counted_from_one(system: ActorSystem, diary: Record) -> None:
    ref = start(supervise(system), puppet("puppet", diary))
    for _ in range(3):
        ref.tell(Do(crash))
    settle(ref)
    assert [began.incarnation for began in diary.all(Began)] == [1, 2, 3, 4]
    assert [ended.incarnation for ended in diary.all(Ended)] == [1, 2, 3]


def test_a_stop_overtakes_the_messages_that_wait_and_they_become_dead_letters(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    ref.tell(Note(2))
    ref.stop()
    gate.open()
    ref.join()
    assert diary.all(Note) == []
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1), Note(2)]


def test_the_message_in_hand_is_finished_before_a_stop(system: ActorSystem, diary: Record) -> None:
    def stop_and_go_on(puppet: Puppet) -> None:
        puppet.stop()
        puppet.diary.add("finished")

    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(stop_and_go_on))
    ref.join()
    assert "finished" in diary.items


def test_a_stop_during_on_start_ends_the_actor_before_its_first_message(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    spec = puppet("puppet", diary, at_start=gate.pass_through, restart=Restart.TEMPORARY)
    starting = start_soon(system, spec)
    gate.await_entry()
    ref = found(system, "puppet")
    ref.tell(Note(1))
    ref.stop()
    gate.open()
    assert starting.get() == ref
    assert ref.join() == Normal()
    assert diary.items == [Began("puppet", 1), Ended("puppet", 1, Normal())]


def test_a_factory_that_fails_is_a_crash_without_hooks(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    def fail() -> Puppet:
        diary.add("factory")
        raise BoomError

    with pytest.raises(BoomError):
        system.start(ChildSpec("puppet", fail, restart=Restart.TEMPORARY))
    (failed,) = events.all(ActorFailed)
    assert is_boom(failed.reason)
    assert diary.items == ["factory"]
    assert system.find("puppet") is None


def test_a_factory_that_failed_is_called_again(system: ActorSystem, diary: Record) -> None:
    calls = count(1)

    def fail_once() -> Puppet:
        if next(calls) == 1:
            crash()
        return Puppet(diary)

    supervise(system, [ChildSpec("puppet", fail_once)])
    diary.until(Began("team/puppet", 2))


def test_a_factory_must_not_return_the_same_instance_again(
    system: ActorSystem, diary: Record
) -> None:
    only = Puppet(diary)
    team = supervise(system)
    ref = start(team, ChildSpec("puppet", lambda: only, restart=Restart.TEMPORARY))
    with pytest.raises(
        ChildSpecError, match="the factory of team/other must make a fresh Actor each time"
    ):
        start(team, ChildSpec("other", lambda: only, restart=Restart.TEMPORARY))
    settle(ref)
    assert diary.items == [Began("team/puppet", 1)]


@pytest.mark.parametrize("made", [None, "a string", object()], ids=["None", "str", "object"])
def test_a_factory_must_return_an_actor(system: ActorSystem, made: Any) -> None:
    with pytest.raises(ChildSpecError) as caught:
        system.start(ChildSpec("puppet", lambda: made, restart=Restart.TEMPORARY))
    assert f"it made {made!r}" in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [
        Puppet.stop,
        Puppet.mark_healthy,
        lambda puppet: puppet.ref,
        lambda puppet: puppet.incarnation,
        lambda puppet: puppet.after(1.0, Note(1)),
        lambda puppet: puppet.background(nothing),
        lambda puppet: puppet.reply(Ask(nothing), None),
    ],
    ids=["stop", "mark_healthy", "ref", "incarnation", "after", "background", "reply"],
)
def test_an_actor_that_does_not_run_yet_says_so(use: Callable[[Puppet], object]) -> None:
    with pytest.raises(ActorError, match=r"does not run in a system.*from on_start\(\) on"):
        use(Puppet())


def test_names_are_paths_of_ids_below_the_system(system: ActorSystem) -> None:
    team = supervise(system)
    assert (team.name, start(team, puppet("puppet")).name) == ("team", "team/puppet")


def test_a_life_is_told_in_events(system: ActorSystem, events: Record) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TRANSIENT))
    ref.tell(Do(crash))
    ref.tell(Do(Puppet.stop))
    ref.join()
    told = [event for event in events.items if getattr(event, "actor", "") == "puppet"]
    assert [type(event) for event in told] == [
        ActorStarted,
        MessageFailed,
        ActorFailed,
        ActorStarted,
        ActorStopped,
    ]
    assert is_boom(told[2].reason)
    assert told[4] == ActorStopped("puppet", 2, Normal())


def test_a_factory_that_returns_the_class_is_told_so_and_the_class_stays_usable(
    system: ActorSystem,
) -> None:
    class Mistaken(Puppet):
        """Its class is given instead of an instance."""

    def make() -> Any:
        return Mistaken

    with pytest.raises(ChildSpecError, match="it made <class"):
        system.start(ChildSpec("mistaken", make, restart=Restart.TEMPORARY))
    settle(system.start(ChildSpec("right", Mistaken)))


def test_a_class_that_accepts_messages_and_has_no_receive_is_refused() -> None:
    with pytest.raises(ActorClassError, match=r"Deaf accepts messages of type .*dict.* no receive"):

        class Deaf(Actor[dict]):  # type: ignore[type-arg]
            pass


def test_classes_that_need_no_receive_are_made() -> None:
    message = TypeVar("message")

    class Silent(Actor[Never]):
        pass

    class Working(Actor[int]):
        def run(self) -> None:
            pass

    class Base(Actor[int], ABC):
        @abstractmethod
        def receive(self, message: int) -> None: ...

    class Open(Actor[message], Generic[message]):
        pass

    class Anything(Actor[Any]):
        pass

    assert {Silent, Working, Base, Open, Anything}


@pytest.mark.parametrize("kind", ["coroutine", "generator", "asynchronous generator"])
@pytest.mark.parametrize("hook", ["on_start", "receive", "run", "on_stop"])
def test_a_hook_that_nobody_would_run_is_refused(hook: str, kind: str) -> None:
    async def coroutine(self: object, *_: object) -> None: ...

    def generator(self: object, *_: object) -> Any:
        yield

    async def asynchronous(self: object, *_: object) -> AsyncIterator[None]:
        yield

    hooks = {"coroutine": coroutine, "generator": generator}
    function: Any = hooks.get(kind, asynchronous)
    with pytest.raises(ActorClassError, match=rf"Wrong\.{hook}\(\) is a coroutine or a generator"):
        type("Wrong", (Actor,), {hook: function})


def test_a_timeout_of_gevent_in_on_start_comes_out_of_start_as_itself(system: ActorSystem) -> None:
    timeout = gevent.Timeout(1.0)

    def wait_too_long(_: Puppet) -> None:
        with timeout:
            hang()

    with pytest.raises(gevent.Timeout) as raised:
        system.start(puppet("slow", at_start=wait_too_long))
    assert raised.value is timeout
    assert system.find("slow") is None
