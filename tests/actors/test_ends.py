"""How actors end: with a result or a reason, killed, and together with those they are linked to."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, Never

import pytest

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    ExitReason,
    Killed,
    Normal,
    Restarted,
    Stopped,
    Terminated,
)
from rnd_actors.errors import (
    DuplicateChildError,
    LinkedActorError,
    SettingsConflictError,
    SettingsError,
    StartCycleError,
)
from rnd_actors.supervision import ChildSpec, CountChildren, Restart, StartChild, TerminateChild
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
    crash,
    hang,
    puppet,
    settle,
    start_soon,
)


def link(other: ActorRef[Any], puppet: Puppet) -> None:
    puppet.link(other)


def mortal(system: ActorSystem, name: str, diary: Record | None = None) -> ActorRef[Any]:
    return system.start(puppet(name, diary, restart=Restart.TRANSIENT))


def test_join_returns_the_result_of_an_actor_that_stops_itself(system: ActorSystem) -> None:
    ref = mortal(system, "calculator")
    ref.tell(Do(lambda puppet: puppet.stop(result=42)))
    reason = ref.join()
    assert isinstance(reason, Normal)
    assert reason.result == 42


def test_the_result_of_own_work_is_what_run_returns(system: ActorSystem) -> None:
    class Sum(Actor[Never]):
        def run(self) -> int:
            return sum(range(10))

    assert system.start(ChildSpec("sum", Sum, restart=Restart.TEMPORARY)).join() == Normal(45)


@pytest.mark.parametrize("result", [None, [], {"a": []}, Normal(1)], ids=repr)
def test_any_result_can_be_given(system: ActorSystem, result: object) -> None:
    ref = mortal(system, "calculator")
    ref.tell(Do(lambda puppet: puppet.stop(result=result)))
    reason = ref.join()
    assert reason == Normal(result)
    assert hash(reason) == hash(Normal())


def test_watchers_get_the_result(system: ActorSystem, diary: Record) -> None:
    ref = mortal(system, "calculator")
    system.start(puppet("watcher", diary, at_start=lambda puppet: puppet.watch(ref)))
    ref.tell(Do(lambda puppet: puppet.stop(result=42)))
    assert diary.expect(Terminated) == Terminated(ref, Normal(42))


def test_a_normal_end_without_a_result_is_printed_as_ever() -> None:
    assert repr(Normal()) == "Normal()"
    assert repr(Normal("it")) == "Normal('it')"
    assert str(Normal("it")) == "normal"


@pytest.mark.parametrize(
    "reason", [Normal(), Stopped(), Killed(), Crashed(BoomError("so"))], ids=str
)
def test_an_actor_ends_itself_for_the_reason_that_it_gives(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    ref = system.start(puppet("mortal", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(lambda puppet: puppet.stop(reason)))
    assert ref.join() == reason
    assert diary.expect(Ended) == Ended("mortal", 1, reason)


@pytest.mark.parametrize(
    ("reason", "restarts"), [(Stopped(), False), (Killed(), True), (Crashed(BoomError()), True)]
)
def test_a_transient_actor_is_restarted_if_it_ends_itself_with_a_failure(
    system: ActorSystem,
    diary: Record,
    reason: ExitReason,
    restarts: bool,  # noqa: FBT001
) -> None:
    ref = mortal(system, "mortal", diary)
    ref.tell(Do(lambda puppet: puppet.stop(reason)))
    if restarts:
        diary.until(Began("mortal", 2))
    else:
        assert ref.join() == reason


def test_a_reason_has_no_result(system: ActorSystem) -> None:
    ref = system.start(puppet("mortal", restart=Restart.TEMPORARY))
    with pytest.raises(SettingsConflictError, match=r"stop\(\) takes a reason or a result"):
        ref.ask(Ask(lambda puppet: puppet.stop(Stopped(), result=3)))


def test_a_linked_actor_drains_if_its_spec_says_so(system: ActorSystem, diary: Record) -> None:
    other = system.start(puppet("other"))
    ref = system.start(puppet("drains", diary, drain=True))
    ref.ask(Ask(lambda puppet: puppet.link(other)))
    for number in range(100):
        ref.tell(Note(number))
    system.root.ask(TerminateChild("other"))
    diary.until(Note(99))
    assert ref.stats().dead == 0


def test_the_error_of_a_chain_of_links_names_the_first_that_failed(
    system: ActorSystem, diary: Record
) -> None:
    refs = [mortal(system, str(number), diary) for number in range(20)]
    for ref, following in pairwise(refs):
        ref.ask(Ask(partial(link, following)))
    refs[0].tell(Do(crash))
    diary.until(Began("19", 2))
    reasons = [each.reason for each in diary.all(Ended) if each.name != "0"]
    first = "0, to which it is linked, has ended: crashed: BoomError: as told"
    assert {str(reason) for reason in reasons} == {f"crashed: LinkedActorError: {first}"}


@pytest.mark.parametrize(
    "reason",
    ["done", 7, Crashed, BoomError("so"), Crashed("x")],  # type: ignore[arg-type]
    ids=str,
)
def test_what_is_no_reason_is_refused(system: ActorSystem, reason: Any) -> None:
    ref = system.start(puppet("mortal", restart=Restart.TEMPORARY))
    with pytest.raises(SettingsError, match=r"stop\(\) reason takes Normal\(\), Stopped\(\), "):
        ref.ask(Ask(lambda puppet: puppet.stop(reason)))


def test_an_actor_is_killed_in_the_middle_of_a_message(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("mortal", diary, restart=Restart.TEMPORARY))
    gate = Gate()
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.kill()
    assert ref.join() == Killed()
    assert diary.expect(Ended) == Ended("mortal", 1, Killed())


def test_a_killed_actor_is_restarted_and_keeps_its_messages(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("worker", diary))
    ref.tell(Do(hang))
    ref.tell(Note(1))
    gate = Gate()
    gate.open()
    ref.kill()
    diary.until(Note(1))
    assert diary.items.index(Began("worker", 2)) < diary.items.index(Note(1))


def test_a_killed_actor_that_has_not_begun_is_restarted(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    future = start_soon(system, puppet("slow", diary, at_start=gate.pass_through))
    gate.await_entry()
    found = system.find("slow")
    assert found is not None
    found.kill()
    with pytest.raises(Exception, match="slow did not start: killed"):
        future.get()


def test_killing_an_actor_that_is_over_does_nothing(system: ActorSystem) -> None:
    ref = mortal(system, "mortal")
    ref.stop()
    ref.join()
    ref.kill()
    assert ref.join() == Normal()


def test_one_that_watches_with_restarts_hears_of_each(system: ActorSystem, diary: Record) -> None:
    ref = mortal(system, "mortal")
    system.start(puppet("watcher", diary, at_start=lambda puppet: puppet.watch(ref, restarts=True)))
    ref.tell(Do(crash))
    diary.until(Restarted(ref, 2))
    ref.kill()
    diary.until(Restarted(ref, 3))
    ref.stop()
    diary.until(Terminated(ref, Normal()))
    assert diary.items[1:] == [Restarted(ref, 2), Restarted(ref, 3), Terminated(ref, Normal())]


def test_one_that_watches_no_more_hears_of_no_restart(system: ActorSystem, diary: Record) -> None:
    ref = mortal(system, "mortal", diary)
    watcher = system.start(puppet("watcher", diary))
    watcher.ask(Ask(lambda puppet: puppet.watch(ref, restarts=True)))
    watcher.ask(Ask(lambda puppet: puppet.unwatch(ref)))
    ref.tell(Do(crash))
    diary.until(Began("mortal", 2))
    settle(ref)
    settle(watcher)
    assert not diary.all(Restarted)


def test_one_that_watches_again_is_told_as_it_asked_last(
    system: ActorSystem, diary: Record
) -> None:
    ref = mortal(system, "mortal", diary)
    watcher = system.start(puppet("watcher", diary))
    watcher.ask(Ask(lambda puppet: puppet.watch(ref, restarts=True)))
    watcher.ask(Ask(lambda puppet: puppet.watch(ref)))
    ref.tell(Do(crash))
    diary.until(Began("mortal", 2))
    settle(ref)
    settle(watcher)
    assert not diary.all(Restarted)


@pytest.fixture
def left(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return mortal(system, "left", diary)


@pytest.fixture
def right(left: ActorRef[Any], system: ActorSystem, diary: Record) -> ActorRef[Any]:
    ref = mortal(system, "right", diary)
    ref.ask(Ask(lambda puppet: puppet.link(left)))
    return ref


Failure = Callable[[Puppet], object]


@pytest.mark.parametrize("fail", [crash, lambda puppet: puppet.stop(Killed())])
@pytest.mark.parametrize("first", ["left", "right"])
def test_linked_actors_fail_together(
    left: ActorRef[Any], right: ActorRef[Any], diary: Record, fail: Failure, first: str
) -> None:
    ref, other = (left, "right") if first == "left" else (right, "left")
    ref.tell(Do(fail))
    diary.until(Began("left", 2))
    diary.until(Began("right", 2))
    [ended] = [each for each in diary.all(Ended) if each.name == other]
    assert isinstance(ended.reason, Crashed)
    assert isinstance(ended.reason.error, LinkedActorError)
    assert f"{first}, to which it is linked, has ended: " in str(ended.reason)


def test_linked_actors_stop_together(
    left: ActorRef[Any], right: ActorRef[Any], system: ActorSystem
) -> None:
    system.root.ask(TerminateChild("left"))
    assert right.join() == Stopped()


def test_a_normal_end_leaves_the_other_one_alone(
    left: ActorRef[Any], right: ActorRef[Any], diary: Record
) -> None:
    left.stop()
    left.join()
    right.tell(Do(crash))
    diary.until(Began("right", 2))
    settle(right)
    assert right.is_alive


def test_a_link_is_of_two_incarnations_and_not_of_the_next(
    left: ActorRef[Any], right: ActorRef[Any], diary: Record
) -> None:
    left.tell(Do(crash))
    diary.until(Began("left", 2))
    diary.until(Began("right", 2))
    left.tell(Do(crash))
    diary.until(Began("left", 3))
    settle(right)
    assert Began("right", 3) not in diary.items


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_link_can_be_undone_from_either_side(
    left: ActorRef[Any], right: ActorRef[Any], diary: Record, side: str
) -> None:
    ref, other = (left, right) if side == "left" else (right, left)
    ref.ask(Ask(lambda puppet: puppet.unlink(other)))
    left.tell(Do(crash))
    diary.until(Began("left", 2))
    settle(right)
    assert Began("right", 2) not in diary.items


def test_all_that_are_linked_in_a_ring_fail(system: ActorSystem, diary: Record) -> None:
    refs = [mortal(system, str(number), diary) for number in range(5)]
    for ref, following in zip(refs, [*refs[1:], refs[0]], strict=True):
        ref.ask(Ask(partial(link, following)))
    refs[2].tell(Do(crash))
    for number in range(5):
        diary.until(Began(str(number), 2))


def test_a_link_to_an_actor_that_is_not_up_counts_as_its_failure(
    system: ActorSystem, left: ActorRef[Any], diary: Record
) -> None:
    left.stop()
    left.join()
    ref = mortal(system, "late", diary)
    ref.tell(Do(lambda puppet: puppet.link(left)))
    diary.until(Began("late", 2))
    reason = next(each.reason for each in diary.all(Ended) if each.name == "late")
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, LinkedActorError)


def test_a_link_to_itself_does_nothing(system: ActorSystem, left: ActorRef[Any]) -> None:
    left.ask(Ask(lambda puppet: puppet.link(left)))
    left.stop()
    assert left.join() == Normal()


def test_start_or_get_returns_the_actor_that_is_there(system: ActorSystem, diary: Record) -> None:
    spec = puppet("one", diary)
    assert system.start(spec, or_get=True) == system.start(spec, or_get=True)
    assert diary.items == [Began("one", 1)]
    with pytest.raises(DuplicateChildError):
        system.start(spec)


def test_start_or_get_waits_for_one_that_starts(system: ActorSystem) -> None:
    gate = Gate()
    spec = puppet("slow", at_start=gate.pass_through)
    futures = [start_soon(system, spec)]
    gate.await_entry()
    futures += [system.root.ask_future(StartChild(spec, or_get=True)) for _ in range(2)]
    system.root.ask(CountChildren())
    assert not any(future.is_ready for future in futures)
    gate.open()
    assert len({future.get() for future in futures}) == 1


def test_all_that_wait_for_a_start_hear_that_it_failed(system: ActorSystem) -> None:
    gate = Gate()

    def fail_late(puppet: Puppet) -> None:
        gate.pass_through()
        crash()

    spec = puppet("slow", at_start=fail_late)
    futures = [start_soon(system, spec)]
    gate.await_entry()
    futures.append(system.root.ask_future(StartChild(spec, or_get=True)))
    gate.open()
    for future in futures:
        with pytest.raises(BoomError):
            future.get()
    assert system.root.ask(CountChildren()).specs == 0


def test_actors_that_wait_for_the_start_of_each_other_are_told(
    system: ActorSystem, diary: Record
) -> None:
    specs: dict[str, ChildSpec] = {}

    def get(name: str, puppet: Puppet) -> None:
        try:
            system.start(specs[name], or_get=True)
        except StartCycleError as error:
            puppet.diary.add(str(error))

    for name, following in ("ab", "bc", "ca"):
        specs[name] = puppet(name, diary, at_start=partial(get, following))
    refs = [system.start(specs[name], or_get=True) for name in "abc"]
    [told] = diary.all(str)
    assert told.startswith("a waits in its on_start(), maybe by way of others, for the actor")
    for ref in refs:
        settle(ref)


def test_an_actor_that_starts_cannot_get_itself(system: ActorSystem, diary: Record) -> None:
    specs: list[ChildSpec] = []

    def get_yourself(puppet: Puppet) -> None:
        with pytest.raises(StartCycleError):
            system.start(specs[0], or_get=True)
        puppet.diary.add("told")

    specs.append(puppet("a", diary, at_start=get_yourself))
    settle(system.start(specs[0]))
    assert diary.all(str) == ["told"]


def test_two_that_start_may_get_the_same_third_one(system: ActorSystem) -> None:
    third = puppet("third")
    for name in "ab":
        system.start(puppet(name, at_start=lambda _: system.start(third, or_get=True)), or_get=True)


def test_start_or_get_starts_a_terminated_one_again(system: ActorSystem, diary: Record) -> None:
    spec = puppet("one", diary, restart=Restart.TRANSIENT)
    first = system.start(spec)
    system.root.ask(TerminateChild("one"))
    second = system.start(spec, or_get=True)
    assert second != first
    assert second.is_alive
    assert diary.items.count(Began("one", 1)) == 2


def test_start_or_get_refuses_what_is_no_spec(system: ActorSystem) -> None:
    with pytest.raises(TypeError, match="takes ChildSpec"):
        system.start("nonsense", or_get=True)  # type: ignore[arg-type]
