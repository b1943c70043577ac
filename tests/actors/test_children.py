"""Children at run time: asked for, listed, counted, ended, started again and forgotten."""

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Killed, Request, Stopped
from rnd_actors.errors import (
    ActorDeadError,
    ActorError,
    ChildRunningError,
    ChildSpecError,
    DuplicateChildError,
    SupervisionError,
    TooManyChildrenError,
    UnknownChildError,
)
from rnd_actors.events import ChildRestarting, DeadLetter
from rnd_actors.supervision import (
    AutoShutdown,
    Backoff,
    ChildCounts,
    ChildSpec,
    ChildState,
    CountChildren,
    DeleteChild,
    Restart,
    RestartChild,
    RestartIntensity,
    StartChild,
    Supervisor,
    TerminateChild,
    WhichChildren,
)
from tests.actors.toys import (
    SOON,
    Ask,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    busy_for,
    crash,
    found,
    hang,
    let_pass,
    nothing,
    puppet,
    settle,
    start,
)
from tests.actors.toys_supervision import (
    ENDS,
    NORMAL,
    children_of,
    down,
    lives,
    reason,
    running,
    states,
    supervisor,
    team,
    up,
)

NEVER = Backoff(initial=600.0, maximum=600.0, jitter=0.0)


@pytest.fixture
def boss(system: ActorSystem) -> ActorRef[object]:
    return team(system)


@pytest.fixture
def decider(system: ActorSystem) -> ActorRef[object]:
    """A decider that never decides anything."""
    return system.start(puppet("decider"))


def in_backoff(boss: ActorRef[object], events: Record, spec: ChildSpec) -> ActorRef[object]:
    """Start a child and let it crash until it waits for a restart that does not come in time."""
    ref = start(boss, spec)
    for incarnation in (1, 2):
        ref.tell(Do(crash))
        down(events, ref.name, incarnation)
    assert states(boss)[spec.id] is ChildState.BACKOFF
    return ref


def test_the_answer_to_start_child_comes_when_its_start_has_returned(
    boss: ActorRef[object], diary: Record
) -> None:
    gate = Gate()
    future = boss.ask_future(StartChild(puppet("a", diary, at_start=gate.pass_through)))
    gate.await_entry()
    assert states(boss) == {"a": ChildState.STARTING}
    assert not future.is_ready
    gate.open()
    assert future.get().name == "team/a"
    assert states(boss) == {"a": ChildState.RUNNING}


def test_a_first_start_that_fails_raises_the_error_of_the_child_where_it_was_asked_for(
    boss: ActorRef[object],
) -> None:
    with pytest.raises(BoomError, match="as told"):
        start(boss, puppet("a", at_start=crash))


def test_a_factory_that_fails_raises_its_error_where_the_child_was_asked_for(
    boss: ActorRef[object],
) -> None:
    with pytest.raises(ZeroDivisionError):
        start(boss, ChildSpec("a", lambda: 1 / 0))  # type: ignore[arg-type, return-value]


def test_a_child_that_is_killed_in_its_first_start_has_not_started(
    boss: ActorRef[object], diary: Record
) -> None:
    future = boss.ask_future(StartChild(puppet("a", diary, at_start=hang)))
    up(diary, "team/a", 1)
    ENDS["is killed"](children_of(boss)["a"].ref)
    with pytest.raises(ActorDeadError, match="team/a did not start: killed"):
        future.get()


def test_a_child_whose_first_start_fails_is_not_kept_and_not_retried(
    boss: ActorRef[object], diary: Record
) -> None:
    with pytest.raises(BoomError):
        start(boss, puppet("a", diary, at_start=crash))
    assert states(boss) == {}
    assert lives(diary) == ["+a1", "-a1"]


def test_the_id_of_a_child_whose_first_start_failed_is_free(boss: ActorRef[object]) -> None:
    with pytest.raises(BoomError):
        start(boss, puppet("a", at_start=crash))
    assert start(boss, puppet("a")).is_alive


def test_a_later_start_that_fails_is_a_crash_like_any_other(
    boss: ActorRef[object], diary: Record
) -> None:
    ref = start(boss, puppet("a", diary, at_start=lambda p: crash() if p.incarnation == 2 else 0))
    ref.tell(Do(crash))
    up(diary, "team/a", 3)
    settle(ref)
    assert children_of(boss)["a"].incarnation == 3


