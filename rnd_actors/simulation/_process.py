"""A simulated worker at work: what a `WorkerActor` owns instead of a process and a stream."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

import gevent
from gevent.event import Event
from gevent.hub import Waiter

from rnd_actors.errors import (
    StreamCutError,
    WorkerBusyError,
    WorkerSilentError,
    WorkerUnreachableError,
)
from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, Slow
from rnd_actors.simulation._virtual_time import current_simulation

if TYPE_CHECKING:
    from rnd_actors.simulation._worker import SimulatedWorker

__all__ = ["Settings", "SimulatedProcess"]

_CRASHED: Final = 2
_TERMINATED: Final = -15
_NUMBERS: Final = 100
"""A worker sends numbers from 0 to 99."""


class Settings(Protocol):
    """What a simulated worker takes from a `WorkerSettings`."""

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

    def __init__(self, law: SimulatedWorker, settings: Settings) -> None:
        self.law = law
        self.pid = settings.id
        self.port = settings.port
        self.name = f"process/{settings.id}"
        self.exited = Event()
        self.exit_code: int | None = None
        self.said_started = Event()
        self.is_streaming = False
        self._faults: list[Fault] = []
        self._sleeper: Waiter[None] | None = None
        loop = gevent.get_hub().loop
        self._timers = [loop.timer(law.startup)]
        self._timers[0].start(self.said_started.set)
        if law.lifetime is not None:
            self._timers.append(loop.timer(law.lifetime()))
            self._timers[1].start(self._crash)
        self._simulation = current_simulation()
        if self._simulation is not None:
            self._simulation.injector.register(self)

    def read_output(self, keep: Callable[[bytes], object]) -> None:
        """Wait until it has ended; it writes nothing."""
        self.exited.wait()

    def last_words(self) -> tuple[str, ...]:
        """Return what it wrote: nothing before it crashed."""
        return ("panic: out of luck",) if self.exit_code == _CRASHED else ()

    def open_stream(self, settings: Settings) -> SimulatedStream:
        """Ask it for numbers."""
        if self.exited.is_set() or not self.said_started.is_set():
            raise WorkerUnreachableError("nobody listens")
        if self.is_streaming:
            raise WorkerBusyError("429 Too Many Requests")
        return SimulatedStream(self, settings)

    def end(self, grace: float) -> None:
        """End it at once."""
        self._exit(_TERMINATED)

    def suffer(self, fault: Fault) -> None:
        """Hear that a fault strikes now: a crash at once, anything else before the next line."""
        if isinstance(fault, Crash):
            self._crash()
        else:
            self._faults.append(fault)

    def faults(self) -> list[Fault]:
        """Take what strikes the next line."""
        due, self._faults = self._faults, []
        if self._simulation is not None:
            due.extend(self._simulation.injector.by_chance(self))
        return due

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until it exits. `Event.wait(timeout)` would cost more than all else."""
        waiter = self._sleeper = Waiter()
        loop: Any = gevent.get_hub().loop
        with loop.timer(seconds) as timer:
            timer.start(waiter.switch, None)
            waiter.get()

    def _crash(self) -> None:
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

    def __init__(self, process: SimulatedProcess, settings: Settings) -> None:
        self._process = process
        self._settings = settings
        process.is_streaming = True

    def __iter__(self) -> Iterator[bytes]:
        law = self._process.law
        due = time.monotonic() + law.first_delay
        for _ in range(self._settings.numbers_per_request):
            self._wait_until(due)
            for fault in self._process.faults():
                yield from self._disturbed(fault)
            if law.hang and random.random() < law.hang:  # noqa: S311
                self._hang()
            malformed = law.malformed and random.random() < law.malformed  # noqa: S311
            yield b"oops\n" if malformed else b"rnd=%d\n" % int(_NUMBERS * random.random())  # noqa: S311
            due += 1 / law.rate

    def close(self) -> None:
        self._process.is_streaming = False

    def _disturbed(self, fault: Fault) -> Iterator[bytes]:
        if isinstance(fault, Crash):
            self._process.suffer(fault)
            self._wait_until(0.0)
        elif isinstance(fault, Hang):
            self._hang()
        elif isinstance(fault, Slow):
            self._wait_until(time.monotonic() + fault.seconds)
        elif isinstance(fault, CutOff):
            yield b"rnd=1"
            raise StreamCutError("the connection was cut")

    def _hang(self) -> None:
        self._wait_until(float("inf"))

    def _wait_until(self, due: float) -> None:
        """Wait for the time of the next line, as long as the reader is willing to."""
        process, patience = self._process, self._settings.stall_timeout
        wait = due - time.monotonic()
        if wait > 0:
            process.sleep(min(wait, patience))
        if process.exit_code is not None:
            raise StreamCutError("the connection was cut")
        if wait > patience:
            raise WorkerSilentError(f"silent for {patience:g} s")
