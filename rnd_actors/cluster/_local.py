"""A cluster on this machine, to try one out: a scheduler and hosts of Dask, each a process."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import gevent
from attrs import frozen

from rnd_actors.cluster._placement import LOOPBACK
from rnd_actors.workers import WorkerProcess

_PREFIX: Final = "local:"
_FIRST_HOST: Final = 11
"""The hosts get the addresses 127.0.0.11 and so on."""
_DASK: Final = (sys.executable, "-m", "dask")


def size_of_local(address: str) -> int | None:
    """Return N of `local:N`; None: the address is that of a scheduler."""
    return int(address.removeprefix(_PREFIX)) if address.startswith(_PREFIX) else None


@frozen
class LocalHosts:
    """A scheduler and its hosts.

    Args:
        scheduler: its process.
        file: to which it writes its address.
    """

    scheduler: WorkerProcess
    file: str

    def failure(self) -> str | None:
        """Return why the scheduler has ended, with its last words; None: it has not."""
        if not self.scheduler.exited.is_set():
            return None
        end = f"its scheduler has ended, with code {self.scheduler.exit_code}"
        return ": ".join((end, *self.scheduler.last_words()[-1:]))


@contextmanager
def local_hosts(size: int) -> Iterator[LocalHosts]:
    """Have a scheduler and so many workers of Dask."""
    with WorkerProcess.guarded(), TemporaryDirectory(prefix="rnd-actors-") as folder:
        file = str(Path(folder, "scheduler.json"))
        scheduler = "scheduler", "--host", LOOPBACK, "--port", "0"
        worker = "worker", "--no-nanny", "--nthreads", "1"
        commands = [scheduler, *((*worker, "--host", host) for host in _addresses(size))]
        processes = []
        try:
            here = "/usr/bin/env", f"DASK_TEMPORARY_DIRECTORY={folder}"
            options = "--no-dashboard", "--scheduler-file", file
            for command in commands:
                process = WorkerProcess((*here, *_DASK, *command, *options))
                processes.append(process)
                gevent.spawn(process.read_output, bool)
            yield LocalHosts(processes[0], file)
        finally:
            gevent.joinall([gevent.spawn(process.end, 0.0) for process in processes])


def _addresses(size: int) -> list[str]:
    addresses = [f"127.0.0.{_FIRST_HOST + number}" for number in range(size)]
    return addresses if _is_here(addresses[0]) else [LOOPBACK] * size


def _is_here(address: str) -> bool:
    """Return whether this machine has an address; macOS has 127.0.0.1 alone."""
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return False
    return True
