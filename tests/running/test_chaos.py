"""Somebody kills and stops workers at random while a run goes on; it is exact all the same."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gevent
import psutil
import pytest
from attrs import define, field

from rnd_actors.actors import Crashed, ExitReason
from rnd_actors.collectors import Outcome, Sample, SampleCount, SamplesAccepted
from rnd_actors.errors import (
    ActorDeadError,
    AskTimeoutError,
    SettingsError,
    UnknownChildError,
    WorkerError,
    WorkerExitedError,
    WorkerSilentError,
)
from rnd_actors.events import Event
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.workers import WorkerSpawned, WorkerStreaming
from tests.benchmarks.soak._checker import Checker
from tests.processes import PATIENCE_S

SEED = 1
SAMPLES = 20_000
BLOWS = 100
OPERATIONS = 200
HANG = 2
KINDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP, signal.SIGSTOP, signal.SIGCONT)
WORKERS = 16
FLAGS = ("-interval", "0.02", "-lines-per-chunk", "10", "-consecutive", "-child")


class Chaos:
    """Hears the events of a run; every 200 samples it sends a signal to one of its workers.

    It strikes at nothing but children of this process that the run has spawned. None is reaped
    between the look and the blow, since both are in one turn of the hub. The first that stream are
    stopped at once and left to the run, which has to notice that they are silent.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kinds = random.Random(seed)
        """Of their own: the other draws depend on how many workers are up."""
        self.spawned: set[int] = set()
        self.pids: dict[int, int] = {}
        self.hung: set[int] = set()
        self.stopped: set[int] = set()
        self.blows: Counter[signal.Signals] = Counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, WorkerSpawned):
            self.spawned.add(event.pid)
            self.pids[event.worker] = event.pid
        elif isinstance(event, WorkerStreaming) and len(self.hung) < HANG:
            self.hung.add(self.pids[event.worker])
            os.kill(self.pids[event.worker], signal.SIGSTOP)
        elif isinstance(event, SamplesAccepted):
            while self.blows.total() * SAMPLES < event.total * BLOWS:
                self.strike()

    def strike(self) -> None:
        children = {child.pid for child in psutil.Process().children()}
        targets = self.spawned & children - self.hung
        self.stopped &= targets
        kind = self.kinds.choice(KINDS)
        if kind is signal.SIGCONT:
            targets = self.stopped
        self.blows[kind] += 1
        if not targets:
            return
        pid = self.random.choice(sorted(targets))
        os.kill(pid, kind)
        (self.stopped.add if kind is signal.SIGSTOP else self.stopped.discard)(pid)


@define
class Witness(Checker):
    """Counts besides why workers went down."""

    ends_by_error: Counter[type[WorkerError]] = field(factory=Counter, init=False)

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        assert isinstance(reason, Crashed)
        assert isinstance(reason.error, WorkerError)
        self.ends_by_error[type(reason.error)] += 1
        return super().restarts(worker, reason)


@pytest.mark.slow
def test_a_run_is_exact_while_workers_are_killed_stopped_and_continued() -> None:
    chaos, witness = Chaos(SEED), Witness(SAMPLES)
    settings = RunSettings(
        samples=SAMPLES, workers=WORKERS, worker_args=FLAGS, base_port=0, stall_timeout=0.5
    )
    result = run(settings, witness, subscriber=chaos)
    lines = result.lines
    assert (result.outcome, result.samples, lines.accepted) == (Outcome.COMPLETE, SAMPLES, SAMPLES)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert witness.faults == []
    assert min(chaos.blows[kind] for kind in KINDS) > 10
    assert witness.ends_by_error[WorkerExitedError] > 10
    assert witness.ends_by_error[WorkerSilentError] >= HANG
    assert result.restarts == len(chaos.spawned) - WORKERS > 20
    assert alive_in(chaos.spawned) == set()


class Steerer(Chaos):
    """Scales, restarts and kills at random, 200 times in all, and then sets a goal.

    Between two of them there are 100 samples at least, and more if it takes its time.
    """

    live: LiveRun

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.operations = Counter[str]()

    def __call__(self, event: Event) -> None:
        if isinstance(event, WorkerSpawned):
            self.spawned.add(event.pid)

    @contextmanager
    def control(self, live: LiveRun) -> Iterator[None]:
        self.live = live
        operator = gevent.spawn(self.steer)
        yield
        operator.get(timeout=PATIENCE_S)

    def steer(self) -> None:
        collection, random = self.live.collection, self.random
        while (done := self.operations.total()) < OPERATIONS:
            if len(collection.values) * OPERATIONS < done * SAMPLES:
                gevent.sleep(0.001)
                continue
            operation = random.choice(("scale", "drain", "restart", "kill"))
            self.operations[operation] += 1
            with suppress(ActorDeadError, UnknownChildError):  # the run ends, or is not so far
                match operation:
                    case "scale":
                        self.live.scale(random.randint(4, 24))
                    case "drain":
                        [worker] = random.sample(sorted(collection.serving), 1)
                        self.live.scale(0, relative=True, drain=[worker])
                    case "restart":
                        self.live.restart(random.choice(self.live.restartable))
                    case "kill":
                        self.strike()
        with suppress(ActorDeadError):  # it has reached one that it took late
            while True:
                with suppress(AskTimeoutError, SettingsError):  # more have come meanwhile
                    self.live.change_goal(len(collection.values) + 1000)
                    return


class Keeping(SampleCount):
    """Counts samples, and keeps them."""

    def __init__(self, goal: int) -> None:
        super().__init__(goal)
        self.samples: list[Sample] = []

    def accepts(self, sample: Sample) -> bool:
        self.samples.append(sample)
        return True


@pytest.mark.slow
def test_a_run_is_exact_while_it_is_scaled_and_its_workers_are_restarted_and_killed() -> None:
    steerer, collector = Steerer(SEED), Keeping(10**6)
    settings = RunSettings(workers=WORKERS, worker_args=FLAGS, base_port=0)
    result = run(settings, collector, subscriber=steerer, control=steerer.control)
    lines, goal = result.lines, result.goal
    assert (result.outcome, result.samples, lines.accepted) == (Outcome.COMPLETE, goal, goal)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert steerer.operations.total() == OPERATIONS
    assert min(steerer.operations.values()) > OPERATIONS / 8
    numbers: dict[tuple[int, int], list[int]] = {}
    for sample in collector.samples:
        numbers.setdefault((sample.worker, sample.incarnation), []).append(sample.value)
    assert all(values == [*range(len(values))] for values in numbers.values())
    assert sum(worker.left_s is not None for worker in result.workers) > OPERATIONS / 4
    assert alive_in(steerer.spawned) == set()


def alive_in(groups: set[int]) -> set[int]:
    """Return who lives in these process groups, if not all are dead within a time.

    What workers leave is killed, and is then a zombie until init finds the time to reap it.
    """
    give_up_at = time.monotonic() + PATIENCE_S
    while (found := set(members(groups))) and time.monotonic() < give_up_at:
        gevent.sleep(0.01)
    return found


def members(groups: set[int]) -> Iterator[int]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) in groups and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid
