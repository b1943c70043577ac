"""What follows a crash: by the class of its error, by a decider, at the restart intensity."""

from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Killed, Stopped
from rnd_actors.errors import (
    ActorCrashedError,
    ChildRunningError,
    ChildSpecError,
    RestartIntensityError,
    SettingsError,
    UnknownChildError,
)
from rnd_actors.events import RestartIntensityReached
from rnd_actors.supervision import (
    ChildDown,
    ChildGivenUp,
    ChildSpec,
    ChildState,
    ChildUp,
    CountChildren,
    Directive,
    EscalateChild,
    OnLimit,
    Restart,
    RestartChild,
    RestartIntensity,
    Strategy,
    TerminateChild,
)
from tests.actors.toys import (
    Action,
    Ask,
    Began,
    BoomError,
    Do,
    Puppet,
    Record,
    crash,
    is_down,
    puppet,
    settle,
)
from tests.actors.toys_supervision import children_of, states, team


def fail(error: BaseException) -> Do:
    def act(_: Puppet) -> None:
        raise error

    return Do(act)


NETWORK = {
    ConnectionError: Directive.RESTART,
    OSError: Directive.STOP,
    ValueError: Directive.ESCALATE,
}


@pytest.fixture
def boss(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return team(system, [puppet("a", diary, restart=Restart.TEMPORARY, on=NETWORK)])


@pytest.fixture
def child(boss: ActorRef[Any]) -> ActorRef[Any]:
    return children_of(boss)["a"].ref


@pytest.mark.parametrize("error", [ConnectionError(), ConnectionResetError(), BrokenPipeError()])
def test_an_error_whose_class_says_restart_restarts_even_a_temporary_child(
    child: ActorRef[Any], diary: Record, error: Exception
) -> None:
    child.tell(fail(error))
    diary.until(Began("team/a", 2))


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT])
def test_an_error_whose_class_says_stop_stops_even_a_permanent_child(
    system: ActorSystem, restart: Restart
) -> None:
    boss = team(system, [puppet("a", restart=restart, on=NETWORK)])
    ref = children_of(boss)["a"].ref
    error = FileNotFoundError("gone")
    ref.tell(fail(error))
    assert ref.join() == Crashed(error)
    assert states(boss) == {"a": ChildState.TERMINATED}
    again = boss.ask(RestartChild("a"))
    settle(again)


def test_an_error_whose_class_says_escalate_is_the_error_of_the_supervisor(
    boss: ActorRef[Any], child: ActorRef[Any]
) -> None:
    error = UnicodeError("no text")
    child.tell(fail(error))
    assert boss.join() == Crashed(error)


def test_an_error_climbs_until_somebody_knows_its_class(system: ActorSystem) -> None:
    inner = team_spec("inner", puppet("a", on={Exception: Directive.ESCALATE}))
    boss = team(system, [ChildSpec("inner", inner.factory, on={ValueError: Directive.STOP})])
    ref = system.find("team/inner/a")
    assert ref is not None
    found = system.find("team/inner")
    assert found is not None
    error = ValueError("x")
    ref.tell(fail(error))
    assert found.join() == Crashed(error)
    assert states(boss) == {"inner": ChildState.TERMINATED}


def team_spec(name: str, *children: ChildSpec) -> ChildSpec:
    from rnd_actors.supervision import Supervisor  # noqa: PLC0415

    return ChildSpec(name, lambda: Supervisor(children))


@pytest.mark.parametrize(("restart", "comes"), [(Restart.PERMANENT, 2), (Restart.TEMPORARY, None)])
def test_the_restart_kind_decides_about_all_other_errors(
    system: ActorSystem, diary: Record, restart: Restart, comes: int | None
) -> None:
    boss = team(system, [puppet("a", diary, restart=restart, on=NETWORK)])
    ref = children_of(boss)["a"].ref
    ref.tell(Do(crash))
    if comes:
        diary.until(Began("team/a", comes))
    else:
        assert ref.join() == Crashed(BoomError("as told"))


