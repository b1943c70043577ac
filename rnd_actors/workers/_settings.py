"""What a worker actor is to run, and how patient it is."""

from collections.abc import Sequence

from attrs import frozen

__all__ = ["WorkerSettings"]


@frozen(kw_only=True)
class WorkerSettings:
    """What a worker actor runs, and how patient it is.

    Args:
        id: the worker's id, 1 or more.
        port: where it will listen on 127.0.0.1.
        command: its whole command line.
        start_timeout: seconds it may take to listen.
        stall_timeout: seconds of silence after which it counts as hung.
        grace: seconds from SIGTERM to SIGKILL when it is stopped.
        numbers_per_request: asked for at a time; it is asked again when it has delivered them.

    Example:
        >>> from rnd_actors import STANDIN, WorkerSettings, worker_command
        >>> WorkerSettings(id=3, port=3003, command=worker_command(STANDIN, 3, 3003)).grace
        2.0
    """

    id: int
    port: int
    command: Sequence[str]
    start_timeout: float = 5.0
    stall_timeout: float = 5.0
    grace: float = 2.0
    numbers_per_request: int = 1000
