import re
import struct
from contextlib import closing, suppress
from socket import SO_LINGER, SOL_SOCKET

import gevent
import pytest
from gevent.event import Event
from gevent.socket import socket

from rnd_actors.errors import (
    StreamCutError,
    WorkerError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerUnreachableError,
)
from rnd_actors.workers import choose_ports
from rnd_actors.workers._stream import WorkerStream
from tests.workers.serving import HEAD, chunk, serving


def read_all(port: int, stall_timeout: float = 10.0) -> list[bytes]:
    with closing(WorkerStream(port, 5, stall_timeout)) as stream:
        return list(stream)


def test_chunks_come_as_they_were_sent() -> None:
    answer = HEAD + chunk(b"rnd=1\n") + chunk(b"rnd=2\nrnd") + chunk(b"")
    with serving(lambda connection: connection.sendall(answer)) as port:
        assert read_all(port) == [b"rnd=1\n", b"rnd=2\nrnd"]


def test_the_first_chunk_is_there_before_the_second_is_sent() -> None:
    go_on = Event()

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        go_on.wait(10)
        connection.sendall(chunk(b"rnd=2\n") + chunk(b""))

    with serving(answer) as port, closing(WorkerStream(port, 2, 10)) as stream:
        chunks = iter(stream)
        assert next(chunks) == b"rnd=1\n"
        go_on.set()
        assert list(chunks) == [b"rnd=2\n"]


def test_nobody_listening_is_unreachable() -> None:
    [port] = choose_ports(0, 1)
    with pytest.raises(WorkerUnreachableError):
        read_all(port)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "got 429 Too Many"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "got 500 Oops"),
        (b"HTTP/1.1 302 Found\r\nLocation: /rnd\r\nContent-Length: 0\r\n\r\n", "got 302 Found"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nrnd=1\n", "got 200 OK, not chunked"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Enc", "got 200 OK, not chunked"),
    ],
)
def test_anything_but_a_chunked_200_is_refused_with_what_came(head: bytes, told: str) -> None:
    with (
        serving(lambda connection: connection.sendall(head)) as port,
        pytest.raises(WorkerRefusedError, match=re.escape(told)),
    ):
        read_all(port)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEAD,
        HEAD + chunk(b"rnd=1\n"),
        HEAD + b"6\r\nrnd",
        HEAD + b"zz\r\nrnd=1\n\r\n",
    ],
)
def test_an_answer_that_ends_too_early_or_is_garbled_is_cut(sent: bytes) -> None:
    with (
        serving(lambda connection: connection.sendall(sent)) as port,
        pytest.raises(StreamCutError),
    ):
        read_all(port)


def test_a_connection_that_is_reset_is_cut() -> None:
    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))

    with serving(answer) as port, pytest.raises(StreamCutError):
        read_all(port)


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + chunk(b"rnd=1\n")])
def test_silence_for_longer_than_the_stall_timeout_is_an_error(sent: bytes) -> None:
    over = Event()

    def answer(connection: socket) -> None:
        connection.sendall(sent)
        over.wait(10)

    with serving(answer) as port:
        with pytest.raises(WorkerSilentError, match=r"silent for 0\.05 s"):
            read_all(port, stall_timeout=0.05)
        over.set()


def test_closing_an_unfinished_answer_does_not_drain_it() -> None:
    closed = Event()

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        assert connection.recv(1) == b""
        closed.set()

    with serving(answer) as port:
        with closing(WorkerStream(port, 2, 10)) as stream:
            next(iter(stream))
        assert closed.wait(10)


def test_all_errors_of_a_stream_are_worker_errors() -> None:
    for error in (StreamCutError, WorkerRefusedError, WorkerSilentError, WorkerUnreachableError):
        assert issubclass(error, WorkerError)


@pytest.mark.parametrize("sent", [b"", HEAD])
def test_killing_the_greenlet_that_reads_closes_the_connection(sent: bytes) -> None:
    asked, closed = Event(), Event()

    def answer(connection: socket) -> None:
        connection.sendall(sent)
        asked.set()
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        closed.set()

    with serving(answer) as port:
        reader = gevent.spawn(read_all, port)
        assert asked.wait(10)
        reader.kill()
        assert closed.wait(10)
