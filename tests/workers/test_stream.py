import struct
import time
from contextlib import closing, suppress
from socket import SO_LINGER, SOL_SOCKET

import gevent
import psutil
import pytest
from gevent.event import Event
from gevent.socket import socket

from rnd_actors.errors import (
    StreamCutError,
    WorkerBusyError,
    WorkerError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerUnreachableError,
)
from rnd_actors.workers import _http, choose_ports
from rnd_actors.workers._stream import WorkerStream
from tests.processes import PATIENCE_S
from tests.workers.serving import HEAD, WORKER, chunk, serving


def read_all(port: int, stall_timeout: float = 10.0) -> list[bytes]:
    with closing(WorkerStream(port, WORKER, 5, stall_timeout)) as stream:
        return list(stream)


def test_chunks_that_come_together_are_one_piece() -> None:
    answer = HEAD + chunk(b"rnd=1\n") + chunk(b"rnd=2\nrnd") + chunk(b"")
    with serving(lambda connection: connection.sendall(answer)) as port:
        assert read_all(port) == [b"rnd=1\nrnd=2\nrnd"]


def test_the_first_chunk_is_there_before_the_second_is_sent() -> None:
    go_on = Event()

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        go_on.wait(PATIENCE_S)
        connection.sendall(chunk(b"rnd=2\n") + chunk(b""))

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 2, 10)) as stream:
        chunks = iter(stream)
        assert next(chunks) == b"rnd=1\n"
        go_on.set()
        assert list(chunks) == [b"rnd=2\n"]


@pytest.mark.parametrize("seconds", [10.1, 86400.0])
def test_a_worker_is_not_to_blame_for_a_reader_that_takes_its_time(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, real = Event(), time.monotonic

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        go_on.wait(PATIENCE_S)
        connection.sendall(chunk(b"rnd=2\n") + chunk(b""))

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 2, 10)) as stream:
        chunks = iter(stream)
        assert next(chunks) == b"rnd=1\n"
        monkeypatch.setattr(time, "monotonic", lambda: real() + seconds)
        go_on.set()
        assert list(chunks) == [b"rnd=2\n"]


def test_a_worker_is_not_to_blame_for_a_reader_that_does_not_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, real = Event(), time.monotonic

    def answer(connection: socket) -> None:
        connection.sendall(HEAD)
        go_on.wait(PATIENCE_S)
        connection.sendall(chunk(b"rnd=1\n") + chunk(b""))

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 1, 10)) as stream:
        monkeypatch.setattr(time, "monotonic", lambda: real() + 10.1)
        go_on.set()
        assert list(stream) == [b"rnd=1\n"]


@pytest.mark.parametrize("seconds", [10.1, 10.1 + PATIENCE_S, 86400.0])
def test_a_worker_is_to_blame_for_its_silence_unless_this_program_stood_still(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "_STANDSTILL_S", PATIENCE_S)  # a busy machine holds it up for less
    stood_still = seconds > 10 + PATIENCE_S
    reads, real = Event(), time.monotonic

    def answer(connection: socket) -> None:
        connection.sendall(HEAD)
        reads.wait()
        monkeypatch.setattr(time, "monotonic", lambda: real() + seconds)
        connection.sendall(b"6\r\n")
        if stood_still:
            gevent.sleep(0.01)
            connection.sendall(b"rnd=1\n\r\n0\r\n\r\n")
        else:
            assert connection.recv(1) == b""

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 1, 10)) as stream:
        reads.set()
        if stood_still:
            assert list(stream) == [b"rnd=1\n"]
        else:
            with pytest.raises(WorkerSilentError):
                list(stream)


def test_nobody_listening_is_unreachable() -> None:
    [port] = choose_ports(0, 1)
    with pytest.raises(WorkerUnreachableError):
        read_all(port)


