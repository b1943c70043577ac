"""Random trees of supervisors, random trouble: the promises hold after every step.

A failing example is printed with what reproduces it (`@reproduce_failure`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TypeAlias

import gevent
from attrs import field, frozen
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rnd_actors.actors import (
    INFINITY,
    Actor,
    ActorInfo,
    ActorRef,
    ActorStarted,
    ActorSystem,
    Backoff,
    Budget,
    ChildRestarting,
    ChildSpec,
    ChildState,
    Event,
    ExitReason,
    Restart,
    ShutDown,
    ShutdownOrder,
    Strategy,
    Supervisor,
)
from rnd_actors.testing import no_leaks

BACKOFF = Backoff(initial=0.001, maximum=0.002, jitter=0.5)
WITHIN_S = 3600.0
PATIENCE_S = 10.0
AN_HOUR_S = 3600.0


@frozen
class Say:
    sender: int
    number: int


@frozen
class Crash:
    pass


@frozen
class End:
    pass


Message: TypeAlias = Say | Crash | End


@frozen
class Leaf:
    id: str
    restart: Restart


@frozen
class Branch:
    id: str
    restart: Restart
    strategy: Strategy
    order: ShutdownOrder
    max_restarts: int
    children: tuple[Leaf | Branch, ...] = field(repr=True)


class Chronicle:
    """What has happened, and the promises that must be true of it."""

    def __init__(self) -> None:
        self.began: Counter[tuple[ActorRef[Message], int]] = Counter()
        self.ended: Counter[tuple[ActorRef[Message], int]] = Counter()
        self.instances: dict[tuple[ActorRef[Message], int], int] = {}
        self.heard: dict[ActorRef[Message], list[Say]] = defaultdict(list)
        self.refs: dict[str, set[ActorRef[Message]]] = defaultdict(set)
        self.restarts: Counter[str] = Counter()
        self.budgets: dict[str, int] = {}

    def on_event(self, event: Event) -> None:
        match event:
            case ActorStarted(actor, _) if actor in self.budgets:
                for name in [name for name in self.restarts if name.rpartition("/")[0] == actor]:
                    del self.restarts[name]
            case ChildRestarting(child, delay):
                self.restarts[child] += 1
                limit = self.budgets[child.rpartition("/")[0]]
                assert self.restarts[child] <= limit, f"{child}: more than {limit} restarts"
                assert delay == 0 or BACKOFF.initial <= delay <= BACKOFF.maximum * 1.5

    def check(self) -> None:
        for counts in (self.began, self.ended):
            assert all(times == 1 for times in counts.values()), "a hook was called twice"
        for ref, said in self.heard.items():
            assert len(said) == len(set(said)), f"{ref} handled a message twice"
            for sender in {say.sender for say in said}:
                numbers = [say.number for say in said if say.sender == sender]
                assert numbers == sorted(numbers), f"{ref} handled messages out of order"
        for ref, incarnation in self.began:
            alive = ref.is_alive and ref._cell.incarnation == incarnation and ref._cell.life
            assert alive or self.ended[ref, incarnation] == 1, "on_stop was not called"
        for refs in self.refs.values():
            for ref in refs:
                self._check_figures(ref)

    def _check_figures(self, ref: ActorRef[Message]) -> None:
        figures = ref.figures()
        somewhere = figures.handled + figures.failed + figures.dead + figures.refused
        assert figures.told == somewhere + figures.stashed + figures.mailbox, f"{ref}: {figures}"
        life = ref._cell.life
        if life is not None and life.actor is not None:
            assert len(life.owned._timers) == 1, f"{ref} has timers of an earlier life"


class Leafling(Actor[Message]):
    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle

    def on_start(self) -> None:
        me = (self.ref, self.incarnation)
        self._chronicle.began[me] += 1
        self._chronicle.instances[me] = id(self)
        self._chronicle.refs[self.ref.name].add(self.ref)
        self.after(AN_HOUR_S, End())

    def receive(self, message: Message) -> None:
        assert self._chronicle.instances[self.ref, self.incarnation] == id(self)
        match message:
            case Say():
                self._chronicle.heard[self.ref].append(message)
            case Crash():
                raise RuntimeError("as told")
            case End():
                self.stop()

    def on_stop(self, reason: ExitReason) -> None:
        self._chronicle.ended[self.ref, self.incarnation] += 1


restarts = st.sampled_from([Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY])


def branches(depth: int, name: str) -> st.SearchStrategy[Branch]:
    def child(index: int) -> st.SearchStrategy[Leaf | Branch]:
        leaf = st.builds(Leaf, st.just(f"{name}{index}"), restarts)
        return leaf | branches(depth - 1, f"{name}{index}") if depth else leaf

    return st.integers(1, 3).flatmap(
        lambda size: st.builds(
            Branch,
            id=st.just(name),
            restart=restarts,
            strategy=st.sampled_from(Strategy),
            order=st.sampled_from(ShutdownOrder),
            max_restarts=st.integers(0, 4),
            children=st.tuples(*[child(index) for index in range(size)]),
        )
    )


actions = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["say", "say", "crash", "end", "kill", "shut"])),
    max_size=12,
)


@settings(max_examples=60, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(tree=branches(2, "t"), steps=actions)
def test_the_promises_hold_in_any_tree_whatever_happens(
    tree: Branch, steps: list[tuple[int, str]]
) -> None:
    chronicle = Chronicle()
    with no_leaks(), ActorSystem() as system:
        failures: list[AssertionError] = []

        def on_event(event: Event) -> None:
            try:
                chronicle.on_event(event)
            except AssertionError as failure:
                failures.append(failure)

        system.events.subscribe(on_event)
        trunk = Branch("trunk", Restart.TEMPORARY, Strategy.ONE_FOR_ONE, tree.order, 1000, (tree,))
        system.start(spec_of(trunk, "trunk", chronicle))
        settle(system)
        for number, (target, action) in enumerate(steps):
            note(f"{action} {target}")
            act(system, target, action, number)
            settle(system)
            assert failures == []
            chronicle.check()
    chronicle.check()
    assert all(not ref.is_alive for refs in chronicle.refs.values() for ref in refs)


def spec_of(plan: Leaf | Branch, name: str, chronicle: Chronicle) -> ChildSpec:
    if isinstance(plan, Leaf):
        return ChildSpec(plan.id, lambda: Leafling(chronicle), restart=plan.restart)
    chronicle.budgets[name] = plan.max_restarts
    children = [spec_of(child, f"{name}/{child.id}", chronicle) for child in plan.children]
    return ChildSpec(
        plan.id,
        lambda: Supervisor(
            children,
            strategy=plan.strategy,
            shutdown_order=plan.order,
            budget=Budget(plan.max_restarts, WITHIN_S),
            backoff=BACKOFF,
        ),
        restart=plan.restart,
        shutdown=INFINITY,
    )


def act(system: ActorSystem, target: int, action: str, number: int) -> None:
    """Do something to one of those who live."""
    everybody = [info for info in system.tree() if info.name not in ("system", "trunk")]
    if not everybody:
        return
    victim = everybody[target % len(everybody)]
    ref = system.find(victim.name)
    assert ref is not None
    leaf = victim.kind == "Leafling"
    if action == "kill":
        if ref._cell.greenlet is not None:
            ref._cell.greenlet.kill(block=False)
    elif action == "shut" or not leaf:
        ref.tell(ShutDown()) if not leaf else ref.stop()
    elif action == "say":
        for index in range(3):
            ref.tell(Say(sender=target, number=10 * number + index))
    else:
        ref.tell(Say(target, 10 * number))
        ref.tell(Crash() if action == "crash" else End())
        ref.tell(Say(target, 10 * number + 1))


def settle(system: ActorSystem) -> None:
    """Wait until nobody has anything to do and no restart is on its way."""
    with gevent.Timeout(PATIENCE_S):
        while not is_at_rest(system):
            gevent.idle()


def is_at_rest(system: ActorSystem) -> bool:
    passing = (ChildState.WAITING, ChildState.STARTING, ChildState.BACKOFF)
    for info in system.tree():
        ref = system.find(info.name)
        supervisor = ref._cell.life.actor if ref is not None and ref._cell.life else None
        children = supervisor._children if isinstance(supervisor, Supervisor) else ()
        if not is_idle(info) or any(child.state in passing for child in children):
            return False
    return True


def is_idle(info: ActorInfo) -> bool:
    return info.figures.mailbox == 0 and info.doing == "waits for a message"
