"""Cases of the suite of Erlang's `supervisor`, for what children give as their reason to end."""

from typing import Any

import pytest

from rnd_actors.actors import (
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
    ActorCrashedError,
    LinkedActorError,
    RestartIntensityError,
    UnknownChildError,
)
from rnd_actors.supervision import (
    AutoShutdown,
    ChildDown,
    ChildSpec,
    ChildState,
    CountChildren,
    Directive,
    EscalateChild,
    OnLimit,
    Restart,
    RestartIntensity,
    ShutDown,
    StartChild,
    Strategy,
    TerminateChild,
)
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Ended,
    Record,
    crash,
    in_turn,
    puppet,
    settle,
)
from tests.actors.toys_supervision import (
    children_of,
    in_incarnation,
    lives,
    refs,
    running,
    states,
    supervisor,
    team,
    up,
)
from tests.suites.toys import ending, failing, kill_and_restart, watched

FOR_EVER = RestartIntensity(None)
NEVER = RestartIntensity(0)
FAILURE = Crashed(BoomError("its own"))


def one_child(system: ActorSystem, diary: Record, restart: Restart) -> ActorRef[Any]:
    return team(system, [puppet("a", diary, restart=restart)])


@pytest.mark.parametrize("reason", [Normal(42), Stopped(), Killed(), FAILURE])
def test_a_permanent_child_is_restarted_for_whatever_reason_it_ends_itself(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    boss = one_child(system, diary, Restart.PERMANENT)
    running(boss)["a"].tell(ending(reason))
    up(diary, "team/a", 2)
    assert diary.all(Ended) == [Ended("team/a", 1, reason)]


@pytest.mark.parametrize("reason", [Normal(42), Stopped()])
def test_a_transient_child_that_ends_in_order_stays_down_with_its_spec(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    boss = one_child(system, diary, Restart.TRANSIENT)
    child = running(boss)["a"]
    child.tell(ending(reason))
    assert child.join() == reason
    assert states(boss) == {"a": ChildState.TERMINATED}


@pytest.mark.parametrize("reason", [Killed(), FAILURE])
def test_a_transient_child_that_ends_itself_out_of_order_is_restarted(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    child = running(one_child(system, diary, Restart.TRANSIENT))["a"]
    told = watched(system, child, restarts=True)
    child.tell(ending(reason))
    told.until(Restarted(child, 2))


@pytest.mark.parametrize("reason", [Normal(42), Stopped(), Killed(), FAILURE])
def test_a_temporary_child_is_forgotten_for_whatever_reason_it_ends_itself(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    boss = one_child(system, diary, Restart.TEMPORARY)
    child = running(boss)["a"]
    told = watched(system, child, restarts=True)
    child.tell(ending(reason))
    told.until(Terminated(child, reason))
    assert boss.ask(CountChildren()).specs == 0


def test_a_child_that_finds_nothing_to_do_in_on_start_is_kept_and_not_running(
    system: ActorSystem,
) -> None:
    boss = team(system)
    spec = puppet(
        "a", at_start=lambda puppet: puppet.stop(result="idle"), restart=Restart.TRANSIENT
    )
    child = boss.ask(StartChild(spec))
    assert child.join() == Normal("idle")
    assert (boss.ask(CountChildren()).specs, boss.ask(CountChildren()).active) == (1, 0)


def test_a_temporary_child_that_finds_nothing_to_do_in_on_start_is_not_kept(
    system: ActorSystem,
) -> None:
    boss = team(system)
    spec = puppet(
        "a", at_start=lambda puppet: puppet.stop(result="idle"), restart=Restart.TEMPORARY
    )
    assert boss.ask(StartChild(spec)).join() == Normal("idle")
    assert children_of(boss) == {}


def test_a_supervisor_gives_the_spec_of_a_child_as_it_was_given(system: ActorSystem) -> None:
    short, full = (
        puppet("short"),
        puppet("full", restart=Restart.TRANSIENT, shutdown=0.5, drain=True),
    )
    boss = team(system, [short, full])
    assert [info.spec for info in children_of(boss).values()] == [short, full]
    assert (short.restart, short.shutdown, short.on) == (Restart.PERMANENT, None, None)


def test_a_child_that_runs_already_is_got_whatever_the_other_spec_says(
    system: ActorSystem, diary: Record
) -> None:
    boss = one_child(system, diary, Restart.PERMANENT)
    other = puppet("a", restart=Restart.TEMPORARY, at_start=crash)
    assert boss.ask(StartChild(other, or_get=True)) == running(boss)["a"]
    assert children_of(boss)["a"].spec.restart is Restart.PERMANENT


def test_a_child_that_is_kept_but_not_running_is_started_by_the_spec_that_was_kept(
    system: ActorSystem, diary: Record
) -> None:
    boss = one_child(system, diary, Restart.PERMANENT)
    old = running(boss)["a"]
    boss.ask(TerminateChild("a"))
    new = boss.ask(StartChild(puppet("a", at_start=crash), or_get=True))
    assert (new.is_alive, old.is_alive) == (True, False)
    assert diary.all(Began) == [Began("team/a", 1)] * 2


def test_a_child_that_cannot_be_got_is_started_with_its_error_at_the_asker(
    system: ActorSystem,
) -> None:
    boss = team(system)
    with pytest.raises(BoomError):
        boss.ask(StartChild(puppet("a", at_start=crash), or_get=True))
    assert children_of(boss) == {}


def test_a_child_that_was_unlinked_from_its_sibling_ends_with_its_supervisor_alone(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, [puppet("a", diary), puppet("b", diary)])
    a, b = running(boss).values()
    a.ask(Ask(in_turn(lambda me: me.link(b), lambda me: me.unlink(b))))
    kill_and_restart(system, b)
    boss.tell(ShutDown())
    assert boss.join() == Stopped()
    assert lives(diary) == ["+a1", "+b1", "-b1", "+b2", "-b2", "-a1"]


def test_a_child_that_links_its_supervisor_takes_it_down_when_it_fails(
    system: ActorSystem, diary: Record
) -> None:
    boss = one_child(system, diary, Restart.PERMANENT)
    child = running(boss)["a"]
    child.ask(Ask(lambda puppet: puppet.link(boss)))
    child.tell(Do(crash))
    reason = boss.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, LinkedActorError)


def test_siblings_that_are_linked_are_restarted_together_by_one_for_one(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, [puppet("a", diary), puppet("b", diary), puppet("c", diary)])
    a, b, c = running(boss).values()
    told = watched(system, a, b, c, restarts=True)
    a.ask(Ask(lambda puppet: puppet.link(b)))
    b.kill()
    told.until(Restarted(a, 2))
    told.until(Restarted(b, 2))
    assert children_of(boss)["c"].incarnation == 1


def test_a_killed_child_is_restarted_as_often_as_it_takes_with_the_same_ref(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, [puppet("a", diary)], intensity=FOR_EVER)
    child = running(boss)["a"]
    told = watched(system, child, restarts=True)
    for incarnation in range(2, 30):
        child.kill()
        told.until(Restarted(child, incarnation))
    assert refs(boss) == {"a": child}


def test_all_of_one_for_all_are_told_as_restarted_in_start_order(
    system: ActorSystem, diary: Record
) -> None:
    specs = [puppet(name, diary) for name in "abc"]
    a, b, c = running(team(system, specs, strategy=Strategy.ONE_FOR_ALL)).values()
    told = watched(system, a, b, c, restarts=True)
    b.kill()
    told.until(Restarted(c, 2))
    assert told.items == [Restarted(each, 2) for each in (a, b, c)]


def test_those_before_the_killed_one_are_not_restarted_by_rest_for_one(
    system: ActorSystem, diary: Record
) -> None:
    specs = [puppet(name, diary) for name in "abc"]
    a, b, c = running(team(system, specs, strategy=Strategy.REST_FOR_ONE)).values()
    told = watched(system, a, b, c, restarts=True)
    b.kill()
    told.until(Restarted(c, 2))
    assert told.items == [Restarted(b, 2), Restarted(c, 2)]


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
def test_a_sibling_that_does_not_start_again_is_tried_with_its_group_until_it_does(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    b = puppet("b", diary, at_start=in_incarnation(2, 3, 4, 5, 6, do=crash))
    boss = team(system, [puppet("a", diary), b], strategy=strategy, intensity=FOR_EVER)
    a = running(boss)["a"]
    told = watched(system, refs(boss)["b"], restarts=True)
    a.kill()
    told.expect(Restarted)
    assert set(states(boss).values()) == {ChildState.RUNNING}


def test_a_temporary_bystander_of_a_group_ends_with_it_and_does_not_come_back(
    system: ActorSystem, diary: Record
) -> None:
    specs = [puppet("a", diary), puppet("b", diary, restart=Restart.TEMPORARY)]
    boss = team(system, specs, strategy=Strategy.ONE_FOR_ALL)
    a, b = running(boss).values()
    told = watched(system, a, b, restarts=True)
    a.kill()
    told.until(Restarted(a, 2))
    assert told.items == [Terminated(b, Stopped()), Restarted(a, 2)]
    assert list(children_of(boss)) == ["a"]


def test_a_killed_supervisor_comes_back_with_children_that_have_other_refs(
    system: ActorSystem, diary: Record
) -> None:
    boss = refs(team(system, [supervisor("inner", [puppet("a", diary)])]))["inner"]
    old = running(boss)["a"]
    told = watched(system, boss, old, restarts=True)
    boss.kill()
    told.until(Restarted(boss, 2))
    assert told.items == [Terminated(old, Stopped()), Restarted(boss, 2)]
    assert running(boss)["a"] != old


def test_a_supervisor_at_its_limit_is_the_next_failure_of_its_own_supervisor(
    system: ActorSystem, diary: Record
) -> None:
    inner = supervisor("inner", [puppet("a", diary)], intensity=NEVER)
    outer = team(system, [inner], intensity=NEVER)
    running(refs(outer)["inner"])["a"].kill()
    reason = outer.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)


@pytest.mark.parametrize("request_", [CountChildren(), TerminateChild("a")])
def test_a_supervisor_answers_while_a_child_never_gets_up_again(
    system: ActorSystem, diary: Record, request_: Any
) -> None:
    stubborn = puppet("a", diary, at_start=lambda me: crash() if me.incarnation > 1 else None)
    boss = team(system, [stubborn], intensity=FOR_EVER)
    running(boss)["a"].kill()
    up(diary, "team/a", 20)
    boss.ask(request_, timeout=1.0)


def test_a_supervisor_shuts_down_while_a_child_never_gets_up_again(
    system: ActorSystem, diary: Record
) -> None:
    stubborn = puppet("a", diary, at_start=lambda me: crash() if me.incarnation > 1 else None)
    boss = team(system, [stubborn], intensity=FOR_EVER)
    running(boss)["a"].kill()
    up(diary, "team/a", 20)
    boss.tell(ShutDown())
    assert boss.join(1.0) == Stopped()


def test_at_an_intensity_of_none_at_all_the_first_failure_ends_that_child_alone(
    system: ActorSystem, diary: Record
) -> None:
    specs = [puppet("a", diary), puppet("b", diary)]
    boss = team(system, specs, intensity=NEVER, on_limit=OnLimit.STOP_CHILD)
    a, b = running(boss).values()
    a.kill()
    assert a.join() == Killed()
    settle(b)
    assert states(boss) == {"a": ChildState.TERMINATED, "b": ChildState.RUNNING}


def significant(diary: Record, **options: Any) -> ChildSpec:
    return puppet("a", diary, restart=Restart.TRANSIENT, significant=True, **options)


@pytest.mark.parametrize("reason", [Normal("result"), Stopped()])
def test_a_significant_child_that_ends_itself_in_order_ends_the_supervisor(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    specs = [significant(diary), puppet("b", diary)]
    boss = team(system, specs, auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    running(boss)["a"].tell(ending(reason))
    assert boss.join() == Stopped()
    assert lives(diary) == ["+a1", "+b1", "-a1", "-b1"]


def test_a_significant_child_that_is_killed_is_restarted_and_ends_nothing(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, [significant(diary)], auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    running(boss)["a"].kill()
    up(diary, "team/a", 2)
    assert states(boss) == {"a": ChildState.RUNNING}


def test_a_significant_child_whose_error_says_stop_ends_the_supervisor(
    system: ActorSystem, diary: Record
) -> None:
    spec = significant(diary, on={BoomError: Directive.STOP})
    boss = team(system, [spec], auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    running(boss)["a"].tell(Do(crash))
    assert boss.join() == Stopped()


def test_a_significant_child_that_stops_alone_at_its_limit_ends_the_supervisor(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(
        system,
        [significant(diary)],
        auto_shutdown=AutoShutdown.ALL_SIGNIFICANT,
        intensity=NEVER,
        on_limit=OnLimit.STOP_CHILD,
    )
    running(boss)["a"].kill()
    assert boss.join() == Stopped()


def test_an_error_that_is_escalated_ends_the_siblings_in_reverse_start_order(
    system: ActorSystem, diary: Record
) -> None:
    on = {OSError: Directive.ESCALATE}
    boss = team(system, [puppet("a", diary), puppet("b", diary, on=on), puppet("c", diary)])
    running(boss)["b"].tell(failing(OSError("disk")))
    assert boss.join() == Crashed(OSError("disk"))
    assert lives(diary) == ["+a1", "+b1", "+c1", "-b1", "-c1", "-a1"]


@pytest.mark.parametrize("reason", [Normal(42), Stopped(), Killed()])
def test_an_end_that_is_no_error_is_escalated_in_words(
    system: ActorSystem, diary: Record, reason: ExitReason
) -> None:
    decider = system.start(puppet("decider", diary))
    boss = team(system, [puppet("a", restart=Restart.DELEGATED, decider=decider)])
    running(boss)["a"].tell(ending(reason))
    boss.tell(EscalateChild(diary.expect(ChildDown).child_id))
    assert boss.join() == Crashed(ActorCrashedError(f"team/a has ended: {reason}"))


def test_a_child_that_nobody_knows_cannot_be_escalated(system: ActorSystem) -> None:
    with pytest.raises(UnknownChildError):
        team(system).ask(EscalateChild("a"))
