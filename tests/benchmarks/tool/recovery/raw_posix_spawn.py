"""Bare: spawn, connect as soon as it listens, first byte of a line."""

import os
import posix
import signal
import time
from socket import create_connection
from statistics import median

import gevent

from rnd_actors import choose_ports
from tests.benchmarks.tool.compiled import worker

__all__ = ["run"]


def run(crashes: int) -> float:
    """Return the median of the seconds from kill to line."""
    program, (port,) = worker(), choose_ports(0, 1)
    pid, seconds = start(program, port), []
    for _ in range(crashes):
        killed_at = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        pid = start(program, port)
        seconds.append(time.perf_counter() - killed_at)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return median(seconds)


def start(program: str, port: int) -> int:
    """Start a worker and return its number after the first byte of its first line."""
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    pid = posix.posix_spawn(program, [program, "-port", str(port)], os.environ, file_actions=quiet)
    while True:
        try:
            sock = create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            gevent.sleep(0.0005)
        else:
            break
    with sock:
        sock.sendall(b"GET /rnd?n=1000000000 HTTP/1.1\r\nHost: worker\r\n\r\n")
        data = b""
        while b"rnd=" not in data:
            data += sock.recv(65536)
    return pid
