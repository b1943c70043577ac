"""A writer under the hands of a test."""

from collections.abc import Callable, Sequence

from attrs import define, field
from gevent.event import Event as Flag
from gevent.monkey import get_original

from rnd_actors import Sample
from rnd_actors.errors import SinkError
from tests.processes import PATIENCE_S

__all__ = ["ControlledWriter", "sample"]

RealLock = get_original("threading", "Lock")


def sample(index: int = 0) -> Sample:
    """Return a sample with this index."""
    return Sample(index, value=17, worker=2, incarnation=1, seq=index, received_at=1.5)


@define
class ControlledWriter:
    """Notes what it is told, and in which thread; it can be held up, and can fail."""

    fails: str = ""
    batches: list[list[int]] = field(factory=list)
    calls: list[str] = field(factory=list)
    threads: set[int] = field(factory=set)
    disk: object = field(factory=RealLock)
    """As long as somebody has it, nothing is written."""
    changed: Flag = field(factory=Flag)

    def open(self) -> None:
        self._note("open")

    def write(self, samples: Sequence[Sample]) -> None:
        self._note("write")
        self.batches.append([sample.index for sample in samples])
        self.changed.set()

    def close(self) -> None:
        self._note("close")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until this has become true by something that the writer was told."""
        while not condition():
            assert self.changed.wait(PATIENCE_S), "nothing happens"
            self.changed.clear()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.changed.set()
        self.threads.add(get_original("threading", "get_ident")())
        with self.disk:  # type: ignore[attr-defined]
            if call == self.fails:
                raise SinkError(f"cannot {call}")