def test_start_child_that_is_told_starts_it_too(boss: ActorRef[object], diary: Record) -> None:
    boss.tell(StartChild(puppet("a", diary)))
    up(diary, "team/a", 1)
    assert list(children_of(boss)) == ["a"]


def test_a_start_that_nobody_waits_for_is_restarted_when_it_fails(
    boss: ActorRef[object], diary: Record
) -> None:
    puppet_ = puppet("a", diary, at_start=lambda p: crash() if p.incarnation == 1 else 0)
    boss.tell(StartChild(puppet_))
    up(diary, "team/a", 2)
    assert children_of(boss)["a"].state is ChildState.RUNNING


def test_no_more_than_max_children_are_taken(system: ActorSystem) -> None:
    boss = team(system, max_children=2)
    for name in ("a", "b"):
        start(boss, puppet(name))
    with pytest.raises(TooManyChildrenError, match="team has its 2 children already"):
        start(boss, puppet("c"))
    assert list(children_of(boss)) == ["a", "b"]


def test_a_child_that_is_forgotten_makes_room_for_another(system: ActorSystem) -> None:
    boss = team(system, max_children=1)
    start(boss, puppet("a"))
    boss.ask(TerminateChild("a"))
    with pytest.raises(TooManyChildrenError):
        start(boss, puppet("b"))
    boss.ask(DeleteChild("a"))
    assert start(boss, puppet("b")).is_alive


def test_a_temporary_child_that_has_ended_makes_room_for_another(
    system: ActorSystem, events: Record
) -> None:
    boss = team(system, max_children=1)
    start(boss, puppet("a", restart=Restart.TEMPORARY)).stop()
    down(events, "team/a", 1)
    assert start(boss, puppet("b")).is_alive


def test_children_given_to_the_supervisor_count_for_the_maximum(system: ActorSystem) -> None:
    with pytest.raises(TooManyChildrenError):
        team(system, [puppet("a"), puppet("b")], max_children=1)


def test_a_second_child_with_the_same_id_is_refused(boss: ActorRef[object]) -> None:
    ref = start(boss, puppet("a"))
    with pytest.raises(DuplicateChildError, match="team has a child 'a' already"):
        start(boss, puppet("a"))
    assert children_of(boss)["a"].ref == ref


def test_a_terminated_child_keeps_its_id(boss: ActorRef[object]) -> None:
    start(boss, puppet("a"))
    boss.ask(TerminateChild("a"))
    with pytest.raises(DuplicateChildError):
        start(boss, puppet("a"))


def test_what_is_no_spec_is_refused_and_the_accepted_form_is_named(
    boss: ActorRef[object],
) -> None:
    with pytest.raises(ChildSpecError, match=r"ChildSpec\(id, factory, …\).*got 'a'"):
        boss.ask(StartChild("a"))  # type: ignore[arg-type]
    assert boss.is_alive


def test_a_child_that_cannot_be_added_when_only_told_is_a_dead_letter(
    boss: ActorRef[object], events: Record
) -> None:
    start(boss, puppet("a"))
    again = StartChild(puppet("a"))
    boss.tell(again)
    letter = events.expect(DeadLetter)
    assert (letter.actor, letter.message) == ("team", again)
    assert "team has a child 'a' already" in letter.why


def test_which_children_tells_them_in_start_order(boss: ActorRef[object]) -> None:
    for name in ("c", "a", "b"):
        start(boss, puppet(name))
    assert [info.id for info in boss.ask(WhichChildren())] == ["c", "a", "b"]