def test_a_kill_is_no_error_of_any_class(system: ActorSystem, diary: Record) -> None:
    boss = team(system, [puppet("a", diary, on={BaseException: Directive.STOP})])
    ref = children_of(boss)["a"].ref
    ref.kill()
    diary.until(Began("team/a", 2))


def test_a_decider_alone_decides(system: ActorSystem) -> None:
    decider = system.start(puppet("decider"))
    with pytest.raises(ChildSpecError, match="on takes None if DELEGATED, since the decider"):
        puppet("a", restart=Restart.DELEGATED, decider=decider, on=NETWORK)


@pytest.mark.parametrize("error", [SettingsError("a", "b", 1), UnknownChildError("x"), OSError()])
def test_any_error_is_escalated(system: ActorSystem, diary: Record, error: Exception) -> None:
    decider = system.start(puppet("decider", diary))
    boss = team(system, [puppet("a", restart=Restart.DELEGATED, decider=decider)])
    children_of(boss)["a"].ref.tell(fail(error))
    diary.expect(ChildDown)
    boss.ask(EscalateChild("a"))
    assert boss.join() == Crashed(error)


@pytest.mark.parametrize("request_of", [TerminateChild, EscalateChild, RestartChild])
def test_what_is_no_id_is_no_child(system: ActorSystem, request_of: Any) -> None:
    with pytest.raises(UnknownChildError, match=r"there is no child \['a'\]"):
        system.root.ask(request_of(["a"]))


def test_a_sibling_that_fails_in_the_same_moment_is_escalated_too(system: ActorSystem) -> None:
    specs = [puppet("a"), puppet("b", on=NETWORK)]
    boss = team(system, specs, strategy=Strategy.ONE_FOR_ALL)
    a, b = (info.ref for info in children_of(boss).values())
    settle(b)
    error = ValueError("x")
    a.tell(Do(crash))
    b.tell(fail(error))
    assert boss.join() == Crashed(error)


@pytest.mark.parametrize(
    "on",
    [
        {ValueError: "stop"},
        {"ValueError": Directive.STOP},
        {int: Directive.STOP},
        [(ValueError, Directive.STOP)],
        Directive.STOP,
    ],
    ids=str,
)
def test_what_is_no_mapping_of_errors_is_refused(on: Any) -> None:
    with pytest.raises(ChildSpecError, match="on takes a dict from classes of exceptions to"):
        puppet("a", on=on)


