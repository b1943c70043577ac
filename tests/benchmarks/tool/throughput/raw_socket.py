"""A bare socket loop that takes every line with `rnd=` for a sample, and chunks for noise."""

from collections.abc import Iterator
from socket import create_connection

from tests.benchmarks.tool.throughput.streaming import read_all

__all__ = ["run"]


def run(lines: int, samples: int, streams: int) -> dict[str, float]:
    """Return seconds and microseconds of CPU a line."""
    return read_all(read, lines, samples, streams)


def read(port: int, values: list[int]) -> Iterator[None]:
    """Read what is there, and the lines of it."""
    with create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"GET /rnd?n=1000000000 HTTP/1.1\r\nHost: worker\r\n\r\n")
        tail = b""
        while data := sock.recv(65536):
            *whole, tail = (tail + data).split(b"\n")
            values.extend([int(line[4:]) for line in whole if line.startswith(b"rnd=")])
            yield
