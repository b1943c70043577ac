"""The supervisor: whom it starts, whom it restarts, when, and when it gives up."""

import time
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Killed, Normal, Stopped
from rnd_actors.errors import (
    ChildSpecError,
    DuplicateChildError,
    RestartIntensityError,
    SettingsError,
)
from rnd_actors.events import (
    ActorFailed,
    ActorStarted,
    ChildRestarting,
    DeadLetter,
    RestartIntensityReached,
)
from rnd_actors.simulation import explore
from rnd_actors.supervision import (
    AutoShutdown,
    Backoff,
    ChildSpec,
    Restart,
    RestartIntensity,
    ShutDown,
    ShutdownOrder,
    StartChild,
    Strategy,
    Supervisor,
    TerminateChild,
)
from tests.actors.toys import (
    QUICK,
    SOON,
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
    busy_for,
    crash,
    end_yourself,
    found,
    in_turn,
    kill,
    kill_yourself,
    let_pass,
    puppet,
    settle,
    start,
    start_soon,
    supervise,
    swallow_kills,
)
from tests.actors.toys_supervision import lives, running, states, supervisor, team, up

ENDS: dict[str, Action] = {
    "stops itself": Puppet.stop,
    "is stopped": lambda puppet: puppet.ref.stop(),
    "is drained": lambda puppet: puppet.ref.drain(),
    "crashes": crash,
    "crashes in the background": lambda puppet: puppet.background(crash),
    "is killed": lambda puppet: kill(puppet.ref),
}
NORMAL = {"stops itself", "is stopped", "is drained"}


@pytest.mark.parametrize("end", ENDS)
def test_a_permanent_child_is_always_restarted(
    system: ActorSystem, diary: Record, end: str
) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(ENDS[end]))
    diary.until(Began("puppet", 2))
    assert ref.is_alive


@pytest.mark.parametrize("end", sorted(ENDS.keys() - NORMAL))
def test_a_transient_child_is_restarted_after_a_failure(
    system: ActorSystem, diary: Record, end: str
) -> None:
    ref = system.start(puppet("puppet", diary, restart=Restart.TRANSIENT))
    ref.tell(Do(ENDS[end]))
    diary.until(Began("puppet", 2))
    assert ref.is_alive


@pytest.mark.parametrize("end", sorted(NORMAL))
def test_a_transient_child_is_not_restarted_after_a_normal_end(
    system: ActorSystem, diary: Record, end: str
) -> None:
    ref = system.start(puppet("puppet", diary, restart=Restart.TRANSIENT))
    ref.tell(Do(ENDS[end]))
    assert ref.join() == Normal()
    assert diary.all(Began) == [Began("puppet", 1)]


@pytest.mark.parametrize("end", ENDS)
def test_a_temporary_child_is_never_restarted(system: ActorSystem, diary: Record, end: str) -> None:
    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(ENDS[end]))
    reason = ref.join()
    assert diary.items == [Began("puppet", 1), Ended("puppet", 1, reason)]  # type: ignore[arg-type]
    assert isinstance(reason, Normal) is (end in NORMAL)
    assert isinstance(reason, Killed) is (end == "is killed")


