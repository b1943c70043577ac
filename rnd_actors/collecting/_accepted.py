"""What the collector actor tells sinks."""

from attrs import frozen

from rnd_actors.collecting._sample import Sample

__all__ = ["Accepted"]


@frozen
class Accepted:
    """Samples that count, for a sink; each is sent once, in the order of its index.

    Example:
        >>> from rnd_actors import Accepted, Sample
        >>> sample = Sample(index=0, value=42, worker=3, incarnation=1, seq=0, received_at=0.5)
        >>> [sample.value for sample in Accepted((sample,)).samples]
        [42]
    """

    samples: tuple[Sample, ...]
