"""Random trees of supervisors, random trouble, random schedules: the promises hold at all times.

A failing example is printed with its tree, its steps and its seed, and with what reproduces it
(`@reproduce_failure`); a failing schedule of the sweep with its seed and its trace.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from itertools import product
from typing import TypeAlias

import gevent
import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnd_actors.actors import Actor, ActorInfo, ActorRef, ActorSystem, ExitReason
from rnd_actors.events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ChildRestarting,
    DeadLetter,
    Event,
    RestartIntensityReached,
)
from rnd_actors.simulation import VirtualTime, explore
from rnd_actors.supervision import (
    INFINITY,
    Backoff,
    ChildSpec,
    ChildState,
    Restart,
    RestartIntensity,
    ShutDown,
    ShutdownOrder,
    Strategy,
    Supervisor,
)
from tests.actors.toys import (
    balance,
    greenlet_of,
    is_down,
    kill,
    let_pass,
)

BACKOFF = Backoff(initial=1.0, maximum=2.0, jitter=0.5)
WITHIN_S = 20.0
RINGS_AFTER_S = 5.0
TEN_MINUTES_S = 600.0
"""After so long without trouble everybody is at rest."""


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


@frozen
class Ring:
    """What a timer of this incarnation tells it."""

    incarnation: int
    due: float


Message: TypeAlias = Say | Crash | End | Ring


@frozen
class Leaf:
    id: str
    restart: Restart
    limit_s: float
    tidies_s: float
    """How long its `on_stop` takes, if nobody kills it."""


@frozen
class Branch:
    id: str
    restart: Restart
    strategy: Strategy
    order: ShutdownOrder
    max_restarts: int
    children: tuple[Leaf | Branch, ...]


@frozen
class Step:
    """Something to do to one of those who live, and for how long to wait then."""

    target: int
    action: str
    pause_s: float | None
    """0: until nobody has anything to do at the moment; None: not at all."""


ACTIONS = ("say", "say", "crash", "crash", "end", "kill", "shut")
PAUSES_S = (None, 0.0, 0.5, 1.0, 30.0)


class Chronicle:
    """What has happened, and the promises that must be true of it."""

    def __init__(self) -> None:
        self.plans: dict[str, Leaf | Branch] = {}
        self.refs: dict[str, set[ActorRef[Message]]] = defaultdict(set)
        self.failures: list[str] = []
        self._began: Counter[tuple[ActorRef[Message], int]] = Counter()
        self._ended: Counter[tuple[ActorRef[Message], int]] = Counter()
        self._ended_at: dict[tuple[ActorRef[Message], int], float] = {}
        self._heard: dict[tuple[ActorRef[Message], int], list[int]] = defaultdict(list)
        self._has_failed: dict[str, bool] = {}
        self._restarts: dict[str, list[float]] = defaultdict(list)
        self._due: dict[str, float] = defaultdict(float)
        self._letters: Counter[str] = Counter()

    def on_event(self, event: Event) -> None:
        match event:
            case ActorStarted(actor, _) if isinstance(self.plans.get(actor), Branch):
                for child in [name for name in self._restarts if name.rpartition("/")[0] == actor]:
                    del self._restarts[child]
            case ActorFailed(actor, _, _):
                self._has_failed[actor] = True
            case ActorStopped(actor, _, _):
                self._has_failed[actor] = False
            case ChildRestarting(child, delay):
                self._is_restarted(child, delay)
            case RestartIntensityReached(child, intensity, _):
                spent = self._counting(child) == intensity.max_restarts
                self._promise(spent, f"{child} is given up early")
            case DeadLetter(actor, _, _):
                self._letters[actor] += 1

    def begins(self, ref: ActorRef[Message], incarnation: int) -> None:
        self.refs[ref.name].add(ref)
        self._began[ref, incarnation] += 1
        parent = self._parent(ref.name)
        now, is_alone = time.monotonic(), parent.strategy is Strategy.ONE_FOR_ONE
        if incarnation > 1 and is_alone:
            self._promise(now == self._due[ref.name], f"{ref} is not restarted when it is due")
        elif incarnation > 1:
            self._promise(now >= self._due[parent.id], f"{ref} is restarted before it is due")

    def hears(self, ref: ActorRef[Message], say: Say) -> None:
        self._heard[ref, say.sender].append(say.number)

    def rings(self, ref: ActorRef[Message], ring: Ring) -> None:
        lived_until = self._ended_at.get((ref, ring.incarnation), time.monotonic())
        self._promise(ring.due <= lived_until, f"a timer of {ref} has outlived its incarnation")

    def ends(self, ref: ActorRef[Message], incarnation: int) -> None:
        self._ended[ref, incarnation] += 1
        self._ended_at[ref, incarnation] = time.monotonic()

    def check(self) -> None:
        assert self.failures == []
        for counts in (self._began, self._ended):
            assert all(times == 1 for times in counts.values()), "a hook was called twice"
        for (ref, _), numbers in self._heard.items():
            assert numbers == sorted(set(numbers)), f"{ref}: twice or out of order"
        for ref, incarnation in self._began:
            lives = not is_down(ref) and greenlet_of(ref).number == incarnation
            assert lives or self._ended[ref, incarnation] == 1, "on_stop was not called"
        for ref in self._all():
            told, places = balance(ref)
            assert told == places, f"{ref}: {ref.stats()}"

    def check_the_end(self) -> None:
        self.check()
        assert not any(ref.is_alive or not is_down(ref) for ref in self._all())
        for name, refs in self.refs.items():
            stats = [ref.stats() for ref in refs]
            assert not any(found.mailbox or found.stashed for found in stats)
            assert sum(found.dead + found.refused for found in stats) == self._letters[name]

    def _is_restarted(self, child: str, delay: float) -> None:
        now, parent, kind = time.monotonic(), self._parent(child), self.plans[child].restart
        self._restarts[child].append(now)
        self._due[child] = self._due[parent.id] = now + delay
        longest = BACKOFF.maximum * (1 + BACKOFF.jitter)
        is_in_bounds = delay == 0 or BACKOFF.initial <= delay <= longest
        is_due = kind is Restart.PERMANENT or (
            kind is Restart.TRANSIENT and self._has_failed[child]
        )
        self._promise(is_in_bounds, f"{child} waits {delay} s")
        self._promise(is_due, f"{child} is {kind} and restarted")
        self._promise(self._counting(child) <= parent.max_restarts, f"{child} is too often")

    def _promise(self, is_kept: bool, otherwise: str) -> None:  # noqa: FBT001
        """Note what is wrong, if something is; nobody may raise it where this is called."""
        if not is_kept:
            self.failures.append(f"{time.monotonic()} s: {otherwise}")

    def _counting(self, child: str) -> int:
        since = time.monotonic() - WITHIN_S
        return sum(then > since for then in self._restarts[child])

    def _parent(self, name: str) -> Branch:
        parent = self.plans[name.rpartition("/")[0]]
        assert isinstance(parent, Branch)
        return parent

    def _all(self) -> list[ActorRef[Message]]:
        return [ref for refs in self.refs.values() for ref in refs]


class Leafling(Actor[Message]):
    def __init__(self, chronicle: Chronicle, plan: Leaf) -> None:
        self._chronicle = chronicle
        self._plan = plan
        self._is_fresh = True

    def on_start(self) -> None:
        assert self._is_fresh
        self._is_fresh = False
        self._chronicle.begins(self.ref, self.incarnation)
        due = time.monotonic() + RINGS_AFTER_S
        self.after(RINGS_AFTER_S, Ring(self.incarnation, due))

    def receive(self, message: Message) -> None:
        match message:
            case Say():
                self._chronicle.hears(self.ref, message)
            case Crash():
                raise RuntimeError("as told")
            case End():
                self.stop()
            case Ring():
                self._chronicle.rings(self.ref, message)

    def on_stop(self, reason: ExitReason) -> None:
        self._chronicle.ends(self.ref, self.incarnation)
        let_pass(self._plan.tidies_s)


RESTARTS = (Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY)
LEAVES = tuple(product(RESTARTS, (1.0, 2.0, 8.0), (0.0, 0.0, 1.0, 4.0)))
Kind: TypeAlias = tuple[Restart, Strategy, ShutdownOrder, int]
BRANCHES: tuple[Kind, ...] = tuple(product(RESTARTS, Strategy, ShutdownOrder, range(5)))
STEPS = tuple(product(ACTIONS, PAUSES_S))


def leaves(name: str) -> st.SearchStrategy[Leaf]:
    return st.sampled_from(LEAVES).map(lambda fields: Leaf(name, *fields))


def branches(depth: int, name: str) -> st.SearchStrategy[Branch]:
    def child(index: int) -> st.SearchStrategy[Leaf | Branch]:
        leaf, below = leaves(f"{name}{index}"), f"{name}{index}"
        return leaf | branches(depth - 1, below) if depth else leaf

    def branch(kind: Kind, below: tuple[Leaf | Branch, ...]) -> Branch:
        restart, strategy, order, max_restarts = kind
        return Branch(name, restart, strategy, order, max_restarts, below)

    children = st.integers(1, 3).flatmap(lambda size: st.tuples(*map(child, range(size))))
    return st.builds(branch, st.sampled_from(BRANCHES), children)


steps = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(STEPS)).map(lambda it: Step(it[0], *it[1])),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(tree=branches(2, "t"), steps=steps, seed=st.integers(0, 10**9))
def test_the_promises_hold_in_any_tree_whatever_happens(
    tree: Branch, steps: list[Step], seed: int
) -> None:
    with VirtualTime(seed):
        live_through(tree, steps)


def grown(name: str, strategy: Strategy, order: ShutdownOrder, *children: Leaf | Branch) -> Branch:
    return Branch(name, Restart.PERMANENT, strategy, order, 3, children)


TREE = grown(
    "t",
    Strategy.ONE_FOR_ONE,
    ShutdownOrder.REVERSE,
    grown(
        "all",
        Strategy.ONE_FOR_ALL,
        ShutdownOrder.PARALLEL,
        Leaf("a", Restart.PERMANENT, 2.0, 1.0),
        Leaf("b", Restart.TRANSIENT, 1.0, 4.0),
        Leaf("c", Restart.PERMANENT, 8.0, 0.0),
    ),
    grown(
        "rest",
        Strategy.REST_FOR_ONE,
        ShutdownOrder.REVERSE,
        Leaf("d", Restart.PERMANENT, 1.0, 0.0),
        grown(
            "one",
            Strategy.ONE_FOR_ONE,
            ShutdownOrder.PARALLEL,
            Leaf("e", Restart.TEMPORARY, 1.0, 1.0),
            Leaf("f", Restart.PERMANENT, 2.0, 4.0),
        ),
        Leaf("g", Restart.PERMANENT, 2.0, 0.0),
    ),
)


def test_the_promises_hold_in_every_schedule_of_one_tree() -> None:
    def live(_: ActorSystem) -> None:
        drawn = random.choices(STEPS, k=random.randrange(13))
        live_through(TREE, [Step(random.randrange(20), *step) for step in drawn])

    assert len(explore(live, range(100))) == 100


def live_through(tree: Branch, steps: list[Step]) -> None:
    """Let all this happen in a system of its own, and check what must be true of it."""
    chronicle = Chronicle()
    with ActorSystem() as system:
        system.events.subscribe(chronicle.on_event)
        trunk = Branch("trunk", Restart.TEMPORARY, Strategy.ONE_FOR_ONE, tree.order, 1000, (tree,))
        system.start(spec_of(trunk, "trunk", chronicle))
        for number, step in enumerate(steps):
            act(system, chronicle, step, number)
            if step.pause_s is not None:
                gevent.idle()
                let_pass(step.pause_s)
            chronicle.check()
        let_pass(TEN_MINUTES_S)
        chronicle.check()
        assert is_at_rest(system)
        ends_at = time.monotonic() + seconds_to_end(system, trunk, "trunk")
    chronicle.check_the_end()
    assert time.monotonic() == pytest.approx(ends_at)


def spec_of(plan: Leaf | Branch, name: str, chronicle: Chronicle) -> ChildSpec:
    chronicle.plans[name] = plan
    if isinstance(plan, Leaf):
        return ChildSpec(
            plan.id,
            lambda: Leafling(chronicle, plan),
            restart=plan.restart,
            shutdown=plan.limit_s,
        )
    children = [spec_of(child, f"{name}/{child.id}", chronicle) for child in plan.children]
    return ChildSpec(
        plan.id,
        lambda: Supervisor(
            children,
            strategy=plan.strategy,
            shutdown_order=plan.order,
            intensity=RestartIntensity(plan.max_restarts, WITHIN_S),
            backoff=BACKOFF,
        ),
        restart=plan.restart,
        shutdown=INFINITY,
    )


def act(system: ActorSystem, chronicle: Chronicle, step: Step, number: int) -> None:
    """Do something to one of those who live."""
    everybody = [info.name for info in system.tree() if info.name not in ("system", "trunk")]
    if not everybody:
        return
    name = everybody[step.target % len(everybody)]
    ref = system.find(name)
    assert ref is not None
    leaf = isinstance(chronicle.plans[name], Leaf)
    if leaf:
        chronicle.refs[name].add(ref)
    if step.action == "kill":
        if not is_down(ref) and greenlet_of(ref).actor is not None:
            kill(ref)
    elif not leaf:
        ref.tell(ShutDown())
    elif step.action == "shut":
        ref.stop()
    elif step.action == "say":
        for sender in (2 * number, 2 * number + 1):
            gevent.spawn(tell_all, ref, [Say(sender, index) for index in range(3)])
    else:
        end = Crash() if step.action == "crash" else End()
        tell_all(ref, [Say(2 * number, 0), end, Say(2 * number, 1)])


def tell_all(ref: ActorRef[Message], messages: list[Message]) -> None:
    for message in messages:
        ref.tell(message)
        gevent.idle()


def is_at_rest(system: ActorSystem) -> bool:
    """Say whether nobody has anything to do and no restart is on its way."""
    passing = (ChildState.WAITING, ChildState.STARTING, ChildState.BACKOFF)
    for info in system.tree():
        ref = system.find(info.name)
        supervisor = None if ref is None or is_down(ref) else greenlet_of(ref).actor
        children = supervisor._children if isinstance(supervisor, Supervisor) else ()
        if not is_idle(info) or any(child.state in passing for child in children):
            return False
    return True


def is_idle(info: ActorInfo) -> bool:
    return info.stats.mailbox == 0 and info.doing == "waits for a message"


def seconds_to_end(system: ActorSystem, plan: Leaf | Branch, name: str) -> float:
    """How long an actor takes to end, with those below it that live."""
    ref = system.find(name)
    if ref is None or is_down(ref):
        return 0.0
    if isinstance(plan, Leaf):
        return min(plan.limit_s, plan.tidies_s)
    takes = [seconds_to_end(system, child, f"{name}/{child.id}") for child in plan.children]
    return sum(takes) if plan.order is ShutdownOrder.REVERSE else max(takes)
