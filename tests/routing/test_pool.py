"""Pools: the options of their members, and members that end."""

from typing import Any

import pytest

from rnd_actors.actors import ActorSystem, Overflow
from rnd_actors.errors import ChildSpecError, RestartIntensityError, SettingsError
from rnd_actors.events import ActorFailed, ActorStopped, ChildRestarting, DeadLetter
from rnd_actors.routing import Broadcast, RoundRobin, Unavailable, start_pool
from rnd_actors.supervision import (
    Directive,
    OnLimit,
    Restart,
    RestartIntensity,
    ShutDown,
    WhichChildren,
)
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    found,
    settle,
)
from tests.routing.toys import WHO, ended, names, puppets

NEVER = RestartIntensity(max_restarts=0)


class Numbered(Puppet):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def test_a_factory_is_given_the_number_of_its_member_for_each_incarnation(
    system: ActorSystem,
) -> None:
    pool = start_pool(system, "pool", Numbered, 2, RoundRobin())
    for ref in pool.refs:
        ref.tell(Do(crash))

    def number(puppet: Any) -> tuple[str, int, int]:
        return puppet.ref.name, puppet.number, puppet.incarnation

    assert [pool.ask(Ask(number)) for _ in range(2)] == [("pool/1", 1, 2), ("pool/2", 2, 2)]


def test_the_members_of_a_pool_have_its_options(system: ActorSystem) -> None:
    options: dict[str, Any] = {
        "restart": Restart.TRANSIENT,
        "shutdown": 0.5,
        "drain": True,
        "capacity": 7,
        "overflow": Overflow.DROP_OLDEST,
        "on": {BoomError: Directive.STOP},
    }
    puppets(system, 2, **options)
    infos = found(system, "pool").ask(WhichChildren())
    assert [info.id for info in infos] == ["1", "2"]
    for info in infos:
        assert {name: getattr(info.spec, name) for name in options} == options


def test_each_mailbox_of_a_pool_has_its_capacity(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary, capacity=1, overflow=Overflow.DROP_NEWEST)
    for _ in range(2):
        pool.tell(Do(gate.pass_through))
    gate.await_entry()
    for ref in pool.refs:
        ref.ask_future(WHO)
    for number in range(4):
        pool.tell(Note(number))
    assert [ref.stats().refused for ref in pool.refs] == [2, 2]
    gate.open()


@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
def test_a_member_that_has_stopped_for_good_is_left_out_until_the_pool_is_resized(
    system: ActorSystem, restart: Restart
) -> None:
    pool = puppets(system, 3, restart=restart)
    first = pool.refs[0]
    first.stop()
    assert ended(first)
    assert names(pool) == ["pool/2", "pool/3"]
    pool.resize(3)
    assert names(pool) == ["pool/1", "pool/2", "pool/3"]
    assert sorted(pool.ask(WHO) for _ in range(3)) == ["pool/1", "pool/2", "pool/3"]


def test_a_member_that_is_given_up_alone_leaves_the_others(
    system: ActorSystem, diary: Record
) -> None:
    pool = puppets(system, 3, diary, intensity=NEVER, on_limit=OnLimit.STOP_CHILD)
    bad = pool.refs[1]
    bad.tell(Do(crash))
    bad.tell(Note(1))
    assert ended(bad)
    assert (names(pool), pool.size) == (["pool/1", "pool/3"], 3)
    pool.resize(2)
    assert names(pool) == ["pool/1", "pool/2"]
    assert Note(1) not in diary.items


def test_a_member_that_is_given_up_restarts_its_pool(system: ActorSystem, events: Record) -> None:
    pool = puppets(system, 1, intensity=NEVER)
    pool.resize(2)
    bad = pool.refs[1]
    bad.tell(Do(crash))
    assert ended(bad)
    events.expect(ChildRestarting)
    failures = {event.actor: event for event in events.all(ActorFailed)}
    assert isinstance(failures["pool"].reason.error, RestartIntensityError)  # type: ignore[union-attr]
    assert {pool.ask(WHO), pool.ask(WHO)} == {"pool/1", "pool/2"}


def test_a_pool_whose_members_drain_loses_nothing_when_it_ends(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 3, diary, drain=True)
    for number in range(30):
        pool.tell(Note(number))
    found(system, "pool").tell(ShutDown())
    for _ in range(3):
        diary.expect(Ended)
    assert len(diary.all(Note)) == 30
    assert not events.all(DeadLetter)


def test_a_pool_is_restarted_when_it_was_shut_down(system: ActorSystem, events: Record) -> None:
    pool = puppets(system, 2, routing=Broadcast())
    found(system, "pool").tell(ShutDown())
    events.expect(ActorStopped)
    assert pool.ask(WHO) == "pool/1"


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"factory": Puppet()}, SettingsError, "factory takes a callable that takes the number"),
        ({"routing": RoundRobin}, SettingsError, r"routing takes a Routing like RoundRobin\(\)"),
        ({"routing": "random"}, SettingsError, "routing takes a Routing"),
        ({"unavailable": True}, SettingsError, "unavailable takes a member of Unavailable"),
        ({"size": None}, SettingsError, "size takes a whole number, 1 or more"),
        ({"restart": "always"}, ChildSpecError, "restart takes a member of Restart"),
        ({"restart": Restart.DELEGATED}, ChildSpecError, "decider takes a ref if DELEGATED"),
        ({"capacity": 0}, ChildSpecError, "capacity takes None or a whole number"),
        ({"intensity": 3}, SettingsError, "intensity takes a RestartIntensity"),
        ({"backoff": 0.1}, SettingsError, "backoff takes a Backoff"),
        ({"on_limit": "stop"}, SettingsError, "on_limit takes a member of OnLimit"),
    ],
)
def test_an_argument_that_is_not_accepted_starts_nothing(
    system: ActorSystem, wrong: dict[str, Any], error: type[Exception], said: str
) -> None:
    arguments = {"factory": Numbered, "size": 2, "routing": RoundRobin(), **wrong}
    with pytest.raises(error, match=said):
        start_pool(system, "pool", **arguments)
    assert system.find("pool") is None


def test_a_routing_that_is_none_is_refused_by_every_router(system: ActorSystem) -> None:
    pool = puppets(system, 1, unavailable=Unavailable.RAISE)
    settle(pool.refs[0])
    with pytest.raises(SettingsError, match="routing takes a Routing"):
        type(pool).over_children(found(system, "pool"), None)  # type: ignore[arg-type]
