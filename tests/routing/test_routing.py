"""Routers and pools: one address for several actors."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Request, gather
from rnd_actors.errors import ActorDeadError, AskTimeoutError, SettingsError
from rnd_actors.events import ChildRestarting
from rnd_actors.routing import (
    Broadcast,
    ConsistentHash,
    LeastLoaded,
    RoundRobin,
    Router,
    Routing,
    start_pool,
)
from rnd_actors.supervision import (
    ChildSpec,
    ChildState,
    CountChildren,
    DeleteChild,
    Restart,
    RestartChild,
    StartChild,
    Supervisor,
    TerminateChild,
    WhichChildren,
)
from tests.actors.toys import (
    Ask,
    Began,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    found,
    kill,
    puppet,
    settle,
    supervise,
)
from tests.actors.toys_supervision import up

WHO = Ask(lambda puppet: puppet.ref.name)


@pytest.fixture
def kind_of_time() -> str:
    return "virtual"


def several(system: ActorSystem, count: int, diary: Record | None = None) -> list[ActorRef[Any]]:
    """Puppets named p0, p1 and so on, who stay dead when they are."""
    return [
        system.start(puppet(f"p{number}", diary, restart=Restart.TEMPORARY))
        for number in range(count)
    ]


def end(ref: ActorRef[Any]) -> None:
    ref.stop()
    ref.join()


def names(router: Router[Any], count: int) -> list[str]:
    return [router.ask(WHO) for _ in range(count)]


@frozen
class Of(Request[str]):
    """Asks for the name of who is responsible for this key."""

    key: str


class Keeper(Actor[Of]):
    def receive(self, message: Of) -> None:
        self.reply(message, self.ref.name)


def by_key() -> ConsistentHash:
    return ConsistentHash(lambda message: message.key)


def by_text() -> ConsistentHash:
    return ConsistentHash(str)


KEYS = [f"user-{number}" for number in range(2_000)]


def shares(refs: list[ActorRef[Any]]) -> dict[str, ActorRef[Any]]:
    """Who is responsible for each key."""
    routing, among = by_key(), tuple(refs)
    return {key: routing.choose(among, Of(key))[0] for key in KEYS}


def test_round_robin_takes_one_after_the_other(system: ActorSystem) -> None:
    router: Router[Any] = Router(several(system, 3), RoundRobin())
    assert names(router, 5) == ["p0", "p1", "p2", "p0", "p1"]


def test_round_robin_tells_one_after_the_other(system: ActorSystem) -> None:
    refs = several(system, 2)
    router: Router[Any] = Router(refs, RoundRobin())
    for number in range(5):
        router.tell(Note(number))
    assert [ref.stats().told for ref in refs] == [3, 2]


def test_least_loaded_takes_the_one_with_the_fewest_messages(system: ActorSystem) -> None:
    refs = several(system, 3)
    for ref, waiting in zip(refs, (2, 0, 1), strict=True):
        for number in range(waiting):
            ref.tell(Note(number))
    router: Router[Any] = Router(refs, LeastLoaded())
    for number in range(3):
        router.tell(Note(number))
    assert [ref.stats().mailbox for ref in refs] == [2, 2, 2]


def test_least_loaded_takes_the_first_of_those_that_are_alike(system: ActorSystem) -> None:
    assert names(Router(several(system, 3), LeastLoaded()), 2) == ["p0", "p0"]


def test_of_many_actors_least_loaded_compares_those_after_the_last_ones(
    system: ActorSystem,
) -> None:
    refs = several(system, 100)
    for number in (28, *range(92, 100)):
        refs[number].tell(Note(number))
    routing = LeastLoaded()
    chosen = [routing.choose(refs, WHO) for _ in range(5)]
    assert [ref.name for [ref] in chosen] == ["p0", "p64", "p29", "p0", "p56"]


def test_broadcast_tells_all(system: ActorSystem, diary: Record) -> None:
    router: Router[Any] = Router(several(system, 3, diary), Broadcast())
    router.tell(Note(1))
    diary.until(Note(1), count=3)


def test_broadcast_asks_all_and_gather_has_all_answers(system: ActorSystem) -> None:
    router: Router[Any] = Router(several(system, 3), Broadcast())
    assert gather(router.ask_all(WHO)) == ["p0", "p1", "p2"]


def test_an_ask_of_a_broadcast_is_answered_by_the_first(system: ActorSystem) -> None:
    assert Router(several(system, 3), Broadcast()).ask(WHO) == "p0"


def test_ask_all_asks_only_those_whom_the_routing_chooses(system: ActorSystem) -> None:
    router: Router[Any] = Router(several(system, 3), RoundRobin())
    assert [len(router.ask_all(WHO)) for _ in range(2)] == [1, 1]


def test_the_same_key_leads_to_the_same_actor(system: ActorSystem) -> None:
    refs = [system.start(ChildSpec(f"p{number}", Keeper)) for number in range(4)]
    router: Router[Any] = Router(refs, by_key())
    chosen = [router.ask(Of(key)) for key in KEYS[:50]]
    assert [router.ask(Of(key)) for key in KEYS[:50]] == chosen
    assert len(set(chosen)) == 4


def test_the_order_of_the_actors_does_not_matter_to_their_keys(system: ActorSystem) -> None:
    refs = several(system, 4)
    assert shares(refs) == shares(refs[::-1])


def test_few_keys_move_when_an_actor_is_added_and_only_to_it(system: ActorSystem) -> None:
    refs = several(system, 5)
    before, after = shares(refs[:4]), shares(refs)
    moved = [key for key in KEYS if before[key] != after[key]]
    assert {after[key] for key in moved} == {refs[4]}
    assert 0.5 / 5 < len(moved) / len(KEYS) < 2 / 5


def test_only_the_keys_of_an_actor_that_is_gone_move(system: ActorSystem) -> None:
    refs = several(system, 5)
    before, after = shares(refs), shares(refs[1:])
    assert {before[key] for key in KEYS if before[key] != after[key]} == {refs[0]}


def test_a_routing_whose_actors_change_chooses_as_a_new_one_would(system: ActorSystem) -> None:
    refs, routing = several(system, 5), by_key()
    for among in (tuple(refs[:4]), tuple(refs), tuple(refs[1:])):
        chosen = {key: routing.choose(among, Of(key))[0] for key in KEYS}
        assert chosen == shares(list(among))


def test_the_shares_of_the_actors_are_even_within_a_factor_of_two(system: ActorSystem) -> None:
    counts = Counter(shares(several(system, 5)).values())
    fair = len(KEYS) / 5
    assert all(fair / 2 < count < fair * 2 for count in counts.values())
    assert len(counts) == 5


def test_a_key_stays_with_its_actor_when_that_restarts(system: ActorSystem) -> None:
    router = start_pool(
        system, "pool", lambda _: Puppet(), size=3, routing=ConsistentHash(lambda _: "key")
    )
    before = router.ask(WHO)
    router.tell(Do(crash))
    assert router.ask(Ask(lambda puppet: (puppet.ref.name, puppet.incarnation))) == (before, 2)


def test_a_consistent_hash_makes_its_ring_anew_only_if_the_actors_have_changed(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def count(text: str) -> int:
        made.append(text)
        return len(text)

    monkeypatch.setattr("rnd_actors.routing._routing._hash", count)
    refs = several(system, 2)
    routing = ConsistentHash(str)
    routing.choose(refs, "x")
    before = len(made)
    routing.choose(refs, "x")
    assert len(made) == before + 1


@pytest.mark.parametrize("routing", [RoundRobin, LeastLoaded, Broadcast, by_text])
def test_actors_that_have_stopped_are_left_out(
    system: ActorSystem, routing: Callable[[], Routing]
) -> None:
    refs = several(system, 2)
    router: Router[Any] = Router(refs, routing())
    end(refs[0])
    assert router.refs == (refs[1],)
    assert names(router, 3) == ["p1"] * 3


def test_all_of_a_broadcast_but_those_that_have_stopped_are_asked(system: ActorSystem) -> None:
    refs = several(system, 3)
    router: Router[Any] = Router(refs, Broadcast())
    end(refs[1])
    assert gather(router.ask_all(WHO)) == ["p0", "p2"]


def test_a_router_whose_actors_have_all_stopped_says_so(system: ActorSystem) -> None:
    refs = several(system, 2)
    router: Router[Any] = Router(refs, RoundRobin())
    for ref in refs:
        end(ref)
    said = "all actors of the router have stopped: p0, p1"
    with pytest.raises(ActorDeadError, match=said):
        router.tell(Note(1))
    with pytest.raises(ActorDeadError, match=said):
        router.ask(WHO)
    with pytest.raises(ActorDeadError, match=said):
        router.ask_all(WHO)


def test_a_router_needs_an_actor() -> None:
    with pytest.raises(SettingsError, match=r"Router.refs takes at least one ref; got \[\]"):
        Router([], RoundRobin())


def test_a_routing_of_ones_own_chooses(system: ActorSystem) -> None:
    class Last(Routing):
        def choose(self, refs: Any, message: object) -> Any:
            return [refs[-1]]

    assert names(Router(several(system, 3), Last()), 2) == ["p2", "p2"]


def test_a_pool_has_as_many_actors_as_it_was_asked_for(system: ActorSystem) -> None:
    router = start_pool(system, "pool", lambda _: Puppet(), size=3, routing=RoundRobin())
    assert names(router, 4) == ["pool/1", "pool/2", "pool/3", "pool/1"]


def test_a_pool_makes_an_instance_for_each_actor(system: ActorSystem) -> None:
    router = start_pool(system, "pool", lambda _: Puppet(), size=3, routing=Broadcast())
    assert len(set(gather(router.ask_all(Ask(lambda puppet: puppet))))) == 3


def test_a_member_of_a_pool_that_restarts_is_still_routed_to(system: ActorSystem) -> None:
    diary = Record()
    router = start_pool(system, "pool", lambda _: Puppet(diary), size=2, routing=RoundRobin())
    router.tell(Do(crash))
    up(diary, "pool/1", 2)
    which = Ask(lambda puppet: (puppet.ref.name, puppet.incarnation))
    assert [router.ask(which) for _ in range(3)] == [("pool/2", 1), ("pool/1", 2), ("pool/2", 1)]


def test_a_pool_whose_supervisor_was_restarted_is_still_routed_to(system: ActorSystem) -> None:
    diary = Record()
    router = start_pool(system, "pool", lambda _: Puppet(diary), 1, RoundRobin())
    settle(router.refs[0])
    pool = system.find("pool")
    assert pool is not None
    pool.stop()
    diary.until(Began("pool/1", 1), count=2)
    assert router.ask(WHO) == "pool/1"


def test_a_router_over_children_knows_those_that_come_and_forgets_those_that_go(
    system: ActorSystem,
) -> None:
    boss = supervise(system, [puppet("a")])
    router = Router.over_children(boss, Broadcast())
    steps: list[tuple[Any, list[str]]] = [
        (CountChildren(), ["team/a"]),
        (StartChild(puppet("b")), ["team/a", "team/b"]),
        (TerminateChild("a"), ["team/b"]),
        (RestartChild("a"), ["team/b", "team/a"]),
        (TerminateChild("b"), ["team/a"]),
        (DeleteChild("b"), ["team/a"]),
        (StartChild(puppet("b")), ["team/a", "team/b"]),
    ]
    for request, expected in steps:
        boss.ask(request)
        assert gather(router.ask_all(WHO)) == expected
        assert [ref.name for ref in router.refs] == expected


def test_a_router_whose_pool_has_stopped_for_good_says_so(system: ActorSystem) -> None:
    boss = supervise(system, [puppet("a")])
    router = Router.over_children(boss, RoundRobin())
    end(boss)
    with pytest.raises(ActorDeadError, match="all actors of the router have stopped"):
        router.tell(Note(1))
    with pytest.raises(ActorDeadError, match="all actors of the router have stopped"):
        router.ask(WHO)


def test_a_pool_is_a_supervisor_that_can_be_found(system: ActorSystem) -> None:
    router = start_pool(system, "pool", lambda _: Puppet(), size=2, routing=RoundRobin())
    for ref in router.refs:
        settle(ref)
    pool = system.find("pool")
    assert pool is not None
    infos = pool.ask(WhichChildren())
    assert [(info.ref, info.state) for info in infos] == [
        (ref, ChildState.RUNNING) for ref in router.refs
    ]


def test_the_members_of_a_pool_end_all_at_once(system: ActorSystem) -> None:
    gates = {f"pool/{number}": Gate() for number in (1, 2)}

    def wait(puppet: Puppet) -> None:
        gates[puppet.ref.name].pass_through()

    router = start_pool(system, "pool", lambda _: Puppet(at_stop=wait), 2, RoundRobin())
    for ref in router.refs:
        settle(ref)
    pool = system.find("pool")
    assert pool is not None
    pool.stop()
    for gate in gates.values():
        gate.await_entry()
    for gate in gates.values():
        gate.open()


@pytest.mark.parametrize("size", [0, -1])
def test_a_pool_has_at_least_one_actor(system: ActorSystem, size: int) -> None:
    with pytest.raises(SettingsError, match=f"size takes a whole number, 1 or more; got {size}"):
        start_pool(system, "pool", lambda _: Puppet(), size, RoundRobin())
    assert system.find("pool") is None


@pytest.mark.parametrize("size", [1.5, True, "2"])
def test_the_size_of_a_pool_is_a_whole_number(system: ActorSystem, size: Any) -> None:
    with pytest.raises(SettingsError, match="size takes a whole number"):
        start_pool(system, "pool", lambda _: Puppet(), size, RoundRobin())


@pytest.mark.parametrize("routing", [RoundRobin, LeastLoaded, Broadcast])
def test_what_a_router_is_told_while_its_pool_restarts_is_delivered_afterwards(
    system: ActorSystem, events: Record, diary: Record, routing: Callable[[], Routing]
) -> None:
    pool = system.start(ChildSpec("pool", lambda: Supervisor([puppet("1", diary)])))
    router = Router.over_children(pool, routing())
    for number in (1, 2):
        diary.until(Began("pool/1", 1), number)
        settle(router.refs[0])
        kill(pool)
        events.expect(ChildRestarting, number)
    assert router.refs == ()
    router.tell(Note(1))
    assert diary.all(Note) == []
    diary.until(Note(1))
    router.tell(Note(2))
    diary.until(Note(2))
    assert diary.all(Note) == [Note(1), Note(2)]


def restarting_pool(
    system: ActorSystem, events: Record, routing: Routing, size: int = 1
) -> Router[Any]:
    """A router over a pool that has been killed for the second time, and is in its backoff."""
    diary = Record()
    specs = [puppet(str(number), diary) for number in range(size)]
    pool = system.start(ChildSpec("pool", lambda: Supervisor(specs)))
    router = Router.over_children(pool, routing)
    for number in (1, 2):
        diary.until(Began(f"pool/{size - 1}", 1), number)
        for ref in router.refs:
            settle(ref)
        kill(pool)
        events.expect(ChildRestarting, number)
    assert router.refs == ()
    return router


@pytest.mark.parametrize("routing", [RoundRobin, LeastLoaded, Broadcast, by_text])
def test_what_a_router_is_asked_while_its_pool_restarts_is_answered_afterwards(
    system: ActorSystem, events: Record, routing: Callable[[], Routing]
) -> None:
    router = restarting_pool(system, events, routing())
    assert router.ask(WHO) == "pool/0"


def test_who_asks_a_pool_that_restarts_waits_no_longer_than_allowed(
    system: ActorSystem, events: Record
) -> None:
    router = restarting_pool(system, events, RoundRobin())
    asked_at = time.monotonic()
    with pytest.raises(AskTimeoutError):
        router.ask(WHO, timeout=0.05)
    assert time.monotonic() == asked_at + 0.05


def test_keys_stay_where_they_were_when_their_pool_restarts(
    system: ActorSystem, events: Record
) -> None:
    router = start_pool(system, "pool", lambda _: Keeper(), size=3, routing=by_key())
    before = [router.ask(Of(key)) for key in KEYS[:50]]
    for number in (1, 2):
        pool = found(system, "pool")
        kill(pool)
        events.expect(ChildRestarting, number)
        assert [router.ask(Of(key)) for key in KEYS[:50]] == before
    assert len(set(before)) == 3


class Nobody(Routing):
    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return refs[:0]


@pytest.mark.parametrize(
    "send", [lambda router: router.tell(Note(1)), lambda router: router.ask(WHO)]
)
def test_a_routing_that_chooses_no_actor_is_refused(
    system: ActorSystem, send: Callable[[Router[Any]], object]
) -> None:
    router: Router[Any] = Router(several(system, 2), Nobody())
    with pytest.raises(SettingsError, match=r"at least one of the refs from Nobody.choose\(\)"):
        send(router)


@pytest.mark.parametrize(
    "choice", [None, (), [], "p0", 7, ["p0"], lambda refs: refs[0], lambda refs: [refs[0], None]]
)
@pytest.mark.parametrize("over", ["refs", "children"])
def test_a_routing_that_returns_something_else_than_refs_is_told_what_to_return(
    system: ActorSystem, choice: Any, over: str
) -> None:
    class Confused(Routing):
        def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Any:
            return choice(refs) if callable(choice) else choice

    router: Router[Any] = Router(several(system, 2), Confused())
    if over == "children":
        router = start_pool(system, "pool", lambda _: Puppet(), 2, Confused())
    said = r"routing takes a sequence of at least one of the refs from Confused.choose\(\); got"
    with pytest.raises(SettingsError, match=said):
        router.tell(Note(1))
    with pytest.raises(SettingsError, match=said):
        router.ask(WHO)


def test_a_routing_may_return_any_sequence_of_refs(system: ActorSystem, diary: Record) -> None:
    class All(Routing):
        def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Any:
            return dict.fromkeys(refs).keys()

    router: Router[Any] = Router(several(system, 3, diary), All())
    router.tell(Note(1))
    diary.until(Note(1), count=3)


@pytest.mark.parametrize("refs", ["ann", 7, None, [7], {}], ids=str)
def test_a_router_takes_refs_alone(refs: Any) -> None:
    with pytest.raises(SettingsError, match=r"Router\.refs takes at least one ref"):
        Router(refs, RoundRobin())


def test_a_key_is_made_by_a_function() -> None:
    with pytest.raises(SettingsError, match=r"ConsistentHash\(\) key takes a function"):
        ConsistentHash(None)  # type: ignore[arg-type]


def test_a_key_is_a_text_whatever_is_in_it(system: ActorSystem) -> None:
    ref = system.start(puppet("one"))
    Router([ref], ConsistentHash(lambda _: "\ud800")).tell(Note(1))
    numbered: Any = ConsistentHash(lambda _: 7)  # type: ignore[arg-type,return-value]
    with pytest.raises(SettingsError, match=r"the key of ConsistentHash\(\) takes a text; got 7"):
        Router([ref], numbered).tell(Note(1))


def test_what_a_routing_does_with_the_refs_harms_nobody(system: ActorSystem) -> None:
    class Rude(Routing):
        def choose(self, refs: Any, message: object) -> Any:
            assert isinstance(refs, tuple)
            return refs[:1]

    team = supervise(system, [puppet("a"), puppet("b")])
    Router.over_children(team, Rude()).tell(Note(1))
