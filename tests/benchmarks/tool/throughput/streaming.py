"""What the limits share: workers that send, and a reader for each until there are enough lines."""

import time
from collections.abc import Callable, Iterator
from subprocess import DEVNULL

import gevent
from gevent.event import Event
from gevent.subprocess import Popen

from rnd_actors import choose_ports
from tests.benchmarks.tool.compiled import worker

__all__ = ["read_all"]

Reader = Callable[[int, "list[int]"], Iterator[None]]
"""Reads the worker at a port into a list, and yields after each piece."""


def read_all(read: Reader, lines: int, samples: int, streams: int) -> dict[str, float]:
    """Return seconds from the first spawn to the last line, and microseconds of CPU a line."""
    program, ports = worker(), choose_ports(0, streams)
    values: list[int] = []
    arguments = ("-interval", "0", "-lines", str(lines))
    began, cpu = time.perf_counter(), time.process_time()
    workers = [
        Popen([program, "-workerId", "1", "-port", str(port), *arguments], stderr=DEVNULL)
        for port in ports
    ]
    enough = Event()

    def read_until_enough(port: int) -> None:
        while not enough.is_set():
            try:
                for _ in read(port, values):
                    if len(values) >= samples:
                        enough.set()
                        return
            except OSError:  # it does not listen yet
                gevent.sleep(0.001)

    readers = [gevent.spawn(read_until_enough, port) for port in ports]
    enough.wait()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    gevent.killall(readers)
    for process in workers:
        process.kill()
        process.wait()
    return {"seconds": seconds * samples / len(values), "cpu_us": cpu / len(values) * 1e6}
