"""What a worker actor works with: its settings, the worker that it owns, and what it tells."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import gevent.event
from attrs import field, frozen

from rnd_actors._validators import delay, instance, optional, seconds, texts, whole_number
from rnd_actors.events import Event

STANDIN: Final = (sys.executable, "-I", "-S", str(Path(__file__).parents[1] / "standin.py"))
"""The stand-in that ships with the package, in an interpreter without site-packages: `python`
alone would cost sixteen workers on two cores a second of start-up."""


def worker_command(program: Sequence[str], worker_id: int, port: int) -> tuple[str, ...]:
    """Return the command line of one worker, with the flags of the contract."""
    return (*program, "-workerId", str(worker_id), "-port", str(port))


@frozen(kw_only=True)
class WorkerSettings:
    """What a worker actor runs, and how patient it is.

    Args:
        id: the worker's id, 1 or more.
        port: where it will listen on 127.0.0.1, unless another program is found to listen there.
        program: the program to run and its first arguments; the stand-in by default.
        arguments: appended to the arguments of the contract, `-workerId` and `-port`.
        start_timeout: seconds it may take to listen, and for which it is asked while it is busy.
        stall_timeout: seconds without a line after which it counts as hung.
        grace: seconds from SIGTERM to SIGKILL when it is stopped.
        earlier_incarnations: how many it had in earlier sessions of the run; they are counted on.
        log: a folder for a file with all that the worker writes, bounded in size; None: no file.
        numbers_per_request: asked for at a time; it is asked again when it has delivered them.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    id: int = field(validator=whole_number(1))
    port: int = field(validator=whole_number(1, 65535))
    program: Sequence[str] = field(
        default=STANDIN, validator=texts("a list of texts: a program and its arguments", least=1)
    )
    arguments: Sequence[str] = field(default=(), validator=texts("a list of texts"))
    start_timeout: float = field(default=5.0, validator=seconds)
    stall_timeout: float = field(default=5.0, validator=seconds)
    grace: float = field(default=2.0, validator=delay)
    earlier_incarnations: int = field(default=0, validator=whole_number(0))
    log: Path | None = field(default=None, validator=optional(instance(Path, "a Path")))
    numbers_per_request: int = field(default=1_000_000, validator=whole_number(0))

    def command(self, port: int) -> tuple[str, ...]:
        """Return its command line for the port that it really gets."""
        return (*worker_command(self.program, self.id, port), *self.arguments)


class Stream(Protocol):
    """The answer of a worker to one request; iterating gives it in chunks, as they come."""

    def __iter__(self) -> Iterator[bytes]:
        """Give the chunks.

        Raises:
            WorkerSilentError: the next one does not come within `stall_timeout`.
            StreamCutError: the connection ended early.
        """
        ...

    def close(self) -> None:
        """End the answer, without waiting for the rest."""


class Worker(Protocol):
    """A worker that has been spawned, and that one `WorkerActor` owns."""

    pid: int
    """The number of its process; of a simulated one the worker's id."""
    port: int
    """Where it listens: that of its settings, or another one if that is taken."""
    exited: gevent.event.Event
    """Set once it has ended."""
    exit_code: int | None
    """As in `subprocess`: -9 means that signal 9 ended it. None as long as it runs, and if
    something else in this program has waited for it."""
    said_started: gevent.event.Event
    """Set once it has said that it listens, or has ended."""

    def read_output(self, keep: Callable[[bytes], object]) -> None:
        """Read what it writes until it ends, which takes as long as it runs, and hand it on."""

    def last_words(self) -> tuple[str, ...]:
        """Return the last lines that it wrote."""

    def open_stream(self, settings: WorkerSettings) -> Stream:
        """Ask for numbers.

        Raises:
            WorkerUnreachableError: it does not listen.
            WorkerBusyError: it has another reader.
            WorkerRefusedError: it answers with something else than numbers.
            WorkerSilentError: it does not answer.
            StreamCutError: the connection ended early.
        """

    def end(self, grace: float) -> None:
        """End it: politely first, by force after `grace` seconds."""


Spawn: TypeAlias = Callable[[WorkerSettings], Worker]
"""How a worker is started: `WorkerProcess.spawn`, or a `SimulatedWorker`."""


@frozen
class Samples:
    """Message to a collector: lines that one incarnation of a worker sent, in order, without gaps.

    A sample is identified by (worker, incarnation, seq); `values[i]` has seq `first_seq + i`.

    Args:
        worker: the worker's id, 1 or more.
        incarnation: of the worker's actor, and so of its process; 1 or more.
        first_seq: how many samples of this incarnation came before, 0 or more.
        values: the numbers.
        malformed: how many lines that are no sample came with them.
        received: how many lines this incarnation has read so far, these included.
        received_at: when they were read, in seconds of the monotonic clock.
    """

    worker: int
    incarnation: int
    first_seq: int
    values: tuple[int, ...]
    malformed: int
    received: int
    received_at: float


@frozen
class WorkerEvent(Event):
    """The base of what happens to the worker with the id `worker` (1 or more)."""

    worker: int
    incarnation: int


@frozen
class WorkerSpawned(WorkerEvent):
    """The worker's process runs; it may not listen yet.

    Args:
        pid: of the process.
        port: where it will listen.
        host: of a cluster, where both are; None: this machine.
    """

    pid: int
    port: int
    host: str | None = None

    def __str__(self) -> str:
        where = "" if self.host is None else f" on {self.host}"
        return f"worker {self.worker} spawned{where}: pid {self.pid}, port {self.port}"


@frozen
class WorkerStreaming(WorkerEvent):
    """The worker has answered the request, and its numbers follow."""

    def __str__(self) -> str:
        return f"worker {self.worker} streams"


@frozen
class LinesLost(WorkerEvent):
    """Lines of the worker were read on a host of a cluster, and will not count.

    Args:
        lines: how many, 1 or more, beyond those of earlier events; there may have been more.
        host: where they were read.
    """

    level = logging.WARNING
    lines: int
    host: str

    def __str__(self) -> str:
        lines = f"{self.lines} line{'' if self.lines == 1 else 's'}"
        return f"lost with host {self.host}: at least {lines} of worker {self.worker}"


@frozen
class MalformedLine(WorkerEvent):
    """The worker sent `number` lines together that are no samples; `line` begins the last one."""

    level = logging.WARNING
    line: bytes
    number: int = 1

    def __str__(self) -> str:
        lines = "a malformed line"
        if self.number > 1:
            lines = f"{self.number} malformed lines, the last"
        return f"worker {self.worker} sent {lines}: {self.line!r}"


@frozen
class PortTaken(WorkerEvent):
    """Another program listens on the worker's port, so this incarnation gets another one."""

    level = logging.WARNING
    port: int
    instead: int

    def __str__(self) -> str:
        taken = f"port {self.port} is taken by another program"
        return f"{taken}; worker {self.worker} gets port {self.instead} instead"


@frozen
class WorkerLogLost(WorkerEvent):
    """The log of the worker cannot be written: what it writes from here on is not kept."""

    level = logging.WARNING
    why: str

    def __str__(self) -> str:
        return f"the log of worker {self.worker} is given up: {self.why}"