def test_which_children_tells_the_state_and_incarnation_of_each(
    system: ActorSystem, events: Record, diary: Record, decider: ActorRef[object]
) -> None:
    boss = team(system, backoff=NEVER)
    start(boss, puppet("runs"))
    in_backoff(boss, events, puppet("in backoff"))
    start(boss, puppet("down", restart=Restart.DELEGATED, decider=decider)).tell(Do(crash))
    down(events, "team/down", 1)
    start(boss, puppet("terminated"))
    boss.ask(TerminateChild("terminated"))
    gate = Gate()
    boss.tell(StartChild(puppet("starts", at_start=gate.pass_through)))
    boss.tell(StartChild(puppet("waits")))
    gate.await_entry()
    found = {info.id: (info.state, info.incarnation) for info in boss.ask(WhichChildren())}
    assert found == {
        "runs": (ChildState.RUNNING, 1),
        "in backoff": (ChildState.BACKOFF, 2),
        "down": (ChildState.DOWN, 1),
        "terminated": (ChildState.TERMINATED, 1),
        "starts": (ChildState.STARTING, 1),
        "waits": (ChildState.WAITING, 0),
    }
    assert {state for state, _ in found.values()} == set(ChildState)
    gate.open()


def test_which_children_tells_the_refs(boss: ActorRef[object]) -> None:
    ref = start(boss, puppet("a"))
    assert [info.ref for info in boss.ask(WhichChildren())] == [ref]


def test_count_children_tells_specs_active_ones_supervisors_and_workers(
    system: ActorSystem, events: Record, decider: ActorRef[object]
) -> None:
    boss = team(system, backoff=NEVER)
    assert boss.ask(CountChildren()) == ChildCounts(0, 0, 0, 0)
    start(boss, puppet("runs"))
    start(boss, supervisor("inner", [puppet("leaf"), puppet("leaf too")]))
    start(boss, puppet("terminated"))
    boss.ask(TerminateChild("terminated"))
    in_backoff(boss, events, puppet("in backoff"))
    start(boss, puppet("down", restart=Restart.DELEGATED, decider=decider)).tell(Do(crash))
    down(events, "team/down", 1)
    assert boss.ask(CountChildren()) == ChildCounts(specs=5, active=2, supervisors=1, workers=1)


def test_a_child_that_is_starting_counts_as_active(boss: ActorRef[object]) -> None:
    gate = Gate()
    boss.tell(StartChild(puppet("starts", at_start=gate.pass_through)))
    boss.tell(StartChild(puppet("waits")))
    gate.await_entry()
    assert boss.ask(CountChildren()) == ChildCounts(specs=2, active=1, supervisors=0, workers=1)
    gate.open()


def test_a_supervisor_that_has_ended_counts_as_none(boss: ActorRef[object]) -> None:
    start(boss, supervisor("inner"))
    boss.ask(TerminateChild("inner"))
    assert boss.ask(CountChildren()) == ChildCounts(specs=1, active=0, supervisors=0, workers=0)


def test_terminate_child_ends_a_running_child_for_good_and_keeps_its_spec(
    boss: ActorRef[object], diary: Record
) -> None:
    ref = start(boss, puppet("a", diary))
    boss.ask(TerminateChild("a"))
    assert (ref.is_alive, ref.join(0)) == (False, Stopped())
    assert lives(diary) == ["+a1", "-a1"]
    assert states(boss) == {"a": ChildState.TERMINATED}


def test_terminate_child_answers_when_the_child_has_ended(
    boss: ActorRef[object], diary: Record
) -> None:
    gate = Gate()
    start(boss, puppet("a", diary, at_stop=gate.pass_through))
    future = boss.ask_future(TerminateChild("a"))
    gate.await_entry()
    assert not future.is_ready
    gate.open()
    future.get()


def test_terminate_child_keeps_to_the_time_limit_of_the_child(
    boss: ActorRef[object], diary: Record
) -> None:
    ref = start(boss, puppet("a", diary, at_stop=hang, shutdown=SOON))
    boss.ask(TerminateChild("a"))
    assert not ref.is_alive


def test_the_ref_of_a_terminated_child_is_dead(boss: ActorRef[object], events: Record) -> None:
    ref = start(boss, puppet("a"))
    boss.ask(TerminateChild("a"))
    ref.tell(Note(1))
    assert events.expect(DeadLetter).message == Note(1)
    with pytest.raises(ActorDeadError, match="team/a"):
        ref.ask(Ask(nothing))


