"""The same seed is the same run, to the last line of its trace, in whichever process."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Future, Request
from rnd_actors.errors import ActorError
from rnd_actors.simulation import (
    Crash,
    CutOff,
    InjectedError,
    Seed,
    Simulated,
    Slow,
    VirtualTime,
    simulate,
)
from rnd_actors.supervision import Backoff, ChildSpec, Restart, Supervisor
from tests.actors.toys import GENEROUS

DIGEST = """
from gevent import monkey
monkey.patch_all()
import hashlib, random
from rnd_actors import RunSettings, run
from rnd_actors.simulation import Crash, SimulatedWorker, simulate

def model(settings):
    lifetime = lambda: random.expovariate(1 / 40)
    return SimulatedWorker(lifetime=lifetime, hang=0.002, malformed=0.05, startup=0.3)(settings)

def main(system):
    settings = RunSettings(samples=10**6, deadline=1200.0, workers=3)
    return run(settings, spawn=model)

trace = hashlib.sha256()
faults = [Crash("process/*", probability=0.001)]
simulated = simulate(main, 5, faults=faults, trace=lambda line: trace.update(line.encode()))
result = simulated.result
lines = result.lines
assert lines.received == lines.accepted + lines.surplus + lines.malformed, lines
print(result.outcome.value, result.restarts, lines, simulated.elapsed_s)
print(hashlib.sha256(repr(result.values).encode()).hexdigest(), trace.hexdigest())
"""


class Busy(Actor[Any]):
    """Tells its peers, waits, and forgets; at times it crashes."""

    def __init__(self, peers: list[ActorRef[Any]]) -> None:
        self._peers = peers

    def on_start(self) -> None:
        self._peers.append(self.ref)
        self.every(0.5, "tick")

    def receive(self, message: Any) -> None:
        match message:
            case Request():
                self.background(self._answer_later)
                self.reply(message, random.random())
            case "tick":
                random.choice(self._peers).tell(random.randrange(100))
            case 13:
                raise ValueError(message)
            case _:
                gevent.sleep(0.01 * message)

    def _answer_later(self) -> None:
        gevent.sleep(random.random())
        random.choice(self._peers).tell(0)


def busy_tree(system: ActorSystem) -> list[object]:
    peers: list[ActorRef[Any]] = []

    def team() -> Supervisor:
        specs = [ChildSpec(str(number), lambda: Busy(peers)) for number in range(3)]
        return Supervisor(specs, intensity=GENEROUS, backoff=Backoff(initial=0.1))

    for name in ("red", "blue"):
        system.start(ChildSpec(name, team, restart=Restart.TEMPORARY))
    return [answer for _ in range(10) for answer in answers_of(peers)]


def answers_of(peers: list[ActorRef[Any]]) -> Iterator[object]:
    """What everybody answers a second later, or why not."""
    gevent.sleep(1.0)
    futures: list[Future[object]] = [ref.ask_future(Request()) for ref in dict.fromkeys(peers)]
    for future in futures:
        try:
            yield future.get(timeout=0.5)
        except (ActorError, ValueError, InjectedError) as error:
            yield str(error)


def traced(seed: Seed) -> tuple[Simulated[list[object]], list[str]]:
    faults = [
        Crash("red/*", probability=0.02),
        Slow("blue/1", seconds=0.3, probability=0.2),
        CutOff("red/2", seconds=1.0, at=3.0),
    ]
    trace: list[str] = []
    return simulate(busy_tree, seed, faults=faults, trace=trace.append), trace


def test_the_same_seed_is_the_same_run_to_the_last_line() -> None:
    simulated, trace = traced(1)
    assert traced(1) == (simulated, trace)
    assert len(trace) > 500
    assert any("InjectedError" in line for line in trace)


def test_another_seed_is_another_run() -> None:
    assert traced(1)[1] != traced(2)[1]


def test_a_trace_does_not_change_what_it_shows() -> None:
    assert simulate(busy_tree, 3, trace=lambda _: None) == simulate(busy_tree, 3)


def arrivals(seed: Seed) -> str:
    """In which order two actors come to their turn that are told at the same time."""
    order: list[str] = []

    class Turn(Actor[str]):
        def receive(self, message: str) -> None:
            order.append(message)

    def main(system: ActorSystem) -> None:
        refs = [system.start(ChildSpec(name, Turn)) for name in "abc"]
        for ref in refs:
            ref.tell(ref.name)
        gevent.sleep(1.0)

    simulate(main, seed)
    return "".join(order)


def test_random_schedules_give_every_order() -> None:
    assert {arrivals(seed) for seed in range(60)} == {"abc", "acb", "bac", "bca", "cab", "cba"}


def test_without_choices_it_is_always_the_oldest_that_is_next() -> None:
    assert arrivals(()) == arrivals([0] * 50) == "abc"


@pytest.mark.parametrize(
    ("choices", "order"),
    [
        ((), [0, 1, 2]),
        ((1,), [1, 0, 2]),
        ((2,), [2, 0, 1]),
        ((0, 1), [0, 2, 1]),
        ((2, 1), [2, 1, 0]),
        ((5,), [2, 0, 1]),
    ],
)
def test_choices_decide_who_is_next(choices: tuple[int, ...], order: list[int]) -> None:
    done: list[int] = []
    with VirtualTime(choices):
        for number in range(3):
            gevent.spawn(done.append, number)
        gevent.sleep(1.0)
    assert done == order


def digest(hash_seed: str) -> str:
    """What a process of its own prints of twenty simulated minutes with many crashes."""
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.slow
def test_the_same_seed_is_the_same_run_in_every_process() -> None:
    first, *others = [gevent.spawn(digest, seed) for seed in ("0", "1", "random")]
    assert first.get().startswith("deadline ")
    assert [other.get() for other in others] == [first.get()] * 2


@pytest.mark.parametrize("seed", [0, -1, 10**30, True])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    assert simulate(lambda _: random.random(), seed) == simulate(lambda _: random.random(), seed)
