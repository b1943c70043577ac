"""Whatever answers at a worker's port: reading ends soon, in numbers or in an error of a worker."""

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise

import gevent
import pytest
from gevent.socket import socket
from hypothesis import given, settings
from hypothesis import strategies as st

from rnd_actors.errors import (
    StreamCutError,
    WorkerError,
    WorkerRefusedError,
    WorkerSilentError,
)
from rnd_actors.workers._stream import WorkerStream
from tests.processes import PATIENCE_S
from tests.workers.serving import HEAD, WORKER, chunk, serving

PROMPTLY = PATIENCE_S  # the stall timeout below is what counts
STALL = 0.05


def read(port: int, stall_timeout: float = STALL) -> bytes:
    """Read an answer to its end; fail if it does not come soon."""
    with (
        gevent.Timeout(PROMPTLY),
        closing(WorkerStream(port, WORKER, 5, stall_timeout)) as stream,
    ):
        return b"".join(stream)


def sending(pieces: Iterator[bytes], pause: float = 0.0) -> Callable[[socket], None]:
    """Send the pieces for as long as somebody takes them."""

    def answer(connection: socket) -> None:
        with suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
                gevent.sleep(pause)

    return answer


def endless(beginning: bytes, piece: bytes) -> Iterator[bytes]:
    yield beginning
    while True:
        yield piece


WITHOUT_END = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Header: value\r\n"),
    "a header": (b"HTTP/1.1 200 OK\r\nX-Header: ", b"value"),
    "a status line": (b"HTTP/1.1 200 ", b"OK"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk size": (HEAD, b"0"),
    "a chunk extension": (HEAD + b"6;", b"extension"),
    "trailers": (HEAD + b"0\r\n", b"X-Trailer: value\r\n"),
}


@pytest.mark.parametrize("what", WITHOUT_END)
def test_a_flood_without_end_is_refused(what: str) -> None:
    beginning, piece = WITHOUT_END[what]
    flood = endless(beginning, piece * 1000)
    with serving(sending(flood)) as port, pytest.raises((WorkerRefusedError, StreamCutError)):
        read(port, stall_timeout=PROMPTLY)


@pytest.mark.parametrize("what", WITHOUT_END)
def test_bytes_that_trickle_without_end_are_silence(what: str) -> None:
    beginning, piece = WITHOUT_END[what]
    trickle = endless(beginning, piece)
    with serving(sending(trickle, pause=0.002)) as port, pytest.raises(WorkerSilentError):
        read(port)


FLOODER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(sys.argv[1].encode())
    while True:
        connection.sendall(b"6\\r\\nrnd=1\\n\\r\\n" * 100_000)
"""


@contextmanager
def flooding() -> Iterator[int]:
    """Another process that sends one line a chunk as fast as it is read; the value is the port."""
    command = [sys.executable, "-c", FLOODER, HEAD.decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.slow
def test_others_get_their_turn_while_a_worker_floods() -> None:
    lines, lines_at_turn = 0, [0]

    def take_turns() -> None:
        while True:
            gevent.sleep(0)
            lines_at_turn.append(lines)

    with flooding() as port, closing(WorkerStream(port, WORKER, 5, PROMPTLY)) as stream:
        other = gevent.spawn(take_turns)
        for piece in stream:
            lines += piece.count(b"\n")
            if lines >= 100_000:
                break
        other.kill()
    longest = max(later - earlier for earlier, later in pairwise(lines_at_turn))
    assert longest < 30_000


def test_a_timer_is_on_time_while_a_worker_floods() -> None:
    """By what is read meanwhile: the time that others take of the machine is not its fault."""
    lines, late, due = 0, 0, math.inf
    most_late = list[int]()

    def measure() -> None:
        nonlocal late, due
        while True:
            late, due = 0, time.monotonic() + 0.01
            gevent.sleep(0.01)
            most_late.append(late)

    with flooding() as port, closing(WorkerStream(port, WORKER, 5, PROMPTLY)) as stream:
        timer = gevent.spawn(measure)
        for piece in stream:
            lines += piece.count(b"\n")
            late += time.monotonic() > due
            if lines >= 200_000:
                break
        timer.kill()
    assert most_late
    assert max(most_late) <= 5  # pieces


_LINES = st.lists(st.sampled_from([b"rnd=1\n", b"rnd=22\r\n", b"oops\n"]), min_size=1)
_CHUNKS = _LINES.map(b"".join).map(chunk)
_WRONG = st.sampled_from(
    [
        *(
            b"-5\r\n",
            b"ffffffffffffffff\r\n",
            b"0x6\r\nrnd=1\n\r\n",
            b"1_0\r\n",
            b"zz\r\n",
            b"6 \r\n",
        ),
        *(b"6\r\nrnd=1\n", b"2\r\nrnd=1\n\r\n", b"0\r\n", b"0\r\n\r\n"),
        *(b"\r\n", b"\n", b"\x00", b"\xff\xfe"),
    ]
)
_HEADS = st.sampled_from([HEAD, HEAD[:-2], HEAD[:30], HEAD.replace(b"\r\n", b"\n"), b"", HEAD * 2])
_ANSWERS = st.builds(
    lambda head, parts: head + b"".join(parts),
    _HEADS,
    st.lists(_CHUNKS | _WRONG | st.binary(max_size=40), max_size=6),
)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(ends)]


@settings(deadline=None, max_examples=150)
@given(_ANSWERS | st.binary(max_size=200), st.lists(st.integers(0, 400), max_size=4))
def test_any_answer_ends_in_numbers_or_in_an_error_of_a_worker(
    data: bytes, cuts: list[int]
) -> None:
    with serving(sending(iter(split(data, cuts)))) as port, suppress(WorkerError):
        read(port, stall_timeout=PROMPTLY / 2)


@settings(deadline=None, max_examples=100)
@given(st.lists(_LINES.map(b"".join), min_size=1), st.lists(st.integers(0, 400), max_size=6))
def test_a_right_answer_is_read_right_however_it_is_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    data = HEAD + b"".join(map(chunk, [*bodies, b""]))
    with serving(sending(iter(split(data, cuts)))) as port:
        assert read(port, stall_timeout=PROMPTLY) == b"".join(bodies)


@settings(deadline=None, max_examples=100)
@given(st.lists(_LINES.map(b"".join), min_size=1), st.integers(1, 400))
def test_what_came_before_a_cut_is_read(bodies: list[bytes], cut: int) -> None:
    body = b"".join(map(chunk, bodies))[:cut]
    received = b""
    with (
        serving(sending(iter([HEAD + body]))) as port,
        closing(WorkerStream(port, WORKER, 5, PROMPTLY)) as stream,
        suppress(StreamCutError),
    ):
        for piece in stream:
            received += piece
    assert b"".join(bodies).startswith(received)
    assert received.count(b"\n") >= body.count(b"\n\r\n")
