"""One sample that counts."""

from attrs import frozen

__all__ = ["Sample"]


@frozen
class Sample:
    """A number that a worker sent, identified by (worker, incarnation, seq).

    Args:
        index: its place among the samples of the run, from 0.
        value: the number.
        worker: the worker's id.
        incarnation: of the worker, from 1.
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
