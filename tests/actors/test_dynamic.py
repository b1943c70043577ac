"""The dynamic supervisor: ids of its own, nothing remembered, all stopped together."""

from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Killed, Normal
from rnd_actors.errors import TooManyChildrenError, UnknownChildError
from rnd_actors.supervision import (
    INFINITY,
    ChildSpec,
    CountChildren,
    DynamicSupervisor,
    OnLimit,
    Restart,
    RestartIntensity,
    StartChild,
    TerminateChild,
    WhichChildren,
)
from tests.actors.toys import Began, BoomError, Do, Gate, Puppet, Record, crash, puppet, settle
from tests.actors.toys_supervision import ENDS, children_of, up


def dynamic(system: ActorSystem, **options: Any) -> ActorRef[Any]:
    spec = ChildSpec(
        "crowd", lambda: DynamicSupervisor(**options), restart=Restart.TEMPORARY, shutdown=INFINITY
    )
    return system.start(spec)


@pytest.fixture
def crowd(system: ActorSystem) -> ActorRef[Any]:
    return dynamic(system)


def add(crowd: ActorRef[Any], spec: ChildSpec) -> ActorRef[Any]:
    return crowd.ask(StartChild(spec))


def test_children_get_ids_that_never_come_twice(crowd: ActorRef[Any]) -> None:
    refs = [add(crowd, puppet(name)) for name in ("chat", "chat", "game")]
    assert [ref.name for ref in refs] == ["crowd/chat-1", "crowd/chat-2", "crowd/game-3"]
    crowd.ask(TerminateChild("chat-1"))
    assert add(crowd, puppet("chat")).name == "crowd/chat-4"


@pytest.mark.parametrize("end", ENDS)
def test_a_temporary_child_that_has_ended_is_forgotten(crowd: ActorRef[Any], end: str) -> None:
    ref = add(crowd, puppet("a", restart=Restart.TEMPORARY))
    ENDS[end](ref)
    ref.join()
    assert crowd.ask(WhichChildren()) == ()


@pytest.mark.parametrize("restart", list(Restart)[:3])
def test_a_child_that_was_terminated_is_forgotten(crowd: ActorRef[Any], restart: Restart) -> None:
    ref = add(crowd, puppet("a", restart=restart))
    crowd.ask(TerminateChild("a-1"))
    assert not ref.is_alive
    assert crowd.ask(CountChildren()).specs == 0
    with pytest.raises(UnknownChildError):
        crowd.ask(TerminateChild("a-1"))


def test_a_transient_child_is_restarted_and_then_forgotten(
    crowd: ActorRef[Any], diary: Record
) -> None:
    ref = add(crowd, puppet("a", diary, restart=Restart.TRANSIENT))
    ref.tell(Do(crash))
    diary.until(Began("crowd/a-1", 2))
    settle(ref)
    ref.tell(Do(lambda puppet: puppet.stop(result=3)))
    assert ref.join() == Normal(3)
    assert crowd.ask(CountChildren()).specs == 0


def test_each_child_is_restarted_alone(crowd: ActorRef[Any], diary: Record) -> None:
    one, other = add(crowd, puppet("a", diary)), add(crowd, puppet("a", diary))
    one.tell(Do(crash))
    up(diary, "crowd/a-1", 2)
    settle(other)
    assert Began("crowd/a-2", 2) not in diary.items


def test_a_child_that_does_not_start_is_no_child(crowd: ActorRef[Any]) -> None:
    with pytest.raises(BoomError):
        add(crowd, puppet("a", at_start=crash))
    assert crowd.ask(WhichChildren()) == ()
    assert add(crowd, puppet("a")).name == "crowd/a-2"


def test_a_child_that_is_given_up_alone_is_forgotten(system: ActorSystem) -> None:
    crowd = dynamic(system, intensity=RestartIntensity(0), on_limit=OnLimit.STOP_CHILD)
    ref, other = add(crowd, puppet("a")), add(crowd, puppet("b"))
    ref.tell(Do(crash))
    assert ref.join() == Crashed(BoomError("as told"))
    assert list(children_of(crowd)) == ["b-2"]
    settle(other)


def test_no_more_than_max_children_live_at_a_time(system: ActorSystem) -> None:
    crowd = dynamic(system, max_children=2)
    first, _ = add(crowd, puppet("a")), add(crowd, puppet("a"))
    with pytest.raises(TooManyChildrenError):
        add(crowd, puppet("a"))
    assert first.is_alive
    crowd.ask(TerminateChild("a-1"))
    assert add(crowd, puppet("a")).is_alive


def test_all_children_stop_together(system: ActorSystem) -> None:
    gates = [Gate(), Gate()]
    crowd = dynamic(system)

    def leave(gate: Gate) -> ChildSpec:
        def wait_for_the_other(_: Puppet) -> None:
            gates[0].open() if gate is gates[1] else None
            gate.pass_through()
            gates[1].open()

        return puppet("a", at_stop=wait_for_the_other)

    refs = [add(crowd, leave(gate)) for gate in gates]
    crowd.stop()
    assert [isinstance(ref.join(), Killed) for ref in refs] == [False, False]


def test_many_children_leave_nothing_behind(crowd: ActorRef[Any]) -> None:
    refs = [add(crowd, puppet("a", restart=Restart.TEMPORARY)) for _ in range(1_000)]
    assert crowd.ask(CountChildren()).active == 1_000
    for ref in refs:
        ref.stop()
    for ref in refs:
        ref.join()
    assert crowd.ask(CountChildren()).specs == 0
