"""A sample, and the message and the event that report accepted ones."""

from attrs import frozen

from rnd_actors.actors import Event

__all__ = ["Accepted", "Sample", "SamplesAccepted"]


@frozen
class Sample:
    """A number that a worker sent, identified by (worker, incarnation, seq).

    Args:
        index: its place among the samples of the run, from 0.
        value: the number.
        worker: the worker's id.
        incarnation: the worker's incarnation that sent it, from 1.
        seq: its place among the samples of that incarnation, from 0.
        received_at: seconds since the epoch; a clock that is set meanwhile does not matter.

    Example:
        >>> from rnd_actors import Sample
        >>> Sample(index=0, value=42, worker=3, incarnation=1, seq=0, received_at=0.5).value
        42
    """

    index: int
    value: int
    worker: int
    incarnation: int
    seq: int
    received_at: float


@frozen
class Accepted:
    """Message to a sink: samples that count, each sent once, in the order of their index.

    Example:
        >>> from rnd_actors import Accepted, Sample
        >>> sample = Sample(index=0, value=42, worker=3, incarnation=1, seq=0, received_at=0.5)
        >>> [sample.value for sample in Accepted((sample,)).samples]
        [42]
    """

    samples: tuple[Sample, ...]


@frozen
class SamplesAccepted(Event):
    """The collector counted samples of a worker.

    Args:
        worker: the worker's id.
        accepted: how many samples were accepted with this event, 1 or more.
        last_value: the last of them.
        total: how many were accepted in the run so far, these included.
        progress: the share of the goal that is reached, 0.0 to 1.0.

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
