"""From workers that send as fast as they can to the numbers in the result.

The programs return seconds from the first spawn to the last sample, and microseconds of CPU a
sample. The limits do nothing but read and parse: they validate no line, notice no crash, stop at no
exact number and tell nobody. That on sockets takes every line with `rnd=` for a sample, and chunks
for noise.
"""

import logging
import time
from collections.abc import Callable, Iterator
from socket import create_connection
from subprocess import DEVNULL

import gevent
import urllib3
from gevent.event import Event
from gevent.subprocess import Popen
from urllib3.exceptions import HTTPError

from rnd_actors import RunSettings, run
from rnd_actors.workers import choose_ports
from tests.benchmarks.tool.compiled import worker

Reader = Callable[[int, "list[int]"], Iterator[None]]
"""Reads the worker at a port into a list, and yields after each piece."""


def ours(lines: int, samples: int, streams: int) -> dict[str, float]:
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    settings = RunSettings(
        samples=samples,
        workers=streams,
        worker=worker(),
        worker_args=("-interval", "0", "-lines", str(lines)),
        base_port=0,
    )
    cpu = time.process_time()
    result = run(settings)
    cpu = time.process_time() - cpu
    assert len(result.values) == samples, result.reason
    return {"seconds": result.elapsed_s, "cpu_us": cpu / samples * 1e6}


def raw_urllib3(lines: int, samples: int, streams: int) -> dict[str, float]:
    def read(port: int, values: list[int]) -> Iterator[None]:
        url, tail = f"http://127.0.0.1:{port}/rnd?n=1000000000", b""
        try:
            response = urllib3.request("GET", url, preload_content=False, retries=False)
        except HTTPError as error:
            raise ConnectionError from error
        for chunk in response.stream(65536):
            *whole, tail = (tail + chunk).split(b"\n")
            values.extend([int(line[4:]) for line in whole])
            yield

    return _read_all(read, lines, samples, streams)


def raw_socket(lines: int, samples: int, streams: int) -> dict[str, float]:
    def read(port: int, values: list[int]) -> Iterator[None]:
        with create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"GET /rnd?n=1000000000 HTTP/1.1\r\nHost: worker\r\n\r\n")
            tail = b""
            while data := sock.recv(65536):
                *whole, tail = (tail + data).split(b"\n")
                values.extend([int(line[4:]) for line in whole if line.startswith(b"rnd=")])
                yield

    return _read_all(read, lines, samples, streams)


def _read_all(read: Reader, lines: int, samples: int, streams: int) -> dict[str, float]:
    """Start workers that send, and a reader for each until there are enough lines."""
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
