"""What a sink writes with: one kind of file."""

from collections.abc import Sequence
from typing import Protocol

from rnd_actors.collecting import Sample

__all__ = ["SampleWriter"]


class SampleWriter(Protocol):
    """Writes samples somewhere. It may block: its sink calls it in a thread, one call at a time.

    Raises:
        SinkError: from each method, if it cannot write; it says where to and why.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors.sinks import SampleWriter, writer_for
        >>> writer: SampleWriter = writer_for(Path("samples.jsonl"))
    """

    def open(self) -> None:
        """Begin, after what is there already if files of this kind can be appended to."""

    def write(self, samples: Sequence[Sample]) -> None:
        """Write samples in the order of their index; when this returns, a crash loses none."""

    def close(self) -> None:
        """End, and leave nothing open; called once after `open`, also after an error."""
