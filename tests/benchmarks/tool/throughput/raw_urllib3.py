"""A bare urllib3 loop that parses."""

from collections.abc import Iterator

import urllib3
from urllib3.exceptions import HTTPError

from tests.benchmarks.tool.throughput.streaming import read_all

__all__ = ["run"]


def run(lines: int, samples: int, streams: int) -> dict[str, float]:
    """Return seconds and microseconds of CPU a line."""
    return read_all(read, lines, samples, streams)


def read(port: int, values: list[int]) -> Iterator[None]:
    """Read chunk by chunk, and the lines of each."""
    url, tail = f"http://127.0.0.1:{port}/rnd?n=1000000000", b""
    try:
        response = urllib3.request("GET", url, preload_content=False, retries=False)
    except HTTPError as error:
        raise ConnectionError from error
    for chunk in response.stream(65536):
        *whole, tail = (tail + chunk).split(b"\n")
        values.extend([int(line[4:]) for line in whole])
        yield
