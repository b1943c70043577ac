"""What a worker actor is given: what to run, and what a running worker can do for it."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from attrs import field, frozen
from gevent.event import Event

from rnd_actors._validators import (
    Validator,
    accepts,
    delay,
    instance,
    optional,
    seconds,
    whole_number,
)

__all__ = ["STANDIN", "Spawn", "Stream", "Worker", "WorkerSettings", "worker_command"]

STANDIN: Final = (sys.executable, "-I", "-S", str(Path(__file__).parents[1] / "standin.py"))
"""The stand-in that ships with the package, in an interpreter without site-packages: `python`
alone would cost sixteen workers on two cores a second of start-up."""


def worker_command(program: Sequence[str], worker_id: int, port: int) -> tuple[str, ...]:
    """Return the command line of one worker, with the flags of the contract.

    Example:
        >>> from rnd_actors import worker_command
        >>> worker_command(("/opt/worker", "-flaky"), 2, 3002)
        ('/opt/worker', '-flaky', '-workerId', '2', '-port', '3002')
    """
    return (*program, "-workerId", str(worker_id), "-port", str(port))


def _texts(least: int, form: str) -> Validator:
    """Return a validator of sequences of at least so many texts."""
    return accepts(
        form,
        lambda value: (
            isinstance(value, list | tuple)
            and len(value) >= least
            and all(isinstance(each, str) for each in value)
        ),
    )


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

    Example:
        >>> from rnd_actors import WorkerSettings
        >>> settings = WorkerSettings(id=3, port=3003, program=["/opt/worker", "-flaky"])
        >>> settings.command(port=3003)
        ('/opt/worker', '-flaky', '-workerId', '3', '-port', '3003')
    """

    id: int = field(validator=whole_number(1))
    port: int = field(validator=whole_number(1, 65535))
    program: Sequence[str] = field(
        default=STANDIN, validator=_texts(1, "a list of texts: a program and its arguments")
    )
    arguments: Sequence[str] = field(default=(), validator=_texts(0, "a list of texts"))
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
    """The answer of a worker to one request; iterating gives it in chunks, as they come.

    Example:
        >>> from rnd_actors import Stream
        >>> def first_chunk(stream: Stream) -> bytes:
        ...     return next(iter(stream))
    """

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
    """A worker that has been spawned, and that one `WorkerActor` owns.

    Example:
        >>> from rnd_actors import Worker
        >>> def has_crashed(worker: Worker) -> bool:
        ...     return bool(worker.exit_code)
    """

    pid: int
    """The number of its process; of a simulated one the worker's id."""
    port: int
    """Where it listens: that of its settings, or another one if that is taken."""
    exited: Event
    """Set once it has ended."""
    exit_code: int | None
    """As in `subprocess`: -9 means that signal 9 ended it. None as long as it runs, and if
    something else in this program has waited for it."""
    said_started: Event
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
