"""Somebody kills and stops workers at random while a run goes on; it is exact all the same."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import gevent
import psutil
import pytest
from attrs import define, field

from rnd_actors.actors import Crashed, ExitReason
from rnd_actors.collectors import Outcome, SamplesAccepted
from rnd_actors.errors import WorkerError, WorkerExitedError, WorkerSilentError
from rnd_actors.events import Event
from rnd_actors.running import RunSettings, run
from rnd_actors.workers import WorkerSpawned
from tests.benchmarks.soak._checker import Checker

SEED = 1
SAMPLES = 20_000
BLOWS = 100
KINDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP, signal.SIGSTOP, signal.SIGCONT)
WORKERS = 16
FLAGS = ("-interval", "0.02", "-lines-per-chunk", "10", "-consecutive", "-child")


class Chaos:
    """Hears the events of a run; every 200 samples it sends a signal to one of its workers.

    It strikes at nothing but children of this process that the run has spawned. None is reaped
    between the look and the blow, since both are in one turn of the hub.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.spawned: set[int] = set()
        self.stopped: set[int] = set()
        self.blows: Counter[signal.Signals] = Counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, WorkerSpawned):
            self.spawned.add(event.pid)
        elif isinstance(event, SamplesAccepted):
            while self.blows.total() * SAMPLES < event.total * BLOWS:
                self.strike()

    def strike(self) -> None:
        targets = self.spawned & {child.pid for child in psutil.Process().children()}
        self.stopped &= targets
        kind = self.random.choice(KINDS)
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
        samples=SAMPLES, workers=WORKERS, worker_args=FLAGS, base_port=0, stall_timeout=0.15
    )
    result = run(settings, witness, subscriber=chaos)
    lines = result.lines
    assert (result.outcome, result.samples, lines.accepted) == (Outcome.COMPLETE, SAMPLES, SAMPLES)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert witness.faults == []
    assert min(chaos.blows[kind] for kind in KINDS) > 10
    assert witness.ends_by_error[WorkerExitedError] > 10
    assert witness.ends_by_error[WorkerSilentError] > 1
    assert result.restarts == len(chaos.spawned) - WORKERS > 20
    assert alive_in(chaos.spawned) == set()


def alive_in(groups: set[int]) -> set[int]:
    """Return who lives in these process groups a second from now, if not all are dead before.

    What workers leave is killed, and is then a zombie until init finds the time to reap it.
    """
    give_up_at = time.monotonic() + 1.0
    while (found := set(members(groups))) and time.monotonic() < give_up_at:
        gevent.sleep(0.01)
    return found


def members(groups: set[int]) -> Iterator[int]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) in groups and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid
