"""Strategies: who goes down and comes up together, how often, and what happens then."""

from collections.abc import Iterator, Sequence
from typing import Any

import gevent
import pytest

from rnd_actors.actors import (
    ActorRef,
    ActorSystem,
    Crashed,
    Future,
    Killed,
    Normal,
    Request,
    Stopped,
    Terminated,
)
from rnd_actors.errors import ActorCrashedError, ActorDeadError, RestartIntensityError
from rnd_actors.events import ActorFailed, ActorStuck, ChildRestarting, Event
from rnd_actors.simulation import explore
from rnd_actors.supervision import (
    AutoShutdown,
    Backoff,
    ChildDown,
    ChildSpec,
    ChildState,
    ChildUp,
    Restart,
    RestartChild,
    RestartIntensity,
    StartChild,
    Strategy,
    TerminateChild,
)
from tests.actors.toys import (
    SOON,
    Action,
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    found,
    greenlet_of,
    hang,
    in_turn,
    kill,
    let_pass,
    nothing,
    puppet,
    settle,
    start,
    swallow_kills,
)
from tests.actors.toys_supervision import (
    ENDS,
    NORMAL,
    Handle,
    children_of,
    clerk,
    down,
    in_incarnation,
    lives,
    reason,
    reason_of,
    refs,
    running,
    states,
    supervisor,
    team,
    up,
)

NAMES = ("a", "b", "c")
GROUPS = [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE]
NEVER = Backoff(initial=600.0, maximum=600.0, jitter=0.0)
"""The second restart in a row does not come within a test."""


def family(strategy: Strategy, failing: str) -> list[str]:
    """Who is to be restarted with this one, itself among them, in start order."""
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return [failing]
        case Strategy.ONE_FOR_ALL:
            return list(NAMES)
        case Strategy.REST_FOR_ONE:
            return list(NAMES[NAMES.index(failing) :])


def trio(diary: Record, **special: ChildSpec) -> list[ChildSpec]:
    """Three permanent puppets, or others in their places."""
    return [special.get(name) or puppet(name, diary) for name in NAMES]


def of_kind(name: str, diary: Record, restart: Restart, system: ActorSystem) -> ChildSpec:
    """A puppet of this kind of restart; the decider of a delegated one says nothing."""
    delegated = restart is Restart.DELEGATED
    decider = system.start(puppet("decider")) if delegated else None
    return puppet(name, diary, restart=restart, decider=decider)


def restarts(restart: Restart, end: str) -> bool:
    return restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and end not in NORMAL)


def all_began_then(*rest: str) -> list[str]:
    """What the diary must say: all three began, and then the rest."""
    return ["+a1", "+b1", "+c1", *rest]


@pytest.mark.parametrize("failing", NAMES)
@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("restart", Restart)
def test_the_end_of_a_child_restarts_exactly_those_whom_kind_reason_and_strategy_say(
    *,
    system: ActorSystem,
    events: Record,
    diary: Record,
    restart: Restart,
    end: str,
    strategy: Strategy,
    failing: str,
) -> None:
    children = trio(diary, **{failing: of_kind(failing, diary, restart, system)})
    boss = team(system, children, strategy=strategy)
    refs = running(boss)
    ENDS[end](refs[failing])
    down(events, f"team/{failing}", 1)
    group = family(strategy, failing) if restarts(restart, end) else []
    for name in group:
        up(diary, f"team/{name}", 2)
    others = [name for name in group if name != failing]
    for name in (name for name in NAMES if name in group or name != failing):
        settle(refs[name])
    assert reason(diary, failing) is reason_of(end)
    assert {reason(diary, name) for name in others} <= {Stopped}
    assert lives(diary) == all_began_then(
        f"-{failing}1",
        *(f"-{name}1" for name in reversed(others)),
        *(f"+{name}2" for name in group),
    )
    expected = {
        name: (ChildState.RUNNING, 2 if name in group else 1)
        for name in NAMES
        if name in group or name != failing
    }
    if not group and restart is not Restart.TEMPORARY:
        delegated = restart is Restart.DELEGATED
        expected[failing] = (ChildState.DOWN if delegated else ChildState.TERMINATED, 1)
    found = children_of(boss)
    assert {name: (info.state, info.incarnation) for name, info in found.items()} == expected
    assert list(found) == [name for name in NAMES if name in expected]


@pytest.mark.parametrize("strategy", GROUPS)
def test_temporary_siblings_that_a_group_restart_has_ended_are_forgotten(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    children = trio(diary, c=puppet("c", diary, restart=Restart.TEMPORARY))
    boss = team(system, children, strategy=strategy)
    refs = running(boss)
    refs["a"].tell(Do(crash))
    up(diary, "team/b", 2)
    assert refs["c"].join() == Stopped()
    assert list(children_of(boss)) == ["a", "b"]
    assert lives(diary) == all_began_then("-a1", "-c1", "-b1", "+a2", "+b2")


def test_the_end_of_a_temporary_sibling_by_a_group_restart_frees_its_id(
    system: ActorSystem, diary: Record
) -> None:
    children = trio(diary, c=puppet("c", diary, restart=Restart.TEMPORARY))
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    running(boss)["a"].tell(Do(crash))
    up(diary, "team/b", 2)
    assert start(boss, puppet("c")).is_alive


@pytest.mark.parametrize("kind", [Restart.TRANSIENT, Restart.DELEGATED])
@pytest.mark.parametrize("strategy", GROUPS)
def test_siblings_that_run_are_restarted_with_the_group_whatever_their_kind(
    system: ActorSystem, diary: Record, strategy: Strategy, kind: Restart
) -> None:
    boss = team(system, trio(diary, b=of_kind("b", diary, kind, system)), strategy=strategy)
    running(boss)["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    assert {info.incarnation for info in children_of(boss).values()} == {2}


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_group_restart_does_not_revive_a_child_whose_decider_lets_it_rest(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    children = trio(diary, b=of_kind("b", diary, Restart.DELEGATED, system))
    boss = team(system, children, strategy=strategy)
    refs = running(boss)
    refs["b"].tell(Do(crash))
    down(events, "team/b", 1)
    refs["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    assert states(boss)["b"] is ChildState.DOWN


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_group_restart_does_not_revive_a_child_that_has_ended_normally(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    children = trio(diary, b=puppet("b", diary, restart=Restart.TRANSIENT))
    boss = team(system, children, strategy=strategy)
    refs = running(boss)
    refs["b"].stop()
    down(events, "team/b", 1)
    refs["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    assert states(boss)["b"] is ChildState.TERMINATED


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_group_restart_does_not_revive_a_child_that_was_terminated(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy)
    refs = running(boss)
    boss.ask(TerminateChild("b"))
    refs["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    assert states(boss)["b"] is ChildState.TERMINATED


@pytest.mark.parametrize("strategy", Strategy)
def test_starting_a_terminated_child_again_restarts_nobody_else(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy)
    running(boss)
    boss.ask(TerminateChild("a"))
    settle(boss.ask(RestartChild("a")))
    assert lives(diary) == all_began_then("-a1", "+a1")


@pytest.mark.parametrize("strategy", GROUPS)
def test_the_answer_of_a_decider_restarts_the_group(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    children = trio(diary, a=of_kind("a", diary, Restart.DELEGATED, system))
    boss = team(system, children, strategy=strategy)
    running(boss)["a"].tell(Do(crash))
    down(events, "team/a", 1)
    boss.ask(RestartChild("a"))
    up(diary, "team/c", 2)
    assert lives(diary) == all_began_then("-a1", "-c1", "-b1", "+a2", "+b2", "+c2")


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_child_added_later_belongs_to_the_group(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy)
    ref = running(boss)["b"]
    start(boss, puppet("d", diary))
    ref.tell(Do(crash))
    up(diary, "team/d", 2)
    ended_before_b = ["-a1"] if strategy is Strategy.ONE_FOR_ALL else []
    first_again = ["+a2"] if strategy is Strategy.ONE_FOR_ALL else []
    assert lives(diary)[3:] == [
        "+d1", "-b1", "-d1", "-c1", *ended_before_b, *first_again, "+b2", "+c2", "+d2",
    ]  # fmt: skip


def test_refs_and_mailboxes_of_the_others_outlive_a_group_restart(
    system: ActorSystem, diary: Record
) -> None:
    reminds_itself = in_incarnation(1, do=lambda puppet: puppet.ref.tell(Note(1)))
    children = trio(diary, b=puppet("b", diary, at_stop=reminds_itself))
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    before = running(boss)
    before["a"].tell(Do(crash))
    diary.until(Note(1))
    assert diary.items.index(Began("team/b", 2)) < diary.items.index(Note(1))
    assert running(boss) == before


@pytest.mark.parametrize("strategy", GROUPS)
def test_who_has_not_started_yet_waits_for_the_whole_group_when_a_start_within_it_fails(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    fails_again = puppet("b", diary, at_start=in_incarnation(2, do=crash))
    boss = team(system, trio(diary, b=fails_again), strategy=strategy)
    running(boss)["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    again = {
        Strategy.ONE_FOR_ALL: ["-a2", "+a3", "+b3", "+c2"],
        Strategy.REST_FOR_ONE: ["+b3", "+c2"],
    }[strategy]
    assert lives(diary) == all_began_then("-a1", "-c1", "-b1", "+a2", "+b2", "-b2", *again)


@pytest.mark.parametrize("strategy", GROUPS)
def test_nobody_of_the_group_starts_while_one_that_failed_to_start_waits_in_backoff(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    fails_again = puppet("b", diary, at_start=in_incarnation(2, do=crash))
    boss = team(system, trio(diary, b=fails_again), strategy=strategy, backoff=NEVER)
    running(boss)["b"].tell(Do(crash))
    down(events, "team/b", 2)
    at_rest = ChildState.WAITING if strategy is Strategy.ONE_FOR_ALL else ChildState.RUNNING
    assert states(boss) == {"a": at_rest, "b": ChildState.BACKOFF, "c": ChildState.WAITING}
    assert "+c2" not in lives(diary)


def test_a_first_start_that_fails_lets_the_children_after_it_start_if_it_is_one_for_one(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    fails = puppet("a", diary, at_start=in_incarnation(1, 2, do=crash))
    boss = team(system, trio(diary, a=fails), backoff=NEVER)
    down(events, "team/a", 2)
    settle(refs(boss)["c"])
    assert states(boss) == {
        "a": ChildState.BACKOFF,
        "b": ChildState.RUNNING,
        "c": ChildState.RUNNING,
    }


def test_a_restart_does_not_wait_for_another_child_that_is_starting_if_it_is_one_for_one(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, trio(diary))
    first = running(boss)["a"]
    gate = Gate()
    boss.tell(StartChild(puppet("slow", diary, at_start=gate.pass_through)))
    gate.await_entry()
    first.tell(Do(crash))
    up(diary, "team/a", 2)
    assert states(boss)["slow"] is ChildState.STARTING
    gate.open()


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_child_that_is_starting_is_restarted_with_its_group(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy)
    first = running(boss)["a"]
    slow = stubborn("slow", diary, at_start=in_incarnation(1, do=hang))
    future = boss.ask_future(StartChild(slow))
    up(diary, "team/slow", 1)
    first.tell(Do(crash))
    assert future.get() == refs(boss)["slow"]
    assert lives(diary)[4:] == [
        "-a1", "-slow1", "-c1", "-b1", "+a2", "+b2", "+c2", "+slow2",
    ]  # fmt: skip


@pytest.mark.parametrize("strategy", GROUPS)
def test_the_decider_of_a_sibling_hears_that_a_group_restart_has_ended_and_started_it(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    told = Record()
    decider = system.start(puppet("decider", told))
    sibling = puppet("b", diary, restart=Restart.DELEGATED, decider=decider)
    boss = team(system, trio(diary, b=sibling), strategy=strategy)
    running(boss)["a"].tell(Do(crash))
    told.until(ChildUp(boss, "b", 2))
    assert [item for item in told.items if isinstance(item, ChildUp | ChildDown)] == [
        ChildUp(boss, "b", 1),
        ChildDown(boss, "b", 1, Stopped()),
        ChildUp(boss, "b", 2),
    ]


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_first_start_that_fails_keeps_the_children_after_it_waiting_if_they_are_a_group(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    fails = puppet("a", diary, at_start=in_incarnation(1, 2, do=crash))
    boss = team(system, trio(diary, a=fails), backoff=NEVER, strategy=strategy)
    down(events, "team/a", 2)
    assert states(boss) == {
        "a": ChildState.BACKOFF,
        "b": ChildState.WAITING,
        "c": ChildState.WAITING,
    }
    assert lives(diary) == ["+a1", "-a1", "+a2", "-a2"]


@pytest.mark.parametrize("strategy", GROUPS)
def test_the_whole_group_is_down_while_the_one_that_failed_waits_in_backoff(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy, backoff=NEVER)
    first = running(boss)["a"]
    for incarnation in (1, 2):
        up(diary, "team/c", incarnation)
        first.tell(Do(crash))
        down(events, "team/a", incarnation)
    assert states(boss) == {
        "a": ChildState.BACKOFF,
        "b": ChildState.WAITING,
        "c": ChildState.WAITING,
    }
    assert lives(diary)[-3:] == ["-a2", "-c2", "-b2"]


@pytest.mark.parametrize("strategy", GROUPS)
def test_the_group_starts_in_order_when_the_backoff_is_over(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy)
    first = running(boss)["a"]
    for incarnation in (1, 2):
        first.tell(Do(crash))
        up(diary, "team/c", incarnation + 1)
    delays = [event.delay_s for event in events.all(ChildRestarting)]
    assert delays == [0.0, 1.0]
    assert lives(diary)[-6:] == ["-a2", "-c2", "-b2", "+a3", "+b3", "+c3"]


def test_a_group_restart_is_announced_for_the_one_that_failed_alone(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    boss = team(system, trio(diary), strategy=Strategy.ONE_FOR_ALL)
    running(boss)["b"].tell(Do(crash))
    up(diary, "team/c", 2)
    assert events.all(ChildRestarting) == [ChildRestarting("team/b", 0.0)]


@pytest.mark.parametrize("strategy", GROUPS)
def test_being_restarted_with_the_group_is_no_failure_of_ones_own(
    system: ActorSystem, events: Record, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy, backoff=NEVER)
    refs = running(boss)
    refs["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    refs["c"].tell(Do(crash))
    up(diary, "team/c", 3)
    assert [event.delay_s for event in events.all(ChildRestarting)] == [0.0, 0.0]


@pytest.mark.parametrize("end", [crash, Puppet.stop], ids=["crashes", "stops itself"])
def test_a_child_that_ends_otherwise_while_it_drains_for_a_restart_is_not_drained_again(
    system: ActorSystem, diary: Record, end: Action
) -> None:
    gate = Gate()
    children = [
        puppet("drained", diary, drain=True, restart=Restart.TRANSIENT),
        puppet("failing", diary),
    ]
    below = running(team(system, children, strategy=Strategy.ONE_FOR_ALL))
    below["drained"].tell(Do(in_turn(gate.pass_through, end)))
    gate.await_entry()
    below["drained"].tell(Note(1))
    below["failing"].tell(Do(crash))
    gevent.idle()
    gate.open()
    up(diary, "team/failing", 2)
    diary.until(Note(1))
    gevent.idle()
    assert below["drained"].is_alive
    assert below["drained"].ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_a_member_of_the_group_that_is_terminated_in_the_backoff_stays_so(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    backoff = Backoff(initial=SOON, maximum=SOON, jitter=0.0)
    boss = team(system, trio(diary), strategy=Strategy.ONE_FOR_ALL, backoff=backoff)
    first = running(boss)["a"]
    for incarnation in (1, 2):
        up(diary, "team/c", incarnation)
        first.tell(Do(crash))
        down(events, "team/a", incarnation)
    boss.ask(TerminateChild("b"))
    up(diary, "team/c", 3)
    assert states(boss)["b"] is ChildState.TERMINATED
    assert lives(diary)[-2:] == ["+a3", "+c3"]


def crash_in_turn(diary: Record, refs: dict[str, ActorRef[object]], names: str) -> None:
    """Let children crash one after the other, each after its own restart."""
    for position, name in enumerate(names):
        refs[name].tell(Do(crash))
        if position < len(names) - 1:
            up(diary, f"team/{name}", names[: position + 1].count(name) + 1)


def test_each_child_has_a_restart_intensity_of_its_own(system: ActorSystem, diary: Record) -> None:
    boss = team(system, trio(diary), intensity=RestartIntensity(2, within=600.0))
    refs = running(boss)
    crash_in_turn(diary, refs, "aabbcc")
    up(diary, "team/c", 3)
    assert boss.is_alive


def test_a_child_that_spends_its_own_restart_intensity_makes_the_supervisor_fail(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, trio(diary), intensity=RestartIntensity(2, within=600.0))
    crash_in_turn(diary, running(boss), "abaa")
    reason = boss.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
    assert "team/a needs more than 2 restarts within 600 s" in str(reason.error)
    assert isinstance(reason.error.__cause__, BoomError)


def test_a_supervisor_that_fails_ends_its_other_children_in_reverse_order(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, trio(diary), intensity=RestartIntensity(0, within=600.0))
    running(boss)["b"].tell(Do(crash))
    boss.join()
    assert lives(diary) == all_began_then("-b1", "-c1", "-a1")


def test_all_children_together_have_the_total_restart_intensity(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, trio(diary), total_intensity=RestartIntensity(3, within=600.0))
    crash_in_turn(diary, running(boss), "abca")
    reason = boss.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
    assert "together" in str(reason.error)


def test_restarts_within_the_total_restart_intensity_are_granted(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, trio(diary), total_intensity=RestartIntensity(3, within=600.0))
    crash_in_turn(diary, running(boss), "abc")
    up(diary, "team/c", 2)
    assert boss.is_alive


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_group_restart_counts_once_in_the_total_restart_intensity(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    boss = team(
        system, trio(diary), strategy=strategy, total_intensity=RestartIntensity(2, within=600.0)
    )
    first = running(boss)["a"]
    for incarnation in (2, 3):
        first.tell(Do(crash))
        up(diary, "team/c", incarnation)
    assert boss.is_alive
    first.tell(Do(crash))
    assert isinstance(boss.join(), Crashed)


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_group_restart_counts_in_the_restart_intensity_of_the_one_that_failed_alone(
    system: ActorSystem, diary: Record, strategy: Strategy
) -> None:
    boss = team(system, trio(diary), strategy=strategy, intensity=RestartIntensity(1, within=600.0))
    refs = running(boss)
    for incarnation, name in ((2, "a"), (3, "b")):
        refs[name].tell(Do(crash))
        up(diary, "team/c", incarnation)
    assert boss.is_alive
    refs["a"].tell(Do(crash))
    assert isinstance(boss.join(), Crashed)


def test_a_sign_of_health_gives_the_child_its_restart_intensity_back(
    system: ActorSystem, diary: Record
) -> None:
    healthy = puppet("a", diary, at_start=Puppet.mark_healthy)
    boss = team(system, trio(diary, a=healthy), intensity=RestartIntensity(1, within=600.0))
    crash_in_turn(diary, running(boss), "aaaa")
    up(diary, "team/a", 5)
    assert boss.is_alive


def test_a_sign_of_health_of_one_child_does_not_help_another(
    system: ActorSystem, diary: Record
) -> None:
    healthy = puppet("a", diary, at_start=Puppet.mark_healthy)
    boss = team(system, trio(diary, a=healthy), intensity=RestartIntensity(1, within=600.0))
    crash_in_turn(diary, running(boss), "abab")
    assert isinstance(boss.join(), Crashed)


def test_a_sign_of_health_does_not_give_the_total_restart_intensity_back(
    system: ActorSystem, diary: Record
) -> None:
    healthy = puppet("a", diary, at_start=Puppet.mark_healthy)
    boss = team(system, trio(diary, a=healthy), total_intensity=RestartIntensity(1, within=600.0))
    crash_in_turn(diary, running(boss), "aa")
    assert isinstance(boss.join(), Crashed)


def test_a_sign_of_health_counts_also_if_the_group_is_restarted_before_the_next_failure(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    backoff = Backoff(initial=1.0, maximum=600.0, factor=600.0, jitter=0.0)
    healthy = puppet("b", diary, at_start=in_incarnation(2, do=Puppet.mark_healthy))
    boss = team(
        system, [puppet("a", diary), healthy], backoff=backoff, strategy=Strategy.ONE_FOR_ALL
    )
    below = running(boss)
    below["b"].tell(Do(crash))
    up(diary, "team/b", 2)
    below["a"].tell(Do(crash))
    up(diary, "team/b", 3)
    below["b"].tell(Do(crash))
    down(events, "team/b", 3)
    children_of(boss)
    assert events.all(ChildRestarting)[-1] == ChildRestarting("team/b", 0.0)


SPENT = RestartIntensity(0, within=600.0)


def test_a_supervisor_that_fails_is_restarted_by_its_own_with_fresh_children(
    system: ActorSystem, diary: Record
) -> None:
    inner = supervisor("inner", trio(diary), intensity=SPENT)
    outer = team(system, [inner, puppet("beside", diary)])
    below = running(refs(outer)["inner"])
    below["a"].tell(Do(crash))
    diary.until(Began("team/inner/c", 1), count=2)
    assert {name: info.incarnation for name, info in children_of(outer).items()} == {
        "inner": 2,
        "beside": 1,
    }
    assert not below["c"].is_alive


def test_the_ref_of_a_supervisor_outlives_its_restart_and_those_of_its_children_do_not(
    system: ActorSystem, diary: Record
) -> None:
    outer = team(system, [supervisor("inner", trio(diary), intensity=SPENT)])
    inner = refs(outer)["inner"]
    before = running(inner)
    before["a"].tell(Do(crash))
    assert before["c"].join() == Stopped()
    assert set(before.values()).isdisjoint(running(inner).values())


def test_a_failure_that_nobody_may_answer_goes_up_through_all_supervisors(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    low = supervisor("low", [puppet("leaf", diary)], intensity=SPENT)
    mid = supervisor("mid", [puppet("uncle", diary), low], intensity=SPENT)
    top = team(system, [mid])
    middle = refs(top)["mid"]
    running(refs(middle)["low"])["leaf"].tell(Do(crash))
    diary.until(Began("team/mid/low/leaf", 1), count=2)
    failed = [event.actor for event in events.all(ActorFailed)]
    assert failed == ["team/mid/low/leaf", "team/mid/low", "team/mid"]
    assert lives(diary) == ["+uncle1", "+leaf1", "-leaf1", "-uncle1", "+uncle1", "+leaf1"]
    assert children_of(top)["mid"].incarnation == 2


def test_a_failure_goes_no_further_up_than_to_the_first_who_may_answer(
    system: ActorSystem, diary: Record
) -> None:
    low = supervisor("low", [puppet("leaf", diary)], intensity=SPENT)
    top = team(system, [supervisor("mid", [puppet("uncle", diary), low])])
    middle = refs(top)["mid"]
    running(refs(middle)["low"])["leaf"].tell(Do(crash))
    diary.until(Began("team/mid/low/leaf", 1), count=2)
    assert children_of(top)["mid"].incarnation == 1
    assert children_of(middle)["low"].incarnation == 2
    assert children_of(middle)["uncle"].incarnation == 1


def test_a_supervisor_in_a_group_takes_its_children_down_and_up_with_it(
    system: ActorSystem, diary: Record
) -> None:
    children = [puppet("a", diary), supervisor("inner", [puppet("leaf", diary)])]
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    diary.until(Began("team/inner/leaf", 1))
    refs(boss)["a"].tell(Do(crash))
    diary.until(Began("team/inner/leaf", 1), count=2)
    assert lives(diary) == ["+a1", "+leaf1", "-a1", "-leaf1", "+a2", "+leaf1"]


def stubborn(name: str, diary: Record, **at: Action) -> ChildSpec:
    return puppet(name, diary, shutdown=SOON, **at)


def test_a_supervisor_can_be_stopped_while_a_child_hangs_in_its_start(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, trio(diary, b=stubborn("b", diary, at_start=hang)))
    up(diary, "team/b", 1)
    assert states(boss)["b"] is ChildState.STARTING
    boss.stop()
    assert boss.join() is not None
    assert lives(diary) == ["+a1", "+b1", "-b1", "-a1"]
    assert reason(diary, "b") is Killed


def test_who_asked_for_a_child_is_told_when_the_supervisor_is_stopped_before_it_has_started(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system)
    asked = boss.ask_future(StartChild(stubborn("b", diary, at_start=hang)))
    up(diary, "team/b", 1)
    boss.stop()
    with pytest.raises(ActorCrashedError, match=r"team ended \(normal\) and still owed StartChild"):
        asked.get()


def test_a_supervisor_can_be_stopped_while_a_child_waits_in_backoff(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    boss = team(system, trio(diary), backoff=NEVER)
    refs = running(boss)
    for incarnation in (1, 2):
        up(diary, "team/b", incarnation)
        refs["b"].tell(Do(crash))
        down(events, "team/b", incarnation)
    assert states(boss)["b"] is ChildState.BACKOFF
    refs["b"].tell(Note(1))
    boss.stop()
    assert boss.join() is not None
    assert not refs["b"].is_alive
    assert lives(diary)[3:] == ["-b1", "+b2", "-b2", "-c1", "-a1"]
    with pytest.raises(ActorDeadError):
        refs["b"].ask(Ask(hang))


def test_a_child_that_hangs_in_its_end_is_killed_at_its_limit_and_the_next_one_ends(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    boss = team(system, trio(diary, b=stubborn("b", diary, at_stop=hang)))
    running(boss)
    boss.stop()
    assert boss.join() is not None
    assert lives(diary) == all_began_then("-c1", "-b1", "-a1")
    (failed,) = events.all(ActorFailed)
    assert (failed.actor, failed.reason) == ("team/b", Killed())


def test_a_supervisor_that_is_ending_a_stubborn_child_for_a_group_restart_can_be_stopped(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    stubborn_b = stubborn("b", diary, at_stop=gate.pass_through)
    boss = team(system, trio(diary, b=stubborn_b), strategy=Strategy.ONE_FOR_ALL)
    children = running(boss)
    children["a"].tell(Do(crash))
    gate.await_entry()
    boss.stop()
    assert boss.join() is not None
    assert not any(ref.is_alive for ref in children.values())
    assert lives(diary)[:6] == all_began_then("-a1", "-c1", "-b1")
    assert "+b2" not in lives(diary)


def test_a_stubborn_child_holds_a_group_restart_up_no_longer_than_its_limit(
    system: ActorSystem, diary: Record
) -> None:
    stubborn_b = stubborn("b", diary, at_stop=in_incarnation(1, do=hang))
    boss = team(system, trio(diary, b=stubborn_b), strategy=Strategy.ONE_FOR_ALL)
    running(boss)["a"].tell(Do(crash))
    up(diary, "team/c", 2)
    assert lives(diary)[3:] == ["-a1", "-c1", "-b1", "+a2", "+b2", "+c2"]


def test_a_stuck_child_that_is_restarted_with_its_group_does_not_end_its_successor(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    gate = Gate()
    stuck = in_incarnation(1, do=swallow_kills(gate, times=3))
    children = [puppet("a", diary), puppet("b", diary, at_stop=stuck, shutdown=SOON)]
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    running(boss)["a"].tell(Do(crash))
    events.expect(ActorStuck)
    up(diary, "team/a", 2)
    running(boss)
    gate.open()
    gevent.idle()
    assert {name: info.incarnation for name, info in children_of(boss).items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize("how", ["told", "asked"])
def test_a_stuck_child_that_was_replaced_takes_no_more_messages(
    system: ActorSystem, events: Record, diary: Record, how: str
) -> None:
    gate = Gate()
    children = [puppet("a", diary), clerk("b", diary, shutdown=SOON)]
    boss = team(system, children, strategy=Strategy.ONE_FOR_ALL)
    refs_ = running(boss)
    get_stuck = swallow_kills(gate, times=3)
    if how == "told":
        refs_["b"].tell(Do(get_stuck))
    else:
        refs_["b"].ask_future(Handle(lambda clerk, _: get_stuck(clerk)))
    gate.await_entry()
    stuck = greenlet_of(refs_["b"])
    refs_["a"].tell(Do(crash))
    events.expect(ActorStuck)
    up(diary, "team/b", 2)
    gate.open()
    stuck.join(SOON)
    assert stuck.dead
    assert running(boss)["b"].ask(Ask(lambda puppet: puppet.incarnation)) == 2


@pytest.fixture
def trap() -> Iterator[Gate]:
    """Where a child gets stuck until the test is over."""
    gate = Gate()
    yield gate
    gate.open()


def stuck_and_replaced(
    system: ActorSystem, diary: Record, trap: Gate, child: ChildSpec, before: Action = nothing
) -> ActorRef[Any]:
    """Start a child `b`, let it get stuck in a message, and return it when it has a successor."""
    boss = team(system, [puppet("a", diary), child], strategy=Strategy.ONE_FOR_ALL)
    below = running(boss)
    below["b"].tell(Do(in_turn(before, swallow_kills(trap, times=3))))
    trap.await_entry()
    below["a"].tell(Do(crash))
    up(diary, "team/b", 2)
    return below["b"]


class Bell(Event):
    """An event of users."""


OWED = Request[Any]()


def test_what_a_stuck_child_owned_ends_when_it_is_replaced(
    system: ActorSystem, diary: Record, trap: Gate
) -> None:
    def wait() -> None:
        try:
            hang()
        finally:
            diary.add("background ended")

    def own(puppet: Puppet) -> None:
        puppet.background(wait)
        puppet.every(1.0, Note(1))
        system.events.subscribe(diary.add, to=Bell)

    ref = stuck_and_replaced(system, diary, trap, puppet("b", diary, shutdown=SOON), own)
    settle(ref)
    told = ref.stats().told
    system.events.publish(Bell())
    let_pass(10.0)
    assert ref.stats().told == told
    assert diary.all(Bell) == []
    assert "background ended" in diary.items


def test_a_stop_that_a_stuck_child_has_not_obeyed_holds_for_its_successor(
    system: ActorSystem, diary: Record, trap: Gate
) -> None:
    child = puppet("b", diary, restart=Restart.TRANSIENT, shutdown=SOON)
    ref = stuck_and_replaced(system, diary, trap, child, lambda puppet: puppet.ref.stop())
    assert ref.join() == Normal()


def test_a_stuck_child_stops_itself_and_not_its_successor(
    system: ActorSystem, diary: Record, trap: Gate
) -> None:
    child = puppet("b", diary, restart=Restart.TRANSIENT, shutdown=SOON)
    ref = stuck_and_replaced(system, diary, trap, child, Puppet.stop)
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_whom_a_stuck_child_owes_an_answer_is_told_when_it_is_replaced(
    system: ActorSystem, diary: Record, trap: Gate
) -> None:
    class Debtor(Puppet):
        def on_start(self) -> None:
            super().on_start()
            if self.incarnation == 1:
                debts.append(self.ref.ask_future(OWED))

        def receive(self, message: object) -> None:
            if message is OWED:
                self.defer(OWED)
            else:
                super().receive(message)

    debts = list[Future[Any]]()
    stuck_and_replaced(system, diary, trap, ChildSpec("b", lambda: Debtor(diary), shutdown=SOON))
    with pytest.raises(ActorCrashedError, match=r"team/b ended \(killed\) and still owed"):
        debts[0].get(0)


def test_what_a_stuck_child_watched_is_watched_by_its_successor_alone(
    system: ActorSystem, diary: Record, trap: Gate
) -> None:
    first, second = (system.start(puppet(name, restart=Restart.TEMPORARY)) for name in "xy")

    stuck: list[Any] = []

    def watch_both(puppet: Puppet) -> None:
        stuck.append(gevent.getcurrent())
        puppet.watch(first)
        puppet.watch(second)

    ref = stuck_and_replaced(system, diary, trap, puppet("b", diary, shutdown=SOON), watch_both)
    first.stop()
    first.join()
    ref.tell(Do(lambda puppet: puppet.watch(second)))
    settle(ref)
    trap.open()
    gevent.joinall(stuck)
    second.stop()
    second.join()
    settle(ref)
    assert diary.all(Terminated) == [Terminated(second, Normal())]


def test_a_supervisor_that_is_killed_in_a_group_restart_leaves_nobody_behind(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    slow = puppet("b", diary, at_stop=gate.pass_through)
    spec = supervisor("inner", trio(diary, b=slow), strategy=Strategy.ONE_FOR_ALL)
    outer = team(system, [spec])
    inner = refs(outer)["inner"]
    children = running(inner)
    children["a"].tell(Do(crash))
    gate.await_entry()
    kill(inner)
    for ref in children.values():
        assert ref.join() is not None
    gate.open()
    assert set(running(inner)) == set(NAMES)


def test_a_temporary_child_killed_for_a_restart_of_its_group_has_that_reason_for_good(
    system: ActorSystem, diary: Record
) -> None:
    slow = puppet("b", diary, at_stop=hang, restart=Restart.TEMPORARY, shutdown=SOON)
    boss = team(system, [puppet("a", diary), slow], strategy=Strategy.ONE_FOR_ALL)
    below = running(boss)
    below["a"].tell(Do(crash))
    assert below["b"].join() == Killed()


@pytest.mark.parametrize("strategy", Strategy)
def test_in_every_schedule_two_crashes_at_once_restart_each_group_in_order(
    strategy: Strategy,
) -> None:
    def crash_together(system: ActorSystem) -> tuple[str, ...]:
        diary, restarting = Record(), Record()
        boss = team(system, trio(diary), strategy=strategy)
        system.events.subscribe(restarting.add, to=ChildRestarting)
        before = running(boss)
        for name in ("a", "b"):
            before[name].tell(Do(crash))
        for number in range(3):
            before["c"].tell(Note(number))
        let_pass(10.0)
        assert running(boss) == before
        assert set(states(boss).values()) == {ChildState.RUNNING}
        assert len(restarting.items) == 2 or (strategy in GROUPS and len(restarting.items) == 1)
        assert diary.all(Note) == [Note(0), Note(1), Note(2)]
        return tuple(lives(diary))

    histories = {run.result for run in explore(crash_together, range(100))}
    for history in histories:
        assert_is_orderly(history)
        groups = [(elder, younger) for elder, younger in PAIRS if elder in family(strategy, "b")]
        for elder, younger in groups:
            assert_comes_up_after(elder, younger, history)
    assert len(histories) > 1


PAIRS = [("a", "b"), ("b", "c")]


def assert_is_orderly(history: Sequence[str]) -> None:
    """Everybody begins, ends and begins again, one incarnation after the other."""
    for name in NAMES:
        mine = [entry for entry in history if entry[1] == name]
        assert mine == [f"{'+-'[n % 2]}{name}{1 + n // 2}" for n in range(len(mine))]


def assert_comes_up_after(elder: str, younger: str, history: Sequence[str]) -> None:
    """While one of a group is down, its elder sibling, who went down with it, comes up first."""
    down_at = None
    for at, entry in enumerate(history):
        if entry.startswith(f"-{younger}"):
            down_at = at
        elif entry.startswith(f"+{younger}") and down_at is not None:
            assert any(other.startswith(f"+{elder}") for other in history[down_at:at])


@pytest.mark.parametrize("ends_supervisor", [True, False])
def test_a_job_that_is_done_while_its_group_waits_for_a_sibling_is_not_run_again(
    system: ActorSystem,
    diary: Record,
    ends_supervisor: bool,  # noqa: FBT001
) -> None:
    slow = puppet("slow", diary, at_stop=lambda _: let_pass(3.0))
    job = puppet("job", diary, restart=Restart.TRANSIENT, significant=ends_supervisor)
    auto = AutoShutdown.ANY_SIGNIFICANT if ends_supervisor else AutoShutdown.NEVER
    boss = team(
        system,
        [job, slow, puppet("fragile", diary)],
        strategy=Strategy.ONE_FOR_ALL,
        auto_shutdown=auto,
    )
    up(diary, "team/fragile", 1)

    def do_job(puppet: Puppet) -> None:
        let_pass(1.0)
        puppet.stop()

    found(system, "team/job").tell(Do(do_job))
    let_pass(0.5)
    found(system, "team/fragile").tell(Do(crash))
    if ends_supervisor:
        assert boss.join() == Stopped()
    else:
        up(diary, "team/fragile", 2)
        let_pass(60.0)
        assert states(boss)["job"] is ChildState.TERMINATED
    begun = [began.name for began in diary.all(Began)]
    assert begun.count("team/job") == 1
