"""The processor time and the memory of the processes of a run over hosts, by what they are for."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Self

import psutil
from attrs import frozen

__all__ = ["ROLES", "Share", "Usage"]

_WORDS: Final = {
    "bridge": "cluster._bridge",
    "scheduler": "dask scheduler",
    "Dask worker": "dask worker",
    "shard": "cluster._shard",
    "simulated hosts": "benchmarks.cluster.simulated_hosts",
    "simulated shards": "simulated_shard.py",
}
ROLES: Final = ("driver", *_WORDS)


@frozen
class Share:
    """What all processes of a role took.

    Args:
        processes: how many there are.
        processor: the part of one core that they took together.
        megabytes: of resident memory, together.
    """

    processes: int
    processor: float
    megabytes: float


@frozen
class Usage:
    """What each process has taken up to a moment."""

    at: float
    processor_s: dict[int, float]
    megabytes: dict[int, float]
    roles: dict[int, str]

    @classmethod
    def now(cls) -> Self:
        """Look at this process, which is the driver, and at all below it."""
        me = psutil.Process()
        processor_s, megabytes, roles = {}, {}, {}
        for process in (me, *me.children(recursive=True)):
            with suppress(psutil.Error):  # it has just ended
                role = "driver" if process == me else _role_of(process.cmdline())
                if role is not None:
                    times = process.cpu_times()
                    processor_s[process.pid] = times.user + times.system
                    megabytes[process.pid] = process.memory_info().rss / 1e6
                    roles[process.pid] = role
        return cls(time.monotonic(), processor_s, megabytes, roles)

    def since(self, earlier: "Usage") -> dict[str, Share]:
        """Return what each role took since an earlier look, of the processes that were there."""
        return {role: self._share(role, earlier) for role in ROLES}

    def _share(self, role: str, earlier: "Usage") -> Share:
        pids = [pid for pid in self.roles.keys() & earlier.roles if self.roles[pid] == role]
        spent = sum(self.processor_s[pid] - earlier.processor_s[pid] for pid in pids)
        return Share(
            len(pids), spent / (self.at - earlier.at), sum(self.megabytes[pid] for pid in pids)
        )


def _role_of(command: Iterable[str]) -> str | None:
    line = " ".join(command)
    return next((role for role, words in _WORDS.items() if words in line), None)
