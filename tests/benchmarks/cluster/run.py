"""A run over hosts that is looked at for some seconds, once all its workers stream."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import gevent
import psutil
from attrs import define, field, frozen
from gevent.event import Event as Flag

from rnd_actors import FixedTime, RunSettings, run
from rnd_actors.cluster import ShardUp
from rnd_actors.cluster._local import local_hosts
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.events import Event
from rnd_actors.workers import WorkerStreaming
from tests.benchmarks.cluster.processes import Share, Usage

__all__ = ["Seen", "address_in", "local_cluster", "seen"]

SECONDS: Final = 15.0
_PATIENCE_S: Final = 120.0
_SETTLED_S: Final = 2.0


@contextmanager
def local_cluster(hosts: int) -> Iterator[str]:
    """Have a scheduler and so many hosts on this machine; give the scheduler's address."""
    with local_hosts(hosts) as local:
        yield address_in(Path(local.file))


def address_in(file: Path) -> str:
    """Return the address that a scheduler writes to a file, once it has."""
    with gevent.Timeout(_PATIENCE_S):
        while not (file.exists() and file.stat().st_size):
            gevent.sleep(0.05)
    address: str = json.loads(file.read_text())["address"]
    return address


@frozen
class Seen:
    """What was seen of a run.

    Args:
        began: when it was looked at first, by the monotonic clock.
        ended: when last.
        samples: that were accepted in that time.
        delays_s: from when each of them was made, if that is what its number says.
        shares: of the processes.
        machine: the part of all processors that everything on the machine took.
        up_s: from the beginning of the run until the last shard was up.
        streaming_s: the same until all workers streamed.
    """

    began: float
    ended: float
    samples: int
    delays_s: list[float]
    shares: dict[str, Share]
    machine: float
    up_s: float
    streaming_s: float

    @property
    def samples_per_s(self) -> float:
        """How many there were in a second."""
        return self.samples / (self.ended - self.began)


def seen(settings: RunSettings) -> Seen:
    """Run the workers, look at them for some seconds, and end the run."""
    watcher = _Watcher(settings.workers)
    watching = gevent.spawn(watcher.watch)
    run(settings, FixedTime(3600.0), subscriber=watcher.note, interrupted=watcher.is_done)
    result: Seen = watching.get()
    return result


@define
class _Watcher:
    workers: int
    began: float = field(factory=time.monotonic)
    up_s: float = 0.0
    streaming: int = 0
    streaming_s: float = 0.0
    all_stream: Flag = field(factory=Flag)
    is_looking: bool = False
    is_done: Flag = field(factory=Flag)
    samples: int = 0
    delays_s: list[float] = field(factory=list)

    def note(self, event: Event) -> None:
        """Note an event of the run."""
        match event:
            case SamplesAccepted() if self.is_looking:
                self.samples += event.accepted
                self.delays_s.append(time.monotonic() - event.last_value / 1e6)
            case WorkerStreaming():
                self.streaming += 1
                if self.streaming == self.workers:
                    self.streaming_s = time.monotonic() - self.began
                    self.all_stream.set()
            case ShardUp():
                self.up_s = time.monotonic() - self.began

    def watch(self) -> Seen:
        """Wait until all stream, look, and end the run."""
        try:
            if not self.all_stream.wait(_PATIENCE_S):
                raise TimeoutError(f"{self.streaming} of {self.workers} workers stream")
            gevent.sleep(_SETTLED_S)
            before = Usage.now()
            psutil.cpu_percent()
            self.is_looking = True
            gevent.sleep(SECONDS)
            self.is_looking = False
            machine, after = psutil.cpu_percent() / 100, Usage.now()
        finally:
            self.is_done.set()
        return Seen(
            began=before.at,
            ended=after.at,
            samples=self.samples,
            delays_s=self.delays_s,
            shares=after.since(before),
            machine=machine,
            up_s=self.up_s,
            streaming_s=self.streaming_s,
        )