def test_terminate_child_ends_a_backoff(system: ActorSystem, events: Record, diary: Record) -> None:
    boss = team(system, backoff=Backoff(initial=SOON, maximum=SOON, jitter=0.0))
    ref = in_backoff(boss, events, puppet("a", diary))
    boss.ask(TerminateChild("a"))
    assert not ref.is_alive
    later = Record()
    start(boss, puppet("b", later)).tell(Do(lambda puppet: puppet.after(2 * SOON, Note(1))))
    later.until(Note(1))
    assert lives(diary) == ["+a1", "-a1", "+a2", "-a2"]
    assert states(boss)["a"] is ChildState.TERMINATED


def test_terminate_child_ends_a_child_that_is_starting(system: ActorSystem, diary: Record) -> None:
    children = [puppet("a", diary, at_start=hang, shutdown=SOON), puppet("b", diary)]
    boss = team(system, children)
    up(diary, "team/a", 1)
    boss.ask(TerminateChild("a"))
    assert time.monotonic() == SOON
    up(diary, "team/b", 1)
    assert reason(diary, "a") is Killed
    assert states(boss)["a"] is ChildState.TERMINATED


def test_terminate_child_ends_a_child_that_has_not_started_yet(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    children = [puppet("a", diary, at_start=gate.pass_through), puppet("b", diary)]
    boss = team(system, [*children, puppet("c", diary)])
    gate.await_entry()
    boss.ask(TerminateChild("b"))
    gate.open()
    up(diary, "team/c", 1)
    assert lives(diary) == ["+a1", "+c1"]
    assert states(boss)["b"] is ChildState.TERMINATED


def test_who_asked_for_a_child_is_told_that_it_was_terminated_before_it_had_started(
    boss: ActorRef[object], diary: Record
) -> None:
    future = boss.ask_future(StartChild(puppet("a", diary, at_start=hang, shutdown=SOON)))
    up(diary, "team/a", 1)
    boss.ask(TerminateChild("a"))
    with pytest.raises(ActorDeadError, match="team/a was ended before it had started"):
        future.get()
    assert states(boss) == {}


def test_who_asked_for_a_terminated_child_is_told_that_it_was_terminated_again(
    boss: ActorRef[object],
) -> None:
    starts = [nothing, hang]

    def start_once(puppet: Puppet) -> None:
        starts.pop(0)(puppet)

    start(boss, puppet("a", at_start=start_once, shutdown=SOON))
    boss.ask(TerminateChild("a"))
    future = boss.ask_future(RestartChild("a"))
    gevent.idle()
    boss.ask(TerminateChild("a"))
    with pytest.raises(ActorDeadError, match="team/a was ended before it had started"):
        future.get(0)
    assert starts == []


def test_terminate_child_ends_a_child_that_is_down(
    boss: ActorRef[object], events: Record, decider: ActorRef[object]
) -> None:
    ref = start(boss, puppet("a", restart=Restart.DELEGATED, decider=decider))
    ref.tell(Do(crash))
    down(events, "team/a", 1)
    boss.ask(TerminateChild("a"))
    assert not ref.is_alive
    assert states(boss) == {"a": ChildState.TERMINATED}


def test_terminate_child_of_a_terminated_child_changes_nothing(boss: ActorRef[object]) -> None:
    start(boss, puppet("a"))
    boss.ask(TerminateChild("a"))
    boss.ask(TerminateChild("a"))
    assert states(boss) == {"a": ChildState.TERMINATED}


def test_terminate_child_forgets_a_temporary_child(boss: ActorRef[object]) -> None:
    ref = start(boss, puppet("a", restart=Restart.TEMPORARY))
    boss.ask(TerminateChild("a"))
    assert not ref.is_alive
    assert states(boss) == {}


def test_what_waits_for_a_terminated_child_becomes_dead_letters(
    boss: ActorRef[object], events: Record, diary: Record
) -> None:
    gate = Gate()
    ref = start(boss, puppet("a", diary))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(1))
    future = boss.ask_future(TerminateChild("a"))
    gevent.idle()
    gate.open()
    future.get()
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1)]
    assert diary.all(Note) == []


def test_restart_child_gives_a_terminated_child_a_new_ref(
    boss: ActorRef[object], diary: Record
) -> None:
    old = start(boss, puppet("a", diary))
    boss.ask(TerminateChild("a"))
    new = boss.ask(RestartChild("a"))
    settle(new)
    assert (new != old, old.is_alive, new.name) == (True, False, "team/a")
    assert children_of(boss)["a"].ref == new
    assert lives(diary) == ["+a1", "-a1", "+a1"]


def test_restart_child_keeps_the_place_of_a_terminated_child(system: ActorSystem) -> None:
    boss = team(system, [puppet("a"), puppet("b")])
    running(boss)
    boss.ask(TerminateChild("a"))
    settle(boss.ask(RestartChild("a")))
    assert list(children_of(boss)) == ["a", "b"]


def test_restart_child_starts_a_transient_child_again_that_has_ended_normally(
    boss: ActorRef[object], events: Record, diary: Record
) -> None:
    start(boss, puppet("a", diary, restart=Restart.TRANSIENT)).stop()
    down(events, "team/a", 1)
    settle(boss.ask(RestartChild("a")))
    assert states(boss) == {"a": ChildState.RUNNING}


def test_restart_child_starts_a_child_that_is_down_and_keeps_its_ref(
    boss: ActorRef[object], events: Record, decider: ActorRef[object]
) -> None:
    ref = start(boss, puppet("a", restart=Restart.DELEGATED, decider=decider))
    ref.tell(Do(crash))
    down(events, "team/a", 1)
    assert boss.ask(RestartChild("a")) == ref
    settle(ref)
    assert children_of(boss)["a"].incarnation == 2


def test_a_child_that_was_started_again_is_restarted_as_its_spec_says(
    boss: ActorRef[object], diary: Record
) -> None:
    start(boss, puppet("a", diary))
    boss.ask(TerminateChild("a"))
    new = boss.ask(RestartChild("a"))
    new.tell(Do(crash))
    up(diary, "team/a", 2)
    assert new.is_alive


def test_restart_child_of_a_running_child_says_that_it_runs(boss: ActorRef[object]) -> None:
    start(boss, puppet("a"))
    with pytest.raises(ChildRunningError, match="'a' is running; only one that is down"):
        boss.ask(RestartChild("a"))
    assert children_of(boss)["a"].incarnation == 1


def test_restart_child_of_a_running_child_that_is_only_told_is_a_dead_letter(
    boss: ActorRef[object], events: Record
) -> None:
    start(boss, puppet("a"))
    boss.tell(RestartChild("a"))
    letter = events.expect(DeadLetter)
    assert (letter.actor, letter.message) == ("team", RestartChild("a"))
    assert "'a' is running" in letter.why
    assert children_of(boss)["a"].incarnation == 1


def test_restart_child_does_not_cut_a_backoff_short(system: ActorSystem, events: Record) -> None:
    boss = team(system, backoff=NEVER)
    in_backoff(boss, events, puppet("a"))
    with pytest.raises(ChildRunningError, match="'a' is backoff"):
        boss.ask(RestartChild("a"))
    assert states(boss) == {"a": ChildState.BACKOFF}


