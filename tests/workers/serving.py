"""Workers that answer with just the bytes a test wants, on a loopback port."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gevent
from gevent.server import StreamServer
from gevent.socket import socket

WORKER = 3
HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/text\r\n"
    b"X-Worker-Id: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def chunk(data: bytes) -> bytes:
    """Frame data for the chunked encoding."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@contextmanager
def serving(answer: Callable[[socket], object], port: int = 0) -> Iterator[int]:
    """Serve connections with `answer(connection)`; the value is the port, 0 for any."""

    def handle(connection: socket, _: object) -> None:
        with connection:
            request = connection.makefile("rb")
            with request:
                while request.readline() not in (b"\r\n", b""):
                    pass
                answer(connection)

    server = StreamServer(("127.0.0.1", port), handle)
    server.start()
    try:
        assert server.server_port is not None
        yield server.server_port
    finally:
        server.stop(timeout=0)
        gevent.sleep(0)