def test_the_siblings_of_a_failing_child_are_left_alone(system: ActorSystem, diary: Record) -> None:
    siblings = [system.start(puppet(name, diary)) for name in ("elder", "younger")]
    failing = system.start(puppet("failing", diary))
    failing.tell(Do(crash))
    diary.until(Began("failing", 2))
    for sibling in siblings:
        assert sibling.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_a_child_starts_when_the_one_before_has_started(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    supervise(
        system,
        [
            puppet("first", diary, at_start=gate.pass_through),
            puppet("second", diary, at_start=lambda puppet: puppet.diary.add("second is ready")),
            puppet("third", diary),
        ],
    )
    gate.await_entry()
    gevent.idle()
    assert diary.items == [Began("team/first", 1)]
    gate.open()
    diary.until(Began("team/third", 1))
    assert diary.items == [
        Began("team/first", 1),
        Began("team/second", 1),
        "second is ready",
        Began("team/third", 1),
    ]


def test_a_child_starts_also_when_the_one_before_has_failed_to_start(
    system: ActorSystem, diary: Record
) -> None:
    supervise(
        system,
        [puppet("first", diary, at_start=crash, restart=Restart.TEMPORARY), puppet("next", diary)],
    )
    diary.until(Began("team/next", 1))
    assert isinstance(diary.items[1], Ended)


def test_children_added_while_another_one_starts_wait_for_their_turn(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    starting = [
        start_soon(system, puppet("slow", diary, at_start=gate.pass_through)),
        start_soon(system, puppet("patient", diary)),
    ]
    gate.await_entry()
    gevent.idle()
    ref = found(system, "patient")
    ref.tell(Note(1))
    gevent.idle()
    assert diary.items == [Began("slow", 1)]
    assert not any(future.is_ready for future in starting)
    gate.open()
    diary.until(Note(1))
    assert starting[1].get() == ref


def test_the_supervisor_serves_others_while_a_child_starts(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    failing = system.start(puppet("failing", diary))
    start_soon(system, puppet("slow", diary, at_start=gate.pass_through))
    gate.await_entry()
    failing.tell(Do(crash))
    gevent.idle()
    began = Began("failing", 2) in diary.items
    gate.open()
    settle(found(system, "slow"))
    assert began


def test_a_failed_start_is_restarted_like_any_other_crash(
    system: ActorSystem, diary: Record
) -> None:
    def fail_twice(puppet: Puppet) -> None:
        if puppet.incarnation < 3:
            crash()

    supervise(system, [puppet("puppet", diary, at_start=fail_twice)])
    diary.until(Began("team/puppet", 3))


def test_only_from_the_second_failure_in_a_row_is_there_a_delay(
    system: ActorSystem, events: Record
) -> None:
    team = supervise(system, backoff=Backoff(1.0, 4.0, jitter=0.0))
    ref = start(team, puppet("puppet"))
    for _ in range(5):
        ref.tell(Do(crash))
    settle(ref)
    assert events.all(ChildRestarting) == [
        ChildRestarting("team/puppet", delay) for delay in (0.0, 1.0, 2.0, 4.0, 4.0)
    ]
    assert time.monotonic() == 0.0 + 1.0 + 2.0 + 4.0 + 4.0


def test_a_sign_of_health_ends_the_row_of_failures(system: ActorSystem, events: Record) -> None:
    ref = start(supervise(system), puppet("puppet"))
    for action in (crash, crash, crash, Puppet.mark_healthy, crash):
        ref.tell(Do(action))
    settle(ref)
    assert [event.delay_s for event in events.all(ChildRestarting)] == [0.0, 1.0, 2.0, 0.0]


def test_after_health_the_first_failure_without_it_is_still_answered_at_once(
    system: ActorSystem, events: Record
) -> None:
    ref = start(supervise(system), puppet("puppet"))
    for action in (crash, crash, Puppet.mark_healthy, crash, crash, crash, crash):
        ref.tell(Do(action))
    settle(ref)
    delays = [event.delay_s for event in events.all(ChildRestarting)]
    assert delays == [0.0, 1.0, 0.0, 0.0, 1.0, 2.0]


def test_health_belongs_to_the_incarnation_that_showed_it(
    system: ActorSystem, events: Record
) -> None:
    ref = start(supervise(system), puppet("puppet"))
    for action in (Puppet.mark_healthy, crash, crash, crash, crash):
        ref.tell(Do(action))
    settle(ref)
    assert events.all(ChildRestarting)[-1].delay_s > 0


def test_failures_in_a_row_are_counted_for_each_child(system: ActorSystem, events: Record) -> None:
    team = supervise(system)
    for name in ("one", "other"):
        ref = start(team, puppet(name))
        ref.tell(Do(crash))
        settle(ref)
    assert [event.delay_s for event in events.all(ChildRestarting)] == [0.0, 0.0]


def test_a_stop_that_comes_during_the_backoff_ends_the_next_incarnation(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    team = supervise(system, backoff=Backoff(10.0, 10.0, jitter=0.0))
    ref = start(team, puppet("puppet", diary, restart=Restart.TRANSIENT))
    ref.tell(Do(crash))
    ref.tell(Do(crash))
    ref.tell(Note(1))
    events.until(ChildRestarting("team/puppet", 10.0))
    ref.stop()
    assert ref.join() == Normal()
    assert time.monotonic() == 10.0
    assert diary.all(Began)[-1] == Began("team/puppet", 3)
    assert diary.all(Note) == []


@pytest.mark.parametrize("end", [crash, kill_yourself], ids=["crashes", "is killed"])
def test_a_stop_that_waits_when_the_child_fails_holds_for_the_next_incarnation(
    system: ActorSystem, diary: Record, events: Record, end: Action
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, restart=Restart.TRANSIENT))
    ref.tell(Do(in_turn(gate.pass_through, end)))
    gate.await_entry()
    ref.tell(Note(1))
    ref.stop()
    gate.open()
    assert ref.join() == Normal()
    assert diary.all(Began) == [Began("puppet", 1), Began("puppet", 2)]
    assert [type(ended.reason) is Normal for ended in diary.all(Ended)] == [False, True]
    assert diary.all(Note) == []
    assert events.expect(DeadLetter).message == Note(1)


def test_a_stop_holds_for_one_incarnation_only(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(in_turn(gate.pass_through, crash)))
    gate.await_entry()
    ref.stop()
    gate.open()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 3
    assert [type(ended.reason) for ended in diary.all(Ended)] == [Crashed, Normal]


@pytest.mark.parametrize("first", sorted(NORMAL))
@pytest.mark.parametrize("second", sorted(NORMAL))
def test_an_actor_that_stops_twice_ends_one_incarnation(
    system: ActorSystem, diary: Record, first: str, second: str
) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(in_turn(ENDS[first], ENDS[second])))
    up(diary, "puppet", 2)
    settle(ref)
    assert lives(diary) == ["+puppet1", "-puppet1", "+puppet2"]


def test_stopping_oneself_and_then_crashing_does_not_stop_the_next_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    def stop_and_crash(puppet: Puppet) -> None:
        puppet.stop()
        crash()

    ref = system.start(puppet("a", diary))
    ref.tell(Do(stop_and_crash))
    settle(ref)
    assert lives(diary) == ["+a1", "-a1", "+a2"]


def test_a_drain_that_waits_when_the_child_fails_holds_for_the_next_incarnation(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, restart=Restart.TRANSIENT))
    ref.tell(Do(in_turn(gate.pass_through, crash)))
    gate.await_entry()
    ref.tell(Note(1))
    ref.drain()
    ref.tell(Note(2))
    gate.open()
    assert ref.join() == Normal()
    assert diary.all(Note) == [Note(1)]
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(2)]


