"""Simulated workers, which a `WorkerActor` owns instead of a process and its stream."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Any, Final, Protocol

import gevent
from attrs import field, frozen
from gevent.event import Event
from gevent.hub import Waiter

from rnd_actors._validators import delay, factor, instance, probability, rate
from rnd_actors.errors import (
    StreamCutError,
    WorkerBusyError,
    WorkerSilentError,
    WorkerUnreachableError,
)
from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, Slow
from rnd_actors.simulation._virtual_time import current_simulation

_CRASHED: Final = 2
_TERMINATED: Final = -15
_NUMBERS: Final = 100
"""A worker sends numbers from 0 to 99."""


@frozen(kw_only=True)
class SimulatedWorker:
    """A model that workers follow; calling it starts such a worker, without a process.

    It is a `spawn` for `run` or for a `WorkerActor`, in virtual time or real. Faults for
    `process/3` strike the process of worker 3.

    Args:
        rate: numbers a second, > 0.
        first_delay: seconds from a request to its first number.
        startup: seconds from the spawn until it listens.
        lifetime: draws the seconds from the spawn to the crash; None: it never crashes.
        hang: the probability that it sends nothing more, before each line.
        malformed: the probability of each line to be no sample.
        slow_share: the probability of each process to be slow.
        slow_factor: how many times as long a slow one needs for each line, 1 or more.
        irregular: whether the gaps between lines are exponentially distributed, not all alike.

    Raises:
        SettingsError: a value is out of range.

    Example:
        >>> import random
        >>> from rnd_actors import RunSettings, run
        >>> from rnd_actors.simulation import SimulatedWorker, simulate
        >>> model = SimulatedWorker(lifetime=lambda: random.expovariate(1 / 30))
        >>> simulate(lambda system: run(RunSettings(samples=150), spawn=model)).result.samples
        150
    """

    rate: float = field(default=1.0, validator=rate)
    first_delay: float = field(default=0.0, validator=delay)
    startup: float = field(default=0.0, validator=delay)
    lifetime: Callable[[], float] | None = None
    hang: float = field(default=0.0, validator=probability)
    malformed: float = field(default=0.0, validator=probability)
    slow_share: float = field(default=0.0, validator=probability)
    slow_factor: float = field(default=4.0, validator=factor)
    irregular: bool = field(default=False, validator=instance(bool, "True or False"))

    def __call__(self, settings: _Settings) -> SimulatedProcess:
        return SimulatedProcess(self, settings)


class _Settings(Protocol):
    """The part of `WorkerSettings` that a simulated worker reads."""

    @property
    def id(self) -> int: ...

    @property
    def port(self) -> int: ...

    @property
    def stall_timeout(self) -> float: ...

    @property
    def numbers_per_request(self) -> int: ...


class SimulatedProcess:
    """A worker that runs in this process, with the interface of a real one."""

    def __init__(self, model: SimulatedWorker, settings: _Settings) -> None:
        self.model = model
        self.pid = settings.id
        self.port = settings.port
        self.name = f"process/{settings.id}"
        self.exited = Event()
        self.exit_code: int | None = None
        self.said_started = Event()
        self.is_streaming = False
        is_slow = bool(model.slow_share) and random.random() < model.slow_share  # noqa: S311
        self._gap_s = (model.slow_factor if is_slow else 1.0) / model.rate
        self._next_faults: list[Fault] = []
        self._sleeper: Waiter[None] | None = None
        loop = gevent.get_hub().loop
        self._timers = [loop.timer(model.startup)]
        self._timers[0].start(self.said_started.set)
        if model.lifetime is not None:
            self._timers.append(loop.timer(model.lifetime()))
            self._timers[1].start(self.crash)
        self._simulation = current_simulation()
        if self._simulation is not None:
            self._simulation.injector.register(self)

    def read_output(self, keep: Callable[[bytes], object]) -> None:
        """Wait until it has ended; it writes nothing."""
        self.exited.wait()

    def last_words(self) -> tuple[str, ...]:
        """Return its last lines: a panic if it has crashed, otherwise none."""
        return ("panic: out of luck",) if self.exit_code == _CRASHED else ()

    def open_stream(self, settings: _Settings) -> SimulatedStream:
        if self.exited.is_set() or not self.said_started.is_set():
            raise WorkerUnreachableError("nobody listens")
        if self.is_streaming:
            raise WorkerBusyError("429 Too Many Requests")
        return SimulatedStream(self, settings)

    def end(self, grace: float) -> None:
        self._exit(_TERMINATED)

    def inject(self, fault: Fault) -> None:
        """Let a fault strike: a crash at once, any other before the next line."""
        if isinstance(fault, Crash):
            self.crash()
        else:
            self._next_faults.append(fault)

    def take_faults(self) -> list[Fault]:
        """Return the faults that strike the next line, once."""
        due, self._next_faults = self._next_faults, []
        if self._simulation is not None:
            due.extend(self._simulation.injector.by_chance(self))
        return due

    def draw_gap_s(self) -> float:
        """Return the seconds from one line to the next."""
        return random.expovariate(1 / self._gap_s) if self.model.irregular else self._gap_s

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until it exits. `Event.wait(timeout)` would cost more than all else."""
        waiter = self._sleeper = Waiter()
        loop: Any = gevent.get_hub().loop
        with loop.timer(seconds) as timer:
            timer.start(waiter.switch, None)
            waiter.get()

    def crash(self) -> None:
        self._exit(_CRASHED)

    def _exit(self, code: int) -> None:
        for timer in self._timers:
            timer.stop()
            timer.close()
        self._timers = []
        if self.exit_code is None:
            self.exit_code = code
            self.exited.set()
            self.said_started.set()
            if self._sleeper is not None:
                self._sleeper.switch(None)


class SimulatedStream:
    """The answer of a simulated worker to one request."""

    def __init__(self, process: SimulatedProcess, settings: _Settings) -> None:
        self._process = process
        self._settings = settings
        process.is_streaming = True

    def __iter__(self) -> Iterator[bytes]:
        model = self._process.model
        due = time.monotonic() + model.first_delay
        for _ in range(self._settings.numbers_per_request):
            self._wait_until(due)
            for fault in self._process.take_faults():
                yield from self._strike(fault)
            if model.hang and random.random() < model.hang:  # noqa: S311
                self._wait_until(inf)
            malformed = model.malformed and random.random() < model.malformed  # noqa: S311
            yield b"oops\n" if malformed else b"rnd=%d\n" % int(_NUMBERS * random.random())  # noqa: S311
            due += self._process.draw_gap_s()

    def close(self) -> None:
        self._process.is_streaming = False

    def _strike(self, fault: Fault) -> Iterator[bytes]:
        """Let a fault strike before a line; yield the bytes that the stream sends then."""
        if isinstance(fault, Crash):
            self._process.crash()
            self._wait_until(0.0)
        elif isinstance(fault, Hang):
            self._wait_until(inf)
        elif isinstance(fault, Slow):
            self._wait_until(time.monotonic() + fault.seconds)
        elif isinstance(fault, CutOff):
            yield b"rnd=1"
            raise StreamCutError("the connection was cut")

    def _wait_until(self, due: float) -> None:
        """Wait for the time of the next line, but no longer than the stall timeout."""
        process, patience = self._process, self._settings.stall_timeout
        wait = due - time.monotonic()
        if wait > 0:
            process.sleep(min(wait, patience))
        if process.exit_code is not None:
            raise StreamCutError("the connection was cut")
        if wait > patience:
            raise WorkerSilentError(f"silent for {patience:g} s")
