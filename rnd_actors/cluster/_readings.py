"""How many lines the workers of a shard have read, as far as is known, and how many are lost."""

from attrs import define

from rnd_actors.cluster._messages import Ended, LinesRead
from rnd_actors.workers import LinesLost, Samples


@define
class _Reading:
    """What is known of one incarnation of a worker."""

    incarnation: int
    host: str
    read: int = 0
    """Lines that it has read there; there may be more."""
    settled: int = 0
    """Of them those that have arrived, or were told to be lost."""
    is_complete: bool = False
    """Whether its shard has told its end, and so has sent all."""


class Readings:
    """What the driver knows of the lines that the workers of one shard have read.

    Each batch tells how many lines its incarnation has read so far, and a shard tells it of lines
    that cannot be sent yet. Those that have not arrived when an incarnation is over are lost. So
    are those that a lost host still sends: of each worker, the incarnation that was lost last is
    remembered for that.
    """

    def __init__(self) -> None:
        self._present: dict[int, _Reading] = {}
        self._lost: dict[int, _Reading] = {}

    def begin(self, worker: int, incarnation: int, host: str) -> None:
        """Let an incarnation of a worker begin on a host."""
        self._present[worker] = _Reading(incarnation, host)

    def note(self, message: object) -> None:
        """Note what a message tells of lines."""
        match message:
            case Samples(worker=worker, incarnation=incarnation, received=lines) | LinesRead(
                worker, incarnation, lines
            ):
                for readings in (self._present, self._lost):
                    if (reading := _find(readings, worker, incarnation)) is not None:
                        reading.read = max(reading.read, lines)
            case Ended(worker, incarnation):
                if (reading := _find(self._present, worker, incarnation)) is not None:
                    reading.is_complete = True

    def late(self) -> list[LinesLost]:
        """Return what has come too late since this was called last."""
        lost = (_settle(worker, reading) for worker, reading in self._lost.items())
        return [each for each in lost if each is not None]

    def end(self, worker: int, incarnation: int, arrived: int) -> LinesLost | None:
        """End an incarnation of which so many lines have arrived; return what is lost with it."""
        reading = _find(self._present, worker, incarnation)
        if reading is None:
            return None
        del self._present[worker]
        if not reading.is_complete:
            self._lost[worker] = reading
        reading.settled = arrived
        return _settle(worker, reading)


def _find(readings: dict[int, _Reading], worker: int, incarnation: int) -> _Reading | None:
    reading = readings.get(worker)
    return reading if reading is not None and reading.incarnation == incarnation else None


def _settle(worker: int, reading: _Reading) -> LinesLost | None:
    """Return the lines that are lost and were not told yet."""
    lost, reading.settled = reading.read - reading.settled, reading.read
    return LinesLost(worker, reading.incarnation, lost, reading.host) if lost > 0 else None
