"""A run with a control socket, beside which a test does what it likes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
from attrs import define
from gevent.event import Event as Flag

from rnd_actors.collectors import Result
from rnd_actors.control import RunAddress, ask, runs, serve_run
from rnd_actors.errors import ControlError
from rnd_actors.events import Event
from rnd_actors.running import RunSettings, run
from tests.processes import PATIENCE_S, until

__all__ = ["Steered", "goal_soon", "samples_of", "steered"]


@define
class Steered:
    """A run that goes on, its address, its events, and its result once it has ended."""

    running: Any
    address: RunAddress
    told: list[Event]
    interrupted: Flag

    def result(self) -> Result:
        result: Result = self.running.get(timeout=PATIENCE_S)
        return result


def samples_of(address: RunAddress) -> int:
    samples: int = ask(address, "status")["samples"]
    return samples


def goal_soon(address: RunAddress) -> int:
    """Set a goal that the run soon reaches, and return it."""
    while True:
        goal = samples_of(address) + 100
        with suppress(ControlError):  # more samples have come meanwhile
            ask(address, "goal", samples=goal)
            return goal


@contextmanager
def steered(interval: float = 0.01, *flags: str, **others: Any) -> Iterator[Steered]:
    """Have a run go on while the block runs, then stop it; it streams when the block begins."""
    settings = RunSettings(
        **{"samples": 10**6, "workers": 2, **others},
        base_port=0,
        worker_args=("-interval", str(interval), *flags),
    )
    before = {address.id for address in runs()}
    told: list[Event] = []
    interrupted = Flag()
    running = gevent.spawn(
        run, settings, control=serve_run, subscriber=told.append, interrupted=interrupted
    )
    until(lambda: running.ready() or {address.id for address in runs()} - before)
    address = next(address for address in runs() if address.id not in before)
    assert address.pid == os.getpid()
    until(lambda: running.ready() or samples_of(address))
    try:
        yield Steered(running, address, told, interrupted)
    finally:
        with suppress(ControlError):  # it has ended
            ask(address, "stop")
        running.join(timeout=PATIENCE_S)