@pytest.mark.parametrize("content_type", [b"application/text", b"Text/Plain; charset=utf-8"])
def test_a_plain_text_is_taken(content_type: bytes) -> None:
    answer = HEAD.replace(b"application/text", content_type) + chunk(b"rnd=1\n") + chunk(b"")
    with serving(lambda connection: connection.sendall(answer)) as port:
        assert read_all(port) == [b"rnd=1\n"]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (b"200 OK", b"500 Oops", "with status 200 was expected; got 500 Oops"),
        (b"200 OK", b"302 Found\r\nLocation: /rnd", "got 302 Found"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 6", "got none"),
        (b"Transfer-Encoding: chunked", b"Transfer-Enc", "Transfer-Encoding: chunked was exp"),
        (b"chunked", b"gzip, chunked", "got gzip, chunked"),
        (b"application/text", b"text/html", "application/text or text/plain was expected; got te"),
        (b"Content-Type: application/text\r\n", b"", "application/text or text/plain was expected"),
        (b"Id: 3", b"Id: 4", "X-Worker-Id: 3 was expected; got 4; somebody else may answer on its"),
        (b"X-Worker-Id: 3\r\n", b"", "X-Worker-Id: 3 was expected; got none"),
        (
            b"Transfer-Encoding: chunked",
            b"Content-Length: 1, 2",
            "the head of its answer: Content-L",
        ),
        (
            b"OK",
            b"OK\r\nContent-Encoding: gzip",
            "Content-Encoding: none or identity was expected; got gzip",
        ),
        (b"200 OK", b"101 Switching Protocols", "got 101 Switching Protocols"),
        (b"HTTP", b"HTTP/1.1 103 Early\r\n\r\n" * 10**4 + b"HTTP", "more than 64 KiB"),
        (b"HTTP/1.1 200 OK", b"\xff" * 200, r"does not speak HTTP: \xff\xff"),
        (b"HTTP/1.1", b"SSH-2.0", "does not speak HTTP: SSH-2.0 200 OK"),
        (b"OK", b"OK\r\n" + b"X: y\r\n" * 101 + b"Y: z", "got more than 100 headers"),
        (b"OK", b"OK\r\nX: " + b"y" * 10**6, "it sends more than 64 KiB beside its lines"),
        (b"HTTP", b"HTTP/1.1 100 Continue\r\n\r\n" * 10**4 + b"HTTP", "more than 64 KiB"),
    ],
)
def test_what_is_not_as_the_contract_says_is_refused_with_what_came(
    right: bytes, wrong: bytes, told: str
) -> None:
    answer = HEAD.replace(right, wrong) + chunk(b"rnd=1\n") + chunk(b"")

    def send(connection: socket) -> None:
        with suppress(ConnectionError):
            connection.sendall(answer)

    with serving(send) as port, pytest.raises(WorkerRefusedError) as refused:
        read_all(port)
    assert told in refused.value.message
    assert len(refused.value.message) < 500


def test_429_is_busy_whatever_else_it_says() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
    with (
        serving(lambda connection: connection.sendall(head)) as port,
        pytest.raises(WorkerBusyError, match="429 Too Many Requests"),
    ):
        read_all(port)


@pytest.mark.parametrize(
    "size",
    [b"zz", b"-6", b"-ffffffffffffffff", b"+6", b"0x6", b"0_6", b" 6", b"6 6", b"f" * 17, b""],
)
def test_what_is_no_chunk_size_is_refused(size: bytes) -> None:
    answer = HEAD + chunk(b"rnd=1\n") + size + b"\r\nrnd=2\n\r\n" + chunk(b"")
    with (
        serving(lambda connection: connection.sendall(answer)) as port,
        closing(WorkerStream(port, WORKER, 5, 10)) as stream,
    ):
        pieces = iter(stream)
        assert next(pieces) == b"rnd=1\n"
        with pytest.raises(WorkerRefusedError, match="a chunk size that is none"):
            next(pieces)


@pytest.mark.parametrize("size", [b"6", b"06", b"6 ", b"6;name=value", b'6 ; a="b"'])
def test_chunk_sizes_may_have_blanks_and_extensions(size: bytes) -> None:
    answer = HEAD + size + b"\r\nrnd=1\n\r\n" + b"0\r\nTrailer: 1\r\n\r\n"
    with serving(lambda connection: connection.sendall(answer)) as port:
        assert read_all(port) == [b"rnd=1\n"]


@pytest.mark.parametrize("number", [100, 102, 103, 199])
def test_interim_answers_are_skipped(number: int) -> None:
    interim = b"HTTP/1.1 %d Wait\r\nLink: </rnd>\r\n\r\n" % number
    answer = interim * 3 + HEAD + chunk(b"rnd=1\n") + chunk(b"")
    with serving(lambda connection: connection.sendall(answer)) as port:
        assert read_all(port) == [b"rnd=1\n"]


def test_blanks_around_the_values_of_headers_do_not_count() -> None:
    head = (
        HEAD.replace(b": ", b": \t ").replace(b"\r\n", b" \t\r\n").replace(b" \t\r\n \t", b"\r\n")
    )
    head = head.replace(b"OK \t", b"OK")
    with serving(lambda connection: connection.sendall(head + chunk(b""))) as port:
        assert read_all(port) == []


def test_what_has_come_of_a_chunk_that_is_cut_is_read() -> None:
    answer = HEAD + chunk(b"rnd=1\n") + b"63\r\nrnd=2\nrnd=3\nrn"
    with (
        serving(lambda connection: connection.sendall(answer)) as port,
        closing(WorkerStream(port, WORKER, 5, 10)) as stream,
    ):
        read = b""
        pieces = iter(stream)
        while not read.endswith(b"rn"):
            read += next(pieces)
        with pytest.raises(StreamCutError):
            next(pieces)
    assert read == b"rnd=1\nrnd=2\nrnd=3\nrn"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEAD,
        HEAD + chunk(b"rnd=1\n"),
        HEAD + b"6\r\nrnd",
        HEAD + b"6",
        HEAD + b"0",
        HEAD + chunk(b"rnd=1\n") + b"0",
    ],
)
def test_an_answer_that_ends_too_early_is_cut(sent: bytes) -> None:
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
        over.wait(PATIENCE_S)

    with serving(answer) as port:
        with pytest.raises(WorkerSilentError, match=r"silent for 0\.05 s"):
            read_all(port, stall_timeout=0.05)
        over.set()


def test_a_worker_is_not_silent_for_as_long_as_its_reader_does_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes_on, real, spent = Event(), time.monotonic, 0.0
    monkeypatch.setattr(time, "monotonic", lambda: real() + spent)

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        goes_on.wait()
        connection.sendall(chunk(b"rnd=2\n") + chunk(b""))

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 2, 10)) as stream:
        pieces = iter(stream)
        for expected in (b"rnd=1\n", b"rnd=2\n"):
            gevent.sleep(0.01)
            spent += 10.1
            assert next(pieces) == expected
            goes_on.set()
        assert list(pieces) == []


@pytest.mark.parametrize("cut", range(1, 13))
def test_a_chunk_that_comes_in_two_parts_holds_up_nothing_for_good(cut: int) -> None:
    """Wherever it is cut, what was sent before and after is read."""
    sent = chunk(b"rnd=1\n") + chunk(b"rnd=2\n") + chunk(b"")
    first = len(chunk(b"rnd=1\n")) + cut
    goes_on = Event()

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + sent[:first])
        goes_on.wait()
        connection.sendall(sent[first:])

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 2, 5)) as stream:
        gevent.spawn_later(0.01, goes_on.set)
        assert b"".join(stream) == b"rnd=1\nrnd=2\n"


@pytest.mark.parametrize("cut", range(4, 31))
def test_what_has_come_does_not_wait_for_what_follows(cut: int) -> None:
    sent = chunk(b"rnd=1\nrnd=2\n") + chunk(b"rnd=3\n") + chunk(b"")
    first, second = sent[3:15], sent[20:26]
    goes_on = Event()

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + sent[:cut])
        goes_on.wait()
        connection.sendall(sent[cut:])

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 3, 5)) as stream:
        pieces = iter(stream)
        read = next(pieces)
        assert read == first[: cut - 3] + second[: max(cut - 20, 0)]
        goes_on.set()
        assert read + b"".join(pieces) == b"rnd=1\nrnd=2\nrnd=3\n"


def test_an_answer_that_announces_the_end_of_its_connection_is_read() -> None:
    head = HEAD.replace(b"OK", b"OK\r\nConnection: close")
    answer = head + chunk(b"rnd=1\n") + chunk(b"")
    with serving(lambda connection: connection.sendall(answer)) as port:
        assert read_all(port) == [b"rnd=1\n"]


def test_opening_a_stream_starts_no_thread() -> None:
    gevent.get_hub().threadpool.kill()  # an idle thread of it would be taken first
    threads = psutil.Process().num_threads()
    with (
        serving(lambda connection: connection.sendall(HEAD)) as port,
        closing(WorkerStream(port, WORKER, 1, 10)),
    ):
        assert psutil.Process().num_threads() <= threads  # those of the pool may be ending


def test_closing_an_unfinished_answer_does_not_drain_it() -> None:
    closed = Event()

    def answer(connection: socket) -> None:
        connection.sendall(HEAD + chunk(b"rnd=1\n"))
        assert connection.recv(1) == b""
        closed.set()

    with serving(answer) as port:
        with closing(WorkerStream(port, WORKER, 2, 10)) as stream:
            next(iter(stream))
        assert closed.wait(PATIENCE_S)


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
        assert asked.wait(PATIENCE_S)
        reader.kill()
        assert closed.wait(PATIENCE_S)


def test_killing_the_greenlet_that_connects_leaves_no_socket() -> None:
    with socket() as server, socket() as first, socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        for other in (first, second):  # after them the backlog is full, and the next one waits
            other.settimeout(0)
            other.connect_ex(("127.0.0.1", port))
        reader = gevent.spawn(read_all, port)
        gevent.sleep(0)
        assert len(sockets_to(port)) == 3
        reader.kill()
        assert len(sockets_to(port)) == 2


def sockets_to(port: int) -> list[int]:
    connections = psutil.Process().net_connections("tcp4")
    return [each.fd for each in connections if each.raddr[1:] == (port,)]


def test_a_flood_is_read_no_faster_than_the_event_loop_looks_around() -> None:
    looks, pieces, enough = 0, 0, 50

    def count_look() -> None:
        nonlocal looks
        looks += 1

    def answer(connection: socket) -> None:
        flood = chunk(b"rnd=1\n" * 100) * 1000
        with suppress(OSError):
            connection.sendall(HEAD)
            while True:
                connection.sendall(flood)

    watcher = gevent.get_hub().loop.check(ref=False)
    watcher.start(count_look)
    try:
        with serving(answer) as port, closing(WorkerStream(port, WORKER, 5, 10)) as stream:
            looks = 0
            for _ in stream:
                pieces += 1
                if pieces == enough:
                    break
            assert looks >= enough - 1
    finally:
        watcher.stop()
        watcher.close()


def test_a_flood_of_small_chunks_is_read_in_short_pieces() -> None:
    small = chunk(b"rnd=1\n")

    def answer(connection: socket) -> None:
        with suppress(OSError):
            connection.sendall(HEAD)
            while True:
                connection.sendall(small * 10_000)

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 5, 10)) as stream:
        pieces = iter(stream)
        _first, *sizes = (next(pieces).count(b"\n") for _ in range(50))
    assert 300 <= max(sizes) <= 4096 / len(small) + 1


def test_a_flood_of_long_chunks_is_read_in_long_pieces() -> None:
    def answer(connection: socket) -> None:
        with suppress(OSError):
            connection.sendall(HEAD)
            while True:
                connection.sendall(chunk(b"rnd=1\n" * 100) * 1000)

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 5, 10)) as stream:
        pieces = iter(stream)
        sizes = sorted(next(pieces).count(b"\n") for _ in range(50))
    assert sizes[25] >= 600


def test_a_flood_of_long_chunks_after_small_ones_is_read_in_long_pieces() -> None:
    def answer(connection: socket) -> None:
        with suppress(OSError):
            connection.sendall(HEAD + chunk(b"rnd=1\n") * 300)
            while True:
                connection.sendall(chunk(b"rnd=1\n" * 10_000))

    with serving(answer) as port, closing(WorkerStream(port, WORKER, 5, 10)) as stream:
        pieces = iter(stream)
        sizes = [next(pieces).count(b"\n") for _ in range(100)]
    assert sorted(sizes[50:])[25] >= 1000


@pytest.mark.parametrize("size", [b"-5", b"1_0", b"g", 17 * b"f", 20 * b"0" + b"5"])
def test_what_came_before_a_wrong_chunk_size_is_read(size: bytes) -> None:
    sent = HEAD + chunk(b"rnd=1\n") + chunk(b"rnd=2\n") + size + b"\r\nrnd=3\n\r\n"
    with (
        serving(lambda connection: connection.sendall(sent)) as port,
        closing(WorkerStream(port, WORKER, 5, 10)) as stream,
    ):
        pieces = iter(stream)
        assert next(pieces) == b"rnd=1\nrnd=2\n"
        with pytest.raises(WorkerRefusedError, match="a chunk size that is none"):
            next(pieces)