@pytest.fixture
def decider(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return system.start(puppet("decider", diary))


def delegated(decider: ActorRef[Any], at_start: Action = lambda _: None) -> ChildSpec:
    return puppet("a", restart=Restart.DELEGATED, decider=decider, at_start=at_start)


def test_a_decider_gets_the_ref_of_the_child(
    system: ActorSystem, decider: ActorRef[Any], diary: Record
) -> None:
    boss = team(system, [delegated(decider)], intensity=RestartIntensity(0))
    ref = children_of(boss)["a"].ref
    assert diary.expect(ChildUp).ref == ref
    ref.tell(Do(crash))
    assert diary.expect(ChildDown).ref == ref
    boss.tell(RestartChild("a"))
    assert diary.expect(ChildGivenUp).ref == ref


def test_a_decider_stops_a_child(
    system: ActorSystem, decider: ActorRef[Any], diary: Record
) -> None:
    boss = team(system, [delegated(decider)])
    ref = children_of(boss)["a"].ref
    ref.tell(Do(crash))
    diary.expect(ChildDown)
    boss.ask(TerminateChild("a"))
    assert ref.join() == Stopped()


def test_a_decider_escalates(system: ActorSystem, decider: ActorRef[Any], diary: Record) -> None:
    boss = team(system, [delegated(decider)])
    children_of(boss)["a"].ref.tell(Do(crash))
    diary.expect(ChildDown)
    boss.ask(EscalateChild("a"))
    assert boss.join() == Crashed(BoomError("as told"))


def test_a_kill_is_escalated_in_words(
    system: ActorSystem, decider: ActorRef[Any], diary: Record
) -> None:
    boss = team(system, [delegated(decider)])
    children_of(boss)["a"].ref.kill()
    assert diary.expect(ChildDown).reason == Killed()
    boss.tell(EscalateChild("a"))
    assert boss.join() == Crashed(ActorCrashedError("team/a has ended: killed"))


def test_only_a_child_that_is_down_is_escalated(
    system: ActorSystem, decider: ActorRef[Any]
) -> None:
    boss = team(system, [delegated(decider)])
    settle(children_of(boss)["a"].ref)
    with pytest.raises(ChildRunningError, match="only one that is down can be escalated"):
        boss.ask(EscalateChild("a"))
    with pytest.raises(UnknownChildError):
        boss.ask(EscalateChild("b"))
    assert boss.is_alive


def test_a_child_over_its_intensity_stops_alone_if_the_supervisor_says_so(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    once = RestartIntensity(1, 60.0)
    specs = [puppet("a", diary), puppet("b", diary)]
    boss = team(system, specs, intensity=once, on_limit=OnLimit.STOP_CHILD)
    a, b = (info.ref for info in children_of(boss).values())
    for incarnation in (1, 2):
        diary.until(Began("team/a", incarnation))
        a.tell(Do(crash))
    assert a.join() == Crashed(BoomError("as told"))
    settle(b)
    assert boss.is_alive
    assert states(boss) == {"a": ChildState.TERMINATED, "b": ChildState.RUNNING}
    assert events.all(RestartIntensityReached) == [
        RestartIntensityReached("team/a", once, Crashed(BoomError("as told")))
    ]


def test_a_child_that_was_stopped_at_its_limit_can_be_started_again(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(
        system,
        [puppet("a", diary)],
        intensity=RestartIntensity(0),
        on_limit=OnLimit.STOP_CHILD,
    )
    ref = children_of(boss)["a"].ref
    for _ in range(3):
        ref.tell(Do(crash))
        ref.join()
        ref = boss.ask(RestartChild("a"))
        settle(ref)
    assert boss.ask(CountChildren()).active == 1


def test_the_limit_of_all_together_still_ends_the_supervisor(system: ActorSystem) -> None:
    boss = team(
        system,
        [puppet("a")],
        total_intensity=RestartIntensity(0),
        on_limit=OnLimit.STOP_CHILD,
    )
    children_of(boss)["a"].ref.tell(Do(crash))
    reason = boss.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)


def test_a_child_without_a_limit_is_restarted_for_ever(system: ActorSystem, diary: Record) -> None:
    boss = team(system, [puppet("a", diary)], intensity=RestartIntensity(None))
    ref = children_of(boss)["a"].ref
    for incarnation in range(1, 200):
        diary.until(Began("team/a", incarnation))
        ref.tell(Do(crash))
    diary.until(Began("team/a", 200))


def test_a_child_without_a_limit_may_fail_to_start_for_ever(
    system: ActorSystem, diary: Record
) -> None:
    def fail_often(puppet: Puppet) -> None:
        if puppet.incarnation < 100:
            crash()

    team(system, [puppet("a", diary, at_start=fail_often)], intensity=RestartIntensity(None))
    diary.until(Began("team/a", 100))


def test_no_limit_is_told_in_words() -> None:
    assert str(RestartIntensity(None)) == "any number of restarts within 5 s"
    with pytest.raises(SettingsError):
        RestartIntensity(1.5)  # type: ignore[arg-type]


def test_the_infos_of_children_tell_their_specs_and_kinds(system: ActorSystem) -> None:
    spec = puppet("a", restart=Restart.TRANSIENT)
    boss = team(system, [spec])
    info = children_of(boss)["a"]
    settle(info.ref)
    info = children_of(boss)["a"]
    assert (info.spec, info.spec.restart, info.kind) == (spec, Restart.TRANSIENT, "Puppet")
    info.ref.stop()
    info.ref.join()
    assert is_down(info.ref)
    assert children_of(boss)["a"].kind == ""


def test_the_supervisor_answers_while_it_knows_classes(
    boss: ActorRef[Any], child: ActorRef[Any]
) -> None:
    assert child.ask(Ask(lambda puppet: puppet.incarnation)) == 1