def test_a_backoff_that_was_cut_off_does_not_cut_a_later_one_short(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    backoff = Backoff(initial=0.1, maximum=600.0, factor=6_000.0, jitter=0.0)
    boss = team(system, [puppet("a", diary)], backoff=backoff)
    first = running(boss)["a"]
    for incarnation in (1, 2):
        up(diary, "team/a", incarnation)
        first.tell(Do(crash))
        down(events, "team/a", incarnation)
    boss.ask(TerminateChild("a"))
    second = boss.ask(RestartChild("a"))
    second.tell(Do(crash))
    assert events.expect(ChildRestarting, count=3).delay_s == 600.0
    later = Record()
    start(boss, puppet("later", later)).tell(Do(lambda puppet: puppet.after(0.2, Note(1))))
    later.until(Note(1))
    assert states(boss)["a"] is ChildState.BACKOFF


def test_restart_child_of_a_child_that_is_given_up_then_says_so_to_its_asker(
    system: ActorSystem, events: Record, decider: ActorRef[object]
) -> None:
    spec = puppet("a", restart=Restart.DELEGATED, decider=decider)
    boss = team(system, [spec], intensity=RestartIntensity(0, within=600.0))
    running(boss)["a"].tell(Do(crash))
    down(events, "team/a", 1)
    with pytest.raises(ActorError):
        boss.ask(RestartChild("a"))


def test_delete_child_frees_the_id_of_a_terminated_child(boss: ActorRef[object]) -> None:
    start(boss, puppet("a"))
    boss.ask(TerminateChild("a"))
    boss.ask(DeleteChild("a"))
    assert states(boss) == {}
    assert start(boss, puppet("a")).is_alive


def test_delete_child_ends_a_child_that_is_down(
    boss: ActorRef[object], events: Record, decider: ActorRef[object]
) -> None:
    ref = start(boss, puppet("a", restart=Restart.DELEGATED, decider=decider))
    ref.tell(Do(crash))
    down(events, "team/a", 1)
    boss.ask(DeleteChild("a"))
    assert isinstance(ref.join(0), Crashed)
    assert states(boss) == {}


def test_delete_child_of_a_running_child_says_what_to_do_first(boss: ActorRef[object]) -> None:
    ref = start(boss, puppet("a"))
    with pytest.raises(ChildRunningError, match="'a' is running; end it with TerminateChild"):
        boss.ask(DeleteChild("a"))
    assert ref.is_alive


def test_delete_child_of_a_child_in_backoff_is_refused(system: ActorSystem, events: Record) -> None:
    boss = team(system, backoff=NEVER)
    in_backoff(boss, events, puppet("a"))
    with pytest.raises(ChildRunningError, match="'a' is backoff"):
        boss.ask(DeleteChild("a"))


def test_a_child_that_was_deleted_is_not_started_again(boss: ActorRef[object]) -> None:
    start(boss, puppet("a"))
    boss.ask(TerminateChild("a"))
    boss.ask(DeleteChild("a"))
    with pytest.raises(UnknownChildError):
        boss.ask(RestartChild("a"))


@pytest.mark.parametrize("wish", [RestartChild, TerminateChild, DeleteChild])
def test_an_unknown_child_is_answered_with_the_known_ones(
    boss: ActorRef[object], wish: Callable[[str], Request[object]]
) -> None:
    for name in ("a", "b"):
        start(boss, puppet(name))
    with pytest.raises(UnknownChildError, match="no child 'c'; the children are: 'a', 'b'"):
        boss.ask(wish("c"))


@pytest.mark.parametrize("wish", [RestartChild, TerminateChild, DeleteChild])
def test_an_unknown_child_of_a_supervisor_without_children_is_said_so(
    boss: ActorRef[object], wish: Callable[[str], Request[object]]
) -> None:
    with pytest.raises(UnknownChildError, match="the children are: none"):
        boss.ask(wish("c"))


def test_what_a_supervisor_cannot_do_for_its_asker_does_not_end_it(
    boss: ActorRef[object],
) -> None:
    with pytest.raises(SupervisionError):
        boss.ask(TerminateChild("nobody"))
    assert children_of(boss) == {}


def significant(name: str, restart: Restart, diary: Record) -> ChildSpec:
    return puppet(name, diary, restart=restart, significant=True)


def ended(boss: ActorRef[object], events: Record, ref: ActorRef[object], end: str) -> None:
    """Let a child end, and its supervisor hear of it."""
    ENDS[end](ref)
    down(events, ref.name, 1)
    boss.tell(WhichChildren())


FINAL_ENDS = [
    *((Restart.TRANSIENT, end) for end in NORMAL),
    *((Restart.TEMPORARY, end) for end in ENDS),
]
"""Those kinds of significant children and ways to end after which they are not restarted."""


def test_a_supervisor_that_never_shuts_down_by_itself_refuses_significant_children(
    boss: ActorRef[object], diary: Record
) -> None:
    spec = significant("a", Restart.TRANSIENT, diary)
    with pytest.raises(ChildSpecError, match="Supervisor takes significant children only if its"):
        Supervisor([spec])
    with pytest.raises(ChildSpecError, match="team takes significant children only if its auto_"):
        boss.ask(StartChild(spec))


@pytest.mark.parametrize(("restart", "end"), FINAL_ENDS)
def test_the_end_of_any_significant_child_ends_the_supervisor(
    system: ActorSystem, events: Record, diary: Record, restart: Restart, end: str
) -> None:
    children = [significant("a", restart, diary), significant("b", restart, diary)]
    boss = team(system, [*children, puppet("c", diary)], auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    ended(boss, events, running(boss)["a"], end)
    assert boss.join() == Stopped()
    assert lives(diary)[3:] == ["-a1", "-c1", "-b1"]


@pytest.mark.parametrize(("restart", "end"), FINAL_ENDS)
def test_the_end_of_the_last_significant_child_ends_the_supervisor(
    system: ActorSystem, events: Record, diary: Record, restart: Restart, end: str
) -> None:
    children = [significant("a", restart, diary), significant("b", restart, diary)]
    boss = team(system, [*children, puppet("c", diary)], auto_shutdown=AutoShutdown.ALL_SIGNIFICANT)
    refs = running(boss)
    ended(boss, events, refs["a"], end)
    assert states(boss)["b"] is ChildState.RUNNING
    ended(boss, events, refs["b"], end)
    assert boss.join() == Stopped()
    assert lives(diary)[3:] == ["-a1", "-b1", "-c1"]


@pytest.mark.parametrize("auto", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT])
@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
def test_the_end_of_an_insignificant_child_ends_no_supervisor(
    system: ActorSystem, events: Record, diary: Record, auto: AutoShutdown, restart: Restart
) -> None:
    children = [significant("a", restart, diary), puppet("b", diary, restart=restart)]
    boss = team(system, children, auto_shutdown=auto)
    ended(boss, events, running(boss)["b"], "stops itself")
    assert states(boss)["a"] is ChildState.RUNNING


@pytest.mark.parametrize("auto", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT])
def test_a_significant_child_that_is_restarted_ends_no_supervisor(
    system: ActorSystem, diary: Record, auto: AutoShutdown
) -> None:
    boss = team(system, [significant("a", Restart.TRANSIENT, diary)], auto_shutdown=auto)
    ref = running(boss)["a"]
    ref.tell(Do(crash))
    up(diary, "team/a", 2)
    settle(ref)
    assert states(boss) == {"a": ChildState.RUNNING}


