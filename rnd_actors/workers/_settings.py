"""What a worker actor is to run, and how patient it is."""

from collections.abc import Sequence

from attrs import frozen

from rnd_actors.workers._command import STANDIN, worker_command

__all__ = ["WorkerSettings"]


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
        numbers_per_request: asked for at a time; it is asked again when it has delivered them.

    Example:
        >>> from rnd_actors import WorkerSettings
        >>> settings = WorkerSettings(id=3, port=3003, program=["/opt/worker", "-flaky"])
        >>> settings.command(port=3003)
        ('/opt/worker', '-flaky', '-workerId', '3', '-port', '3003')
    """

    id: int
    port: int
    program: Sequence[str] = STANDIN
    arguments: Sequence[str] = ()
    start_timeout: float = 5.0
    stall_timeout: float = 5.0
    grace: float = 2.0
    earlier_incarnations: int = 0
    numbers_per_request: int = 1_000_000

    def command(self, port: int) -> tuple[str, ...]:
        """Return its command line for the port that it really gets."""
        return (*worker_command(self.program, self.id, port), *self.arguments)
