"""What a worker actor is to run, and how patient it is."""

from collections.abc import Sequence
from pathlib import Path

from attrs import field, frozen

from rnd_actors._validators import (
    Validator,
    accepts,
    delay,
    instance,
    optional,
    seconds,
    whole_number,
)
from rnd_actors.workers._command import STANDIN, worker_command

__all__ = ["WorkerSettings"]


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
