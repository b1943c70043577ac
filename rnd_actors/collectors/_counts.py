"""What a run knows of its workers: counts and times, over all incarnations and sessions."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, evolve, field, frozen

from rnd_actors.collectors._lifetimes import Lifetimes
from rnd_actors.collectors._worker_result import WorkerOnHost, WorkerResult


@frozen
class Counts:
    """All that a collection knows but its samples: plain data, from which a later session goes on.

    A store keeps it as JSON, by the names of the fields of this class and of those in it.
    """

    surplus: int = 0
    malformed: int = 0
    workers: Mapping[int, WorkerCounts] = field(factory=dict)


@define
class WorkerCounts:
    """The counts and times of one worker."""

    port: int
    samples: int = 0
    malformed: int = 0
    starts: int = 0
    crashes: int = 0
    last_exit: str | None = None
    last_words: tuple[str, ...] = ()
    given_up: bool = False
    """Whether its restart intensity is exceeded."""
    replaced: int = 0
    """How many of its incarnations were slow, and ended for that."""
    rests: bool = False
    """Whether it is down for good, in this session of the run."""
    received: int = 0
    """Lines that its present incarnation has read."""
    times: Lifetimes = field(factory=Lifetimes)
    joined_s: float = 0.0
    """Seconds of the run after which it was added, or came back with a later session; 0.0: it is
    one of the first."""
    left_s: float | None = None
    """Seconds of the run after which it was told to leave; None: it was not."""
    hosts: dict[str, WorkerOnHost] = field(factory=dict)
    """What it did on each host of a cluster, the last one last."""
    host: str | None = None
    """Where its last process was started; None: on this machine, or in an earlier session."""
    has_process: bool = False
    """Whether its present incarnation has started one."""

    @property
    def serves(self) -> bool:
        """Whether it is at work, or will be again after a restart."""
        return self.left_s is None and not self.rests

    def spawned(self, port: int, host: str | None) -> None:
        """Have a process that listens on this port, of a host of a cluster or of this machine."""
        self.port, self.host, self.has_process = port, host, True
        if host is not None:
            before = self.hosts.pop(host, WorkerOnHost(host))
            self.hosts[host] = evolve(before, starts=before.starts + 1)

    def ended(self, at: float, *, crashed: bool) -> None:
        """End the present incarnation; one that crashed may have had no process yet."""
        self.times.down(at, crashed=crashed)
        self.crashes += crashed
        if self.has_process:
            self.add_on_host(self.host, crashes=int(crashed))
        self.has_process = False

    def add_on_host(
        self, host: str | None, *, samples: int = 0, crashes: int = 0, lost: int = 0
    ) -> None:
        """Add to what it did on a host of a cluster; None: it was on this machine."""
        if host is not None:
            before = self.hosts.get(host, WorkerOnHost(host))
            self.hosts[host] = evolve(
                before,
                samples=before.samples + samples,
                crashes=before.crashes + crashes,
                lost=before.lost + lost,
            )

    def result(self, worker: int, now: float) -> WorkerResult:
        """Return the result of the worker with this id, at `now` (monotonic seconds)."""
        return WorkerResult(
            id=worker,
            port=self.port,
            samples=self.samples,
            starts=self.starts,
            crashes=self.crashes,
            malformed=self.malformed,
            last_exit=self.last_exit,
            startup_s=self.times.startup_s,
            streamed_s=self.times.streamed_s(now),
            rate_per_s=self.times.rate_per_s,
            given_up=self.given_up,
            last_words=self.last_words,
            replaced=self.replaced,
            joined_s=self.joined_s,
            left_s=self.left_s,
            hosts=tuple(self.hosts.values()),
        )