@pytest.mark.parametrize("auto", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT])
def test_a_significant_child_that_somebody_terminates_ends_no_supervisor(
    system: ActorSystem, diary: Record, auto: AutoShutdown
) -> None:
    boss = team(system, [significant("a", Restart.TRANSIENT, diary)], auto_shutdown=auto)
    running(boss)
    boss.ask(TerminateChild("a"))
    assert states(boss) == {"a": ChildState.TERMINATED}


def test_a_significant_child_in_backoff_has_not_ended_for_good(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    children = [significant(name, Restart.TRANSIENT, diary) for name in ("a", "b")]
    boss = team(system, children, auto_shutdown=AutoShutdown.ALL_SIGNIFICANT, backoff=NEVER)
    refs = running(boss)
    for incarnation in (1, 2):
        up(diary, "team/a", incarnation)
        refs["a"].tell(Do(crash))
        down(events, "team/a", incarnation)
    ended(boss, events, refs["b"], "stops itself")
    assert states(boss) == {"a": ChildState.BACKOFF, "b": ChildState.TERMINATED}


@pytest.mark.parametrize(
    ("restart", "again"), [(Restart.PERMANENT, True), (Restart.TRANSIENT, False)]
)
def test_a_supervisor_that_has_shut_itself_down_is_restarted_as_its_own_spec_says(
    system: ActorSystem, events: Record, diary: Record, *, restart: Restart, again: bool
) -> None:
    inner = supervisor(
        "inner",
        [significant("a", Restart.TEMPORARY, diary)],
        restart=restart,
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
    )
    outer = team(system, [inner])
    running(children_of(outer)["inner"].ref)["a"].stop()
    down(events, "team/inner", 1)
    if again:
        diary.until(diary.items[0], count=2)
    expected = ChildState.RUNNING if again else ChildState.TERMINATED
    assert states(outer) == {"inner": expected}


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.DELEGATED])
def test_a_child_that_may_always_come_back_cannot_be_significant(
    system: ActorSystem, decider: ActorRef[object], restart: Restart
) -> None:
    with pytest.raises(ChildSpecError, match="significant takes True for TRANSIENT or TEMPORARY"):
        ChildSpec(
            "a",
            Puppet,
            restart=restart,
            significant=True,
            decider=decider if restart is Restart.DELEGATED else None,
        )


