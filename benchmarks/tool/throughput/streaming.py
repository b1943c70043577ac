"""What the limits share: workers that send, and a reader for each until there are enough lines."""

import time
from collections.abc import Callable
from subprocess import DEVNULL

import gevent
from gevent.event import Event
from gevent.subprocess import Popen

from benchmarks.tool.compiled import worker
from rnd_actors import choose_ports

__all__ = ["read_all"]

Reader = Callable[[int, "list[int]"], None]
"""Reads the worker at a port for ever, into a list."""


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
    readers = [gevent.spawn(_read_when_up, read, port, values) for port in ports]
    watcher = gevent.spawn(_watch, values, samples, enough)
    enough.wait()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    gevent.killall([*readers, watcher])
    for process in workers:
        process.kill()
        process.wait()
    return {"seconds": seconds * samples / len(values), "cpu_us": cpu / len(values) * 1e6}


def _read_when_up(read: Reader, port: int, values: list[int]) -> None:
    while True:
        try:
            read(port, values)
        except OSError:
            gevent.sleep(0.001)


def _watch(values: list[int], samples: int, enough: Event) -> None:
    while len(values) < samples:
        gevent.sleep(0.01)
    enough.set()
