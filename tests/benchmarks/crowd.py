"""A crowd of watchers, in a process of its own: `python -m tests.benchmarks.crowd PORT TOKEN`.

Some read, some never read, and tabs are opened and closed one after the other. It prints a line
when all tabs were closed, and ends when its stdin does.
"""

from gevent import monkey

monkey.patch_all()

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import gevent

from rnd_actors.web import Listener

__all__ = ["READERS", "SLEEPERS", "TABS", "crowd"]

READERS: Final = 20
SLEEPERS: Final = 10
TABS: Final = 50


@contextmanager
def crowd(listener: Listener) -> Iterator["subprocess.Popen[str]"]:
    """Have the crowd while the block runs; `stdout.readline()` waits until all tabs were closed."""
    command = [sys.executable, "-m", "tests.benchmarks.crowd", str(listener.port), listener.token]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def opened(port: int, token: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(
        f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    return client


def read(client: socket.socket) -> None:
    while client.recv(65536):
        pass


def main(port: int, token: str) -> None:
    sleepers = [opened(port, token) for _ in range(SLEEPERS)]
    readers = [gevent.spawn(read, opened(port, token)) for _ in range(READERS)]
    for _ in range(TABS):
        with opened(port, token) as tab:
            tab.recv(1000)
    print("closed", flush=True)
    sys.stdin.read()
    for client in sleepers:
        client.close()
    gevent.killall(readers)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
