"""How the collecting goes on, as an event."""

from attrs import frozen

from rnd_actors.actors import Event

__all__ = ["SamplesAccepted"]


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
