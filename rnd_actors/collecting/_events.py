"""How the collecting goes on, as events."""

import logging

from attrs import frozen

from rnd_actors.actors import Event

__all__ = ["SamplesAccepted", "WorkerGivenUp"]


@frozen
class SamplesAccepted(Event):
    """The collector counted samples of a worker.

    Args:
        worker: the worker's id.
        accepted: how many samples were accepted with this event, 1 or more.
        last_value: the last of them.
        total: how many were accepted in the run so far, these included.
        progress: how far the collector's goal is, 0.0 to 1.0.

    Example:
        >>> from rnd_actors import SamplesAccepted
        >>> print(SamplesAccepted(worker=3, accepted=2, last_value=42, total=15, progress=0.1))
        2 samples from worker 3, 15 in all
    """

    worker: int
    accepted: int
    last_value: int
    total: int
    progress: float

    def __str__(self) -> str:
        return f"{self.accepted} samples from worker {self.worker}, {self.total} in all"


@frozen
class WorkerGivenUp(Event):
    """A worker's restart budget is spent, so it stays down for the rest of the run.

    Args:
        worker: the worker's id.
        last_exit: why it went down for the last time.
        last_words: the last 20 lines that it wrote to stdout or stderr.

    Example:
        >>> from rnd_actors import WorkerGivenUp
        >>> print(WorkerGivenUp(3, "worker 3 exited with code 2", ("panic:", "out of luck")))
        worker 3 is given up: worker 3 exited with code 2; its last words: panic: | out of luck
    """

    level = logging.ERROR
    worker: int
    last_exit: str
    last_words: tuple[str, ...]

    def __str__(self) -> str:
        words = f"; its last words: {' | '.join(self.last_words)}" if self.last_words else ""
        return f"worker {self.worker} is given up: {self.last_exit}{words}"
