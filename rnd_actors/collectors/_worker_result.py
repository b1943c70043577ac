"""What became of the lines of a run, of each worker, and of each host of a cluster."""

from collections.abc import Iterable
from itertools import chain

from attrs import frozen


@frozen
class Ledger:
    """The ledger of a run: received = accepted + surplus + malformed."""

    received: int
    """Lines that came from the workers."""
    accepted: int
    """Samples that count."""
    surplus: int
    """Samples that the collector did not want, mostly since its goal was reached."""
    malformed: int
    """Lines that are no sample."""
    lost: int = 0
    """Lines that are known to have been read on hosts of a cluster and did not come from there, at
    all or in time; there may have been more."""

    def __str__(self) -> str:
        lost = f"; at least {self.lost} lost with hosts" if self.lost else ""
        return (
            f"{self.received} received: {self.accepted} accepted, {self.surplus} surplus, "
            f"{self.malformed} malformed{lost}"
        )


@frozen
class WorkerOnHost:
    """What one worker did on one host of a cluster, over all its processes there.

    Example:
        >>> from rnd_actors.collectors import WorkerOnHost, WorkerResult
        >>> there = WorkerOnHost("10.0.0.7", samples=9, starts=1)
        >>> worker = WorkerResult(1, 3001, 9, 1, 0, 0, None, hosts=(there,))
        >>> worker.places
        '10.0.0.7'
    """

    host: str
    samples: int = 0
    """Its samples from there that count."""
    starts: int = 0
    """How many of its processes were started there."""
    crashes: int = 0
    """How many of them went down by themselves or were lost with the host."""
    lost: int = 0
    """Its lines that are known to have been lost with the host."""


@frozen
class HostResult:
    """What all workers did on one host of a cluster: sums over `WorkerOnHost`."""

    host: str
    workers: int
    """How many workers had a process there, at any time."""
    samples: int
    starts: int
    crashes: int
    lost: int


@frozen
class WorkerResult:
    """The counts and times of one worker, over all its incarnations."""

    id: int
    port: int
    samples: int
    starts: int
    crashes: int
    malformed: int
    last_exit: str | None
    """Why its last incarnation went down by itself; None if none did."""
    given_up: bool = False
    """Whether its restart intensity was exceeded, so that it was not started again."""
    last_words: tuple[str, ...] = ()
    """The last 20 lines that this incarnation wrote to stdout or stderr."""
    startup_s: float | None = None
    """Mean seconds from a spawn to the first line; None if no line came."""
    streamed_s: float = 0.0
    """Seconds from the first lines of its processes to their ends, or to the end of the run."""
    rate_per_s: float | None = None
    """Lines a second while it streamed; None if no process sent two lines."""
    replaced: int = 0
    """How many of its incarnations were ended because they were slow."""
    joined_s: float = 0.0
    """Seconds of the run after which it was added, or came back with a later session; 0.0: it is
    one of the first."""
    left_s: float | None = None
    """Seconds of the run after which it was told to leave; None: it was not."""
    hosts: tuple[WorkerOnHost, ...] = ()
    """The hosts of a cluster that it was on, the last one last; empty: it was on this machine."""

    @property
    def restarts(self) -> int:
        """How many times it was started again."""
        return max(0, self.starts - 1)

    @property
    def at_work(self) -> str:
        """From when to when of the run it was at work, in words; empty: all the time."""
        begin = f"from {self.joined_s:.1f} s" if self.joined_s else ""
        end = "" if self.left_s is None else f"to {self.left_s:.1f} s"
        return f"{begin} {end}".strip()

    @property
    def places(self) -> str:
        """The hosts that it was on, in words; empty: it was on this machine."""
        return ", ".join(each.host for each in self.hosts)


def by_host(workers: Iterable[WorkerResult]) -> list[WorkerResult]:
    """Return workers host by host, each with the last one that it was on, in order of their ids."""
    return sorted(workers, key=lambda each: (each.hosts[-1].host if each.hosts else "", each.id))


def sums_by_host(workers: Iterable[Iterable[WorkerOnHost]]) -> tuple[HostResult, ...]:
    """Return the sums of what each worker did on its hosts, in the order of their names."""
    shares: dict[str, list[WorkerOnHost]] = {}
    for share in chain.from_iterable(workers):
        shares.setdefault(share.host, []).append(share)
    return tuple(
        HostResult(
            host=host,
            workers=len(there),
            samples=sum(share.samples for share in there),
            starts=sum(share.starts for share in there),
            crashes=sum(share.crashes for share in there),
            lost=sum(share.lost for share in there),
        )
        for host, there in sorted(shares.items())
    )