def test_the_root_supervises_the_top_level_actors(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("top", diary))
    assert list(children_of(system.root)) == ["top"]
    system.root.ask(TerminateChild("top"))
    assert not ref.is_alive
    assert states(system.root) == {"top": ChildState.TERMINATED}
    again = system.root.ask(RestartChild("top"))
    settle(again)
    assert system.find("top") == again
    assert again != ref
    system.root.ask(TerminateChild("top"))
    system.root.ask(DeleteChild("top"))
    assert states(system.root) == {}
    settle(system.start(puppet("top")))


def test_a_system_that_has_not_been_entered_has_no_root() -> None:
    with pytest.raises(ActorError, match="entered"):
        ActorSystem().root  # noqa: B018


def test_restart_child_that_fails_answers_with_the_error_and_leaves_the_rest_alone(
    system: ActorSystem, diary: Record
) -> None:
    is_broken: list[bool] = []

    def fail_if_broken(_: Puppet) -> None:
        if is_broken:
            crash()

    boss = team(system, [puppet("db", diary, at_start=fail_if_broken), puppet("other", diary)])
    settle(found(system, "team/other"))
    for _ in range(5):
        boss.ask(TerminateChild("db"))
        is_broken.append(True)
        with pytest.raises(BoomError, match="as told"):
            boss.ask(RestartChild("db"))
        let_pass(60.0)
        assert states(boss) == {"db": ChildState.TERMINATED, "other": ChildState.RUNNING}
    is_broken.clear()
    settle(boss.ask(RestartChild("db")))
    assert [end for end in diary.all(Ended) if end.name == "team/other"] == []


@pytest.mark.parametrize(
    "request_", [TerminateChild("a"), WhichChildren(), CountChildren()], ids=str
)
def test_requests_to_a_supervisor_wait_as_long_as_its_children_take(
    system: ActorSystem, request_: Any
) -> None:
    boss = team(system, [puppet("a", at_stop=busy_for(60.0), shutdown=100.0)])
    settle(found(system, "team/a"))
    ends = boss.ask_future(TerminateChild("a"))
    answer = boss.ask(request_)
    ends.get()
    assert answer is None or answer


def test_an_actor_may_start_another_one_in_its_on_start(system: ActorSystem) -> None:
    def start_inner(_: Puppet) -> None:
        settle(system.start(puppet("inner")))

    system.start(puppet("outer", at_start=start_inner))
    settle(found(system, "inner"))


def test_an_actor_may_let_another_one_start_a_third_in_its_on_start(system: ActorSystem) -> None:
    starter = system.start(puppet("starter"))

    def start_inner(_: Puppet) -> None:
        starter.ask(Ask(lambda _: settle(system.start(puppet("inner")))))

    system.start(puppet("outer", at_start=start_inner))
    settle(found(system, "inner"))


def test_what_an_actor_starts_that_has_started_itself_waits_for_its_turn(
    boss: ActorRef[object], diary: Record
) -> None:
    gate, starter = Gate(), start(boss, puppet("starter"))
    boss.tell(StartChild(puppet("slow", at_start=gate.pass_through)))
    gate.await_entry()
    starter.tell(Do(lambda _: start(boss, puppet("next", diary))))
    gevent.idle()
    assert diary.items == []
    gate.open()
    up(diary, "team/next", 1)


def test_an_actor_may_start_a_terminated_one_again_in_its_on_start(system: ActorSystem) -> None:
    system.start(puppet("inner"))
    system.root.ask(TerminateChild("inner"))
    system.start(puppet("outer", at_start=lambda _: settle(system.root.ask(RestartChild("inner")))))
    settle(found(system, "inner"))


def test_an_error_in_an_inner_start_comes_out_where_it_was_asked_for(
    system: ActorSystem, diary: Record
) -> None:
    def start_inner(puppet_: Puppet) -> None:
        with pytest.raises(BoomError):
            system.start(puppet("inner", at_start=crash))
        puppet_.diary.add("failed")

    system.start(puppet("outer", diary, at_start=start_inner))
    diary.until("failed")
    assert list(children_of(system.root)) == ["outer"]