def test_a_child_that_spends_its_restart_intensity_makes_its_supervisor_fail(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    refs = Record()
    failing = puppet("puppet", at_start=in_turn(lambda puppet: refs.add(puppet.ref), crash))
    team = supervise(
        system, [puppet("sibling", diary), failing], intensity=RestartIntensity(2, 60.0)
    )
    reason = team.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
    assert str(reason.error) == (
        "team/puppet needs more than 2 restarts within 60 s; last: crashed: BoomError: as told"
    )
    assert isinstance(reason.error.__cause__, BoomError)
    assert len(events.all(ChildRestarting)) == 2
    assert len(refs.items) == 3
    assert isinstance(refs.items[0].join(0), Crashed)
    assert diary.items == [Began("team/sibling", 1), Ended("team/sibling", 1, Stopped())]


def test_a_child_that_is_given_up_is_announced(system: ActorSystem, events: Record) -> None:
    intensity = RestartIntensity(0, 60.0)
    team = supervise(system, intensity=intensity)
    ref = start(team, puppet("puppet"))
    ref.tell(Do(Puppet.stop))
    team.join()
    assert events.all(RestartIntensityReached) == [
        RestartIntensityReached("team/puppet", intensity, Normal())
    ]


def test_a_restart_intensity_that_is_not_spent_on_a_crash_has_no_cause(system: ActorSystem) -> None:
    team = supervise(system, intensity=RestartIntensity(0, 60.0))
    ref = start(team, puppet("puppet"))
    settle(ref)
    kill(ref)
    reason = team.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
    assert reason.error.__cause__ is None


def test_each_child_has_a_restart_intensity_of_its_own(system: ActorSystem) -> None:
    team = supervise(system, intensity=RestartIntensity(2, 60.0))
    refs = [start(team, puppet(f"puppet-{number}")) for number in range(3)]
    for ref in refs:
        ref.tell(Do(crash))
        ref.tell(Do(crash))
        assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 3
    assert team.is_alive


def test_a_sign_of_health_renews_the_restart_intensity(system: ActorSystem) -> None:
    ref = start(supervise(system, intensity=RestartIntensity(1, 60.0)), puppet("puppet"))
    for _ in range(5):
        ref.tell(Do(Puppet.mark_healthy))
        ref.tell(Do(crash))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 6


def exceed_its_intensity(system: ActorSystem) -> None:
    """Let an actor that the root supervisor started crash until it is given up."""

    def crash_again(puppet: Puppet) -> None:
        if puppet.incarnation > 1:
            crash()

    ref = system.start(puppet("puppet", at_start=crash_again))
    ref.tell(Do(crash))
    assert isinstance(ref.join(), Crashed)


def test_leaving_the_system_raises_what_made_its_root_supervisor_fail() -> None:
    def leave() -> None:
        with ActorSystem() as system:
            exceed_its_intensity(system)

    with pytest.raises(RestartIntensityError, match="puppet needs more than 3 restarts") as caught:
        leave()
    assert isinstance(caught.value.__cause__, BoomError)


def test_an_error_on_its_way_out_of_the_system_is_not_replaced() -> None:
    def leave_with_an_error() -> None:
        with ActorSystem() as system:
            exceed_its_intensity(system)
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        leave_with_an_error()


def test_a_supervisor_that_failed_is_restarted_with_fresh_children(
    system: ActorSystem, diary: Record
) -> None:
    children = [puppet("one", diary), puppet("other", diary)]
    team = supervise(
        system, children, intensity=RestartIntensity(0, 60.0), restart=Restart.PERMANENT
    )
    added = start(team, puppet("added", diary))
    added.tell(Do(crash))
    assert isinstance(added.join(), Crashed)
    diary.until(Began("team/other", 1), count=2)
    assert diary.items.count(Began("team/one", 1)) == 2
    assert diary.items.count(Began("team/added", 1)) == 1
    assert diary.items.count(Ended("team/one", 1, Stopped())) == 1


def test_a_supervisor_can_be_asked_for_another_child(system: ActorSystem) -> None:
    ref = supervise(system).ask(StartChild(puppet("puppet")))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1


def test_a_second_child_with_the_same_id_is_refused(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(DuplicateChildError, match="system has a child 'puppet' already"):
        system.start(puppet("puppet"))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1
    settle(system.start(puppet("other")))


@pytest.mark.parametrize("wrong", [Puppet, None, "puppet"], ids=["actor", "None", "str"])
def test_what_is_no_child_spec_is_refused(system: ActorSystem, wrong: ChildSpec) -> None:
    with pytest.raises(ChildSpecError, match=r"system takes ChildSpec\(id, factory, .*; got"):
        system.start(wrong)
    settle(system.start(puppet("puppet")))


def test_supervisors_may_have_children_with_the_same_id(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    other = start(supervise(system), puppet("puppet"))
    assert ref != other


def test_the_id_of_a_child_that_has_stopped_is_free_again(
    system: ActorSystem, diary: Record
) -> None:
    first = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    first.stop()
    first.join()
    second = system.start(puppet("puppet", diary))
    settle(second)
    assert first != second
    assert second.is_alive


@pytest.mark.parametrize(
    ("children", "error"),
    [
        ([puppet("twin"), puppet("twin")], DuplicateChildError),
        ([puppet("puppet"), Puppet], ChildSpecError),
    ],
)
def test_a_supervisor_with_impossible_children_fails_without_starting_any(
    system: ActorSystem, events: Record, children: list[ChildSpec], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        supervise(system, children)
    assert events.all(ActorFailed) == [ActorFailed("team", 1, Crashed(caught.value))]
    assert [event.actor for event in events.all(ActorStarted) if event.actor != "system"] == []


def test_shut_down_ends_a_supervisor_and_its_children(system: ActorSystem, diary: Record) -> None:
    team = supervise(system, [puppet("one", diary), puppet("other", diary)])
    diary.until(Began("team/other", 1))
    team.tell(ShutDown())
    assert team.join() == Stopped()
    assert diary.all(Ended) == [
        Ended("team/other", 1, Stopped()),
        Ended("team/one", 1, Stopped()),
    ]


def test_a_stuck_child_that_ends_late_is_not_mistaken_for_its_successor(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    refs = Record()
    child = puppet("child", diary, at_start=lambda puppet: refs.add(puppet.ref), shutdown=SOON)
    team = supervise(
        system, [child], restart=Restart.PERMANENT, intensity=RestartIntensity(0, 60.0)
    )
    diary.until(Began("team/child", 1))
    stuck = refs.items[0]
    stuck.tell(Do(in_turn(swallow_kills(gate, 3), end_yourself)))
    gate.await_entry()
    failing = start(team, puppet("failing", diary))
    failing.tell(Do(crash))
    diary.until(Began("team/child", 1), count=2)
    settle(refs.items[1])
    gate.open()
    events.expect(ActorFailed, 3)
    gevent.idle()
    assert refs.items[1].ask(Ask(lambda puppet: puppet.incarnation)) == 1
    assert refs.items[1].is_alive
    assert events.all(ChildRestarting)[1:] == []


def test_a_relaunch_that_comes_when_the_supervisor_fails_starts_nobody_in_the_next_one() -> None:
    def fail_when_the_backoff_ends(system: ActorSystem) -> int:
        diary = Record()
        boss = supervise(
            system, intensity=RestartIntensity(2, 60.0), backoff=QUICK, restart=Restart.PERMANENT
        )
        child, hopeless = (start(boss, puppet(name, diary)) for name in ("child", "hopeless"))
        hopeless.tell(Do(crash))
        hopeless.tell(Do(crash))
        up(diary, "team/hopeless", 3)
        hopeless.tell(Do(in_turn(busy_for(QUICK.initial), crash)))
        child.tell(Do(crash))
        child.tell(Do(crash))
        hopeless.join()
        settle(start(boss, puppet("sentinel")))
        assert child.join() is not None
        assert [info.name for info in system.tree()] == ["system", "team", "team/sentinel"]
        return len(diary.all(Began))

    begun = {run.result for run in explore(fail_when_the_backoff_ends, range(100))}
    assert begun == {5, 6}, "the backoff ends before the supervisor fails, or after it"


@pytest.mark.parametrize(
    ("argument", "wrong", "accepted"),
    [
        ("strategy", "one_for_all", "a member of Strategy"),
        ("strategy", ShutdownOrder.REVERSE, "a member of Strategy"),
        ("intensity", 3, r"a RestartIntensity\(max_restarts, within\), or None"),
        ("total_intensity", 3, r"a RestartIntensity\(max_restarts, within\), or None"),
        ("backoff", None, r"a Backoff\(initial, maximum, factor, jitter\)"),
        ("backoff", 1.0, r"a Backoff\(initial, maximum, factor, jitter\)"),
        ("auto_shutdown", "never", "a member of AutoShutdown"),
        ("shutdown_order", True, "a member of ShutdownOrder"),
        ("max_children", -1, "a whole number, 0 or more"),
        ("max_children", "7", "a whole number, 0 or more"),
        ("max_children", True, "a whole number, 0 or more"),
    ],
)
def test_a_wrong_argument_of_a_supervisor_is_named_with_its_accepted_form(
    argument: str, wrong: object, accepted: str
) -> None:
    arguments: dict[str, Any] = {argument: wrong}
    with pytest.raises(SettingsError, match=f"{argument}.* takes {accepted}; got"):
        Supervisor(**arguments)


def test_right_arguments_of_a_supervisor_are_taken() -> None:
    Supervisor(
        strategy=Strategy.ONE_FOR_ALL,
        intensity=None,
        total_intensity=RestartIntensity(1),
        auto_shutdown=AutoShutdown.ALL_SIGNIFICANT,
        shutdown_order=ShutdownOrder.PARALLEL,
        max_children=0,
    )


@pytest.mark.parametrize(
    ("wrong", "accepted"),
    [
        (lambda: RestartIntensity(-1), "max_restarts takes a whole number, 0 or more; got -1"),
        (lambda: RestartIntensity(1.5), "max_restarts takes a whole number, 0 or more; got 1.5"),  # type: ignore[arg-type]
        (lambda: RestartIntensity(3, within=0), "within takes seconds > 0; got 0"),
        (lambda: RestartIntensity(3, within="5"), "within takes seconds > 0; got '5'"),  # type: ignore[arg-type]
        (lambda: RestartIntensity(3, within=float("inf")), "within takes seconds > 0; got inf"),
        (lambda: Backoff(initial=0), "initial takes 0 < initial <= maximum"),
        (lambda: Backoff(initial=9.0, maximum=1.0), "initial takes 0 < initial <= maximum"),
        (lambda: Backoff(initial="1"), "takes seconds for initial and maximum"),  # type: ignore[arg-type]
        (lambda: Backoff(factor=0.5), "factor takes a number, 1 or more; got 0.5"),
        (lambda: Backoff(jitter=2.0), "jitter takes a probability from 0 to 1; got 2.0"),
    ],
)
def test_restart_intensity_and_backoff_name_the_accepted_form(wrong: Any, accepted: str) -> None:
    with pytest.raises(SettingsError) as raised:
        wrong()
    assert accepted in str(raised.value)


def test_what_never_starts_is_given_up_by_default_however_long_each_attempt_takes(
    system: ActorSystem, diary: Record
) -> None:
    def fail_slowly(_: Puppet) -> None:
        let_pass(2.0)
        crash()

    child = puppet("hopeless", diary, at_start=fail_slowly)
    boss = system.start(ChildSpec("team", lambda: Supervisor([child]), restart=Restart.TEMPORARY))
    reason = boss.join(3600.0)
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
    assert len(diary.all(Began)) == 4


def test_what_started_once_and_never_again_is_given_up_however_long_each_attempt_takes(
    system: ActorSystem, diary: Record
) -> None:
    def fail_slowly_but_once(puppet: Puppet) -> None:
        if puppet.incarnation > 1:
            let_pass(2.0)
            crash()

    child = puppet("hopeless", diary, at_start=fail_slowly_but_once)
    boss = system.start(ChildSpec("team", lambda: Supervisor([child]), restart=Restart.TEMPORARY))
    running(boss)["hopeless"].tell(Do(crash))
    assert isinstance(boss.join(3600.0), Crashed)
    assert len(diary.all(Began)) == 1 + 4


def test_a_start_that_succeeds_ends_the_row_of_failed_ones(
    system: ActorSystem, diary: Record
) -> None:
    def fail_three_times_of_four(puppet: Puppet) -> None:
        let_pass(2.0)
        if puppet.incarnation % 4:
            crash()
        puppet.after(60.0, Do(crash))

    child = puppet("hopeful", diary, at_start=fail_three_times_of_four)
    boss = system.start(ChildSpec("team", lambda: Supervisor([child]), restart=Restart.TEMPORARY))
    up(diary, "team/hopeful", 12)
    assert boss.is_alive


@pytest.mark.parametrize("healthy", ["both", "one"])
def test_a_supervisor_is_healthy_once_all_its_children_are(
    system: ActorSystem, diary: Record, healthy: str
) -> None:
    def mark_healthy(puppet: Puppet) -> None:
        if healthy == "both" or puppet.ref.name.endswith("a"):
            puppet.mark_healthy()

    inner = supervisor("inner", [puppet(name, diary, at_start=mark_healthy) for name in "ab"])
    outer = team(system, [inner], intensity=RestartIntensity(1, within=1e6))
    for number in range(1, 6):
        diary.until(Began("team/inner/b", 1), number)
        settle(found(system, "team/inner/b"))
        let_pass(1.0)
        kill(found(system, "team/inner"))
        if healthy == "one" and number == 2:
            assert isinstance(outer.join(), Crashed)
            return
    diary.until(Began("team/inner/b", 1), 6)
    assert outer.is_alive


def is_healthy(supervisor: ActorRef[Any]) -> bool:
    """Whether it is, once it has heard of all that has happened to its children."""
    states(supervisor)
    cell: Any = supervisor._cell
    healthy: bool = cell.healthy
    return healthy


MARK_HEALTHY = Do(Puppet.mark_healthy)


def test_a_supervisor_is_not_healthy_as_long_as_a_child_that_was_added_is_not(
    system: ActorSystem,
) -> None:
    boss = supervise(system)
    assert not is_healthy(boss)
    refs = [start(boss, puppet(name)) for name in "ab"]
    for ref, expected in zip(refs, (False, True), strict=True):
        ref.tell(MARK_HEALTHY)
        settle(ref)
        assert is_healthy(boss) is expected


def test_a_child_that_restarts_has_to_show_its_health_again(
    system: ActorSystem, diary: Record
) -> None:
    boss = supervise(system, [puppet(name, diary) for name in "ab"])
    children = running(boss)
    children["a"].tell(MARK_HEALTHY)
    children["a"].tell(Do(crash))
    up(diary, "team/a", 2)
    children["b"].tell(MARK_HEALTHY)
    settle(children["b"])
    assert not is_healthy(boss)
    children["a"].tell(MARK_HEALTHY)
    settle(children["a"])
    assert is_healthy(boss)


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TEMPORARY])
@pytest.mark.parametrize("end", ["is terminated", "does not start"])
def test_a_child_that_is_gone_for_good_does_not_keep_its_supervisor_from_being_healthy(
    system: ActorSystem, end: str, restart: Restart
) -> None:
    boss = supervise(system)
    ref = start(boss, puppet("a"))
    if end == "is terminated":
        start(boss, puppet("b", restart=restart))
        boss.ask(TerminateChild("b"))
    else:
        with pytest.raises(BoomError):
            start(boss, puppet("b", restart=restart, at_start=crash))
    ref.tell(MARK_HEALTHY)
    settle(ref)
    assert is_healthy(boss)


@pytest.mark.parametrize("end", ["stops itself", "is terminated"])
def test_a_supervisor_is_healthy_once_the_last_child_that_is_not_has_ended_for_good(
    system: ActorSystem, end: str
) -> None:
    boss = supervise(system, [puppet("a"), puppet("b", restart=Restart.TRANSIENT)])
    children = running(boss)
    children["a"].tell(MARK_HEALTHY)
    settle(children["a"])
    assert not is_healthy(boss)
    if end == "stops itself":
        children["b"].stop()
        children["b"].join()
    else:
        boss.ask(TerminateChild("b"))
    assert is_healthy(boss)


def test_a_supervisor_whose_only_child_has_ended_is_not_healthy_for_that(
    system: ActorSystem,
) -> None:
    boss = supervise(system, [puppet("a", restart=Restart.TEMPORARY)])
    running(boss)["a"].stop()
    assert not is_healthy(boss)


def test_a_supervisor_that_restarts_has_to_be_healthy_again(
    system: ActorSystem, diary: Record
) -> None:
    def show_it_once(puppet: Puppet) -> None:
        if diary.items.count(Began("team/a", 1)) == 1:
            puppet.mark_healthy()

    specs = [puppet("a", diary, at_start=show_it_once)]
    boss = supervise(system, specs, restart=Restart.PERMANENT)
    running(boss)
    assert is_healthy(boss)
    kill(boss)
    diary.until(Began("team/a", 1), count=2)
    running(boss)
    assert not is_healthy(boss)


def test_on_starts_may_start_each_other_many_levels_deep(system: ActorSystem) -> None:
    def start_next(number: int) -> None:
        if number:
            name = f"level {number}"
            system.start(puppet(name, at_start=lambda _: start_next(number - 1)))

    start_next(10)
    settle(found(system, "level 1"))
