"""What a worker actor sends to its collector: plain data that can be stored or sent on."""

from attrs import frozen

__all__ = ["Samples"]


@frozen
class Samples:
    """Lines that one incarnation of a worker has read, in order and without gaps.

    A sample is identified by (worker, incarnation, seq); `values[i]` has seq `first_seq + i`.

    Args:
        worker: the worker's id, 1 or more.
        incarnation: of the worker's actor, and so of its process; 1 or more.
        first_seq: how many samples of this incarnation came before, 0 or more.
        values: the numbers.
        malformed: how many lines that are no sample came with them.
        received: how many lines this incarnation has read so far, these included.
        received_at: when they were read, in seconds of the monotonic clock.

    Example:
        >>> from rnd_actors import Samples
        >>> Samples(1, 1, 0, (17, 42), malformed=1, received=3, received_at=12.5).values
        (17, 42)
    """

    worker: int
    incarnation: int
    first_seq: int
    values: tuple[int, ...]
    malformed: int
    received: int
    received_at: float
