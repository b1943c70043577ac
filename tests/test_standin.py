"""The stand-in worker, run as users run it: a process that is asked over HTTP."""

import math
import os
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from email.utils import parsedate_to_datetime
from http.client import BadStatusLine, HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STANDIN = [sys.executable, "-I", "-S", str(ROOT / "rnd_actors" / "standin.py")]
PATIENCE = 60.0  # seconds before a test that waits in vain fails


class Standin:
    """A stand-in that runs, and the connections to it; all end with the test."""

    def __init__(self, stack: ExitStack, command: list[str]) -> None:
        self.stack = stack
        self.born = time.monotonic()
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        stack.callback(self.end)
        assert process.stderr
        self.process, self.log = process, process.stderr
        self.first_line = self.log.readline()
        self.age = time.monotonic() - self.born
        self.port = int(self.first_line.rpartition(":")[2]) if "started" in self.first_line else 0

    def end(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self.log.close()

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE)

    def connect(self) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return self.stack.enter_context(closing(connection))

    def ask(self, n: int) -> HTTPResponse:
        return ask(self.connect(), n)

    def lines(self, n: int) -> list[bytes]:
        return self.ask(n).read().splitlines(keepends=True)

    def raw(self, request: bytes) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.stack.enter_context(sock)
        sock.sendall(request)
        return sock


Start = Callable[..., Standin]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda *flags: Standin(stack, [*STANDIN, "-port", "0", "-interval", "0", *flags])


def ask(connection: HTTPConnection, n: int) -> HTTPResponse:
    connection.request("GET", f"/rnd?n={n}")
    return connection.getresponse()


def run(*flags: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*STANDIN, *flags], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def read_all(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))


def chunks(body: bytes) -> list[bytes]:
    """Decode the chunked encoding; fail on anything that is not exactly it."""
    found = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        found.append(body[:length])
        assert body[length : length + 2] == b"\r\n"
        body = body[length + 2 :]
    return found


def body_of(sock: socket.socket) -> bytes:
    """Read one response up to the end of its chunked encoding."""
    received = bytearray()
    while not received.endswith(b"\r\n0\r\n\r\n"):
        data = sock.recv(65536)
        assert data, f"cut off after {received!r}"
        received += data
    return bytes(received).partition(b"\r\n\r\n")[2]


def children_cpu() -> float:
    """Seconds of CPU that the children took which have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# The contract


def test_it_logs_that_it_started_once_it_listens(start: Start) -> None:
    worker = start("-workerId", "7")
    assert worker.first_line == f"worker 7 started on 127.0.0.1:{worker.port}\n"
    worker.connect().connect()


def test_it_listens_on_the_port_it_is_told(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert start("-port", str(port)).port == port


def test_it_sends_as_many_numbers_as_asked_for(start: Start) -> None:
    lines = start().lines(300)
    assert len(lines) == 300
    assert set(lines) <= {b"rnd=%d\n" % number for number in range(100)}


def test_the_headers_are_those_of_the_contract(start: Start) -> None:
    headers = dict(start("-workerId", "12").ask(1).getheaders())
    assert parsedate_to_datetime(headers.pop("Date")).tzinfo
    assert headers == {
        "Cache-Control": "no-cache",
        "Connection": "keep-alive",
        "Content-Type": "application/text",
        "Transfer-Encoding": "chunked",
        "X-Worker-Id": "12",
    }


def test_every_number_is_a_chunk_and_an_empty_chunk_ends_the_stream(start: Start) -> None:
    sock = start("-consecutive").raw(b"GET /rnd?n=3 HTTP/1.1\r\n\r\n")
    assert body_of(sock) == b"6\r\nrnd=0\n\r\n6\r\nrnd=1\n\r\n6\r\nrnd=2\n\r\n0\r\n\r\n"


def test_the_first_number_comes_at_once(start: Start) -> None:
    assert start("-interval", "3600").ask(2).readline().startswith(b"rnd=")


def test_the_numbers_after_the_first_wait_for_their_interval(start: Start) -> None:
    worker = start("-interval", "0.02")
    began = time.monotonic()
    assert len(worker.lines(6)) == 6
    assert time.monotonic() - began >= 5 * 0.02


def test_a_second_request_while_one_streams_gets_429(start: Start) -> None:
    worker = start("-interval", "3600", "-workerId", "3")
    assert worker.ask(2).status == 200
    refused = worker.ask(2)
    assert (refused.status, refused.reason) == (429, "Too Many Requests")
    assert refused.getheader("X-Worker-Id") == "3"
    assert refused.read() == b"429 Too Many Requests\n"


def test_a_refused_connection_may_ask_again_when_the_stream_has_ended(start: Start) -> None:
    worker = start("-malformed-every", "1", "-malformed", "megabytes")
    streaming, second = worker.ask(20), worker.connect()  # more than is sent before it is read
    refused = ask(second, 1)
    assert refused.status == 429
    refused.read()
    assert len(streaming.read().splitlines()) == 20
    assert ask(second, 1).status == 200


def test_a_connection_may_ask_again(start: Start) -> None:
    connection = start().connect()
    for n in (3, 2):
        assert len(ask(connection, n).read().splitlines()) == n


def test_a_request_behind_a_stream_waits_for_its_end(start: Start) -> None:
    sock = start("-consecutive").raw(
        b"GET /rnd?n=2 HTTP/1.1\r\n\r\nGET /other HTTP/1.1\r\n\r\nDELETE / HTTP/1.1\r\n\r\n"
    )
    received = read_all(sock)
    assert (
        received.index(b"rnd=1\n\r\n0\r\n\r\n")
        < received.index(b"404 Not")
        < received.index(b"405")
    )


def test_a_request_may_come_in_pieces(start: Start) -> None:
    worker = start()
    sock = worker.raw(b"GET /rnd?n=1 HT")
    assert worker.lines(1)  # by now the first piece has been read
    sock.sendall(b"TP/1.1\r\nHost: localhost\r\n\r\n")
    assert len(chunks(body_of(sock))) == 2


def test_a_request_without_end_is_cut_off(start: Start) -> None:
    assert read_all(start().raw(b"x" * 4097)) == b""


@pytest.mark.parametrize("path", ["/", "/rnd/", "/random?n=1"])
def test_other_paths_are_not_found(start: Start, path: str) -> None:
    connection = start().connect()
    connection.request("GET", path)
    assert connection.getresponse().status == 404


@pytest.mark.parametrize("query", ["", "?", "?n", "?n=", "?n=0", "?n=-1", "?n=1.5", "?m=1"])
def test_a_bad_n_is_a_bad_request(start: Start, query: str) -> None:
    connection = start().connect()
    connection.request("GET", f"/rnd{query}")
    assert connection.getresponse().status == 400


def test_other_methods_are_not_allowed(start: Start) -> None:
    connection = start().connect()
    connection.request("POST", "/rnd?n=1", body=b"GET /rnd?n=1 HTTP/1.1\r\n\r\n")
    response = connection.getresponse()
    assert (response.status, response.getheader("Allow")) == (405, "GET")


@pytest.mark.parametrize("interval", ["0", "3600"])
def test_the_next_client_is_served_when_the_reader_has_gone(start: Start, interval: str) -> None:
    worker = start("-interval", interval, "-lines-per-chunk", "50000")
    with closing(worker.connect()) as leaving:
        assert ask(leaving, 10**9).readline()
    assert worker.ask(2).status == 200


def test_the_next_client_is_served_when_a_connection_was_reset(start: Start) -> None:
    worker = start("-first-delay", "3600")
    sock = worker.raw(b"GET /rnd?n=1 HTTP/1.1\r\n\r\n")
    assert sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    assert worker.ask(1).status == 200


def test_a_reader_that_pauses_loses_nothing_and_keeps_nobody_waiting(start: Start) -> None:
    worker = start("-lines-per-chunk", "50000", "-consecutive")
    reader, connection = worker.raw(b""), worker.connect()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    reader.sendall(b"GET /rnd?n=700000 HTTP/1.1\r\n\r\n")
    assert reader.recv(1)
    for _ in range(20):  # more than the chunks there are: without a pause all would be sent
        refused = ask(connection, 1)
        assert refused.status == 429
        refused.read()
    lines = b"".join(chunks(body_of(reader))).splitlines()
    assert lines == [b"rnd=%d" % number for number in range(700000)]


def test_it_is_idle_while_nothing_is_due(start: Start) -> None:
    before = children_cpu()
    worker = start("-first-delay", "1.5")
    assert worker.lines(1)
    worker.end()
    assert children_cpu() - before < 1.0


def test_it_can_start_again_on_the_port_it_crashed_on(start: Start) -> None:
    crashed = start("-crash-at", "1")
    assert read_all(crashed.raw(b"GET /rnd?n=1 HTTP/1.1\r\n\r\n"))
    assert crashed.exit_code() == 2
    assert start("-port", str(crashed.port)).lines(1)


def test_it_listens_on_the_loopback_address_alone(start: Start) -> None:
    with pytest.raises(OSError):  # noqa: PT011  # which one depends on the platform
        socket.create_connection(("127.0.0.2", start().port), timeout=1.0).close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(start: Start, number: signal.Signals) -> None:
    worker = start()
    worker.process.send_signal(number)
    assert worker.exit_code() == -number
    assert worker.log.read() == ""


# The flags


@pytest.mark.parametrize(
    "spelling", [["-workerId", "7"], ["-workerId=7"], ["--workerId", "7"], ["--workerId=7"]]
)
def test_flags_are_spelled_as_in_go(start: Start, spelling: list[str]) -> None:
    assert start(*spelling).ask(1).getheader("X-Worker-Id") == "7"


@pytest.mark.parametrize("spelling", ["-help", "--help", "-h"])
def test_help_shows_every_flag_with_its_default(spelling: str) -> None:
    result = run(spelling)
    assert (result.returncode, result.stdout) == (0, "")
    shown = dict(line.split()[:2] for line in result.stderr.splitlines() if line[:3] == "  -")
    defaults = [
        line.rpartition(" ")[2][:-1] for line in result.stderr.splitlines() if line[-1] == ")"
    ]
    assert dict(zip(shown, defaults, strict=True)) == {
        "-workerId": "1",
        "-port": "3001",
        "-interval": "1.0",
        "-first-delay": "0.0",
        "-start-delay": "0.0",
        "-slow-share": "0.0",
        "-slow-factor": "4",
        "-deaf": "false",
        "-seed": "0",
        "-consecutive": "false",
        "-crlf": "false",
        "-empty-every": "0",
        "-malformed-every": "0",
        "-malformed": "word",
        "-lines-per-chunk": "1",
        "-bytes-per-chunk": "0",
        "-flaky": "false",
        "-mtbf": "0.0",
        "-crash-after": "0.0",
        "-crash-at": "0",
        "-crash-every": "0",
        "-crash-at-once": "false",
        "-cut": "false",
        "-exit-code": "2",
        "-exit-signal": "0",
        "-hang-at": "0",
        "-answer": "stream",
        "-answers": "0",
        "-ignore-term": "false",
        "-child": "false",
        "-noise": "0",
    }


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["-prot", "1"], "unknown flag -prot, expected one of -workerId, -port, "),
        (
            ["-port", "http"],
            "invalid value 'http' for flag -port, expected an integer of at least 0",
        ),
        (["-port"], "invalid value '' for flag -port, expected an integer of at least 0"),
        (["-interval=-1"], "invalid value '-1' for flag -interval, expected seconds, at least 0"),
        (["-interval=nan"], "invalid value 'nan' for flag -interval, expected seconds, at least 0"),
        (
            ["-slow-share=1.5"],
            "invalid value '1.5' for flag -slow-share, expected a number, 0 to 1",
        ),
        (["-lines-per-chunk=0"], "expected an integer of at least 1"),
        (["-flaky=maybe"], "invalid value 'maybe' for flag -flaky, expected true or false"),
        (["-malformed=maybe"], "expected one of word, fraction, digits, bytes, megabytes"),
        (["-flaky", "false"], "unexpected argument 'false', expected a flag such as -port 3001"),
    ],
)
def test_a_wrong_flag_is_answered_with_what_is_accepted(flags: list[str], complaint: str) -> None:
    result = run(*flags)
    first_line, _, rest = result.stderr.partition("\n")
    assert result.returncode == 2
    assert complaint in first_line
    assert rest.startswith("Usage of worker")


def test_a_port_in_use_is_one_clear_line(start: Start) -> None:
    port = start().port
    result = run("-port", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"worker: cannot listen on 127.0.0.1:{port}: ")
    assert result.stderr.count("\n") == 1


def test_a_port_out_of_range_is_one_clear_line() -> None:
    result = run("-port", "65536")
    assert result.returncode == 1
    assert result.stderr.startswith("worker: cannot listen on 127.0.0.1:65536: ")
    assert result.stderr.count("\n") == 1


def test_the_first_number_can_be_delayed(start: Start) -> None:
    worker = start("-first-delay", "0.1")
    connection = worker.connect()
    for _ in range(2):
        began = time.monotonic()
        assert len(ask(connection, 1).read().splitlines()) == 1
        assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(
    ("seed", "factor", "is_slow"), [(1, 50, True), (12, 100 * int(PATIENCE), False)]
)
def test_a_process_can_be_slow_by_chance(
    start: Start, seed: int, factor: int, *, is_slow: bool
) -> None:
    assert (random.Random(seed).random() < 0.3) is is_slow
    flags = ("-slow-share", "0.3", "-slow-factor", str(factor), "-interval", "0.01")
    worker = start(*flags, "-seed", str(seed))
    began = time.monotonic()
    assert len(worker.lines(2)) == 2
    assert (time.monotonic() - began >= 0.01 * factor) is is_slow


def test_the_start_can_be_delayed(start: Start) -> None:
    assert start("-start-delay", "0.2").age >= 0.2


def test_several_numbers_can_share_a_chunk(start: Start) -> None:
    worker = start("-lines-per-chunk", "3")
    sizes = [
        chunk.count(b"\n")
        for chunk in chunks(body_of(worker.raw(b"GET /rnd?n=7 HTTP/1.1\r\n\r\n")))
    ]
    assert sizes == [3, 3, 1, 0]


def test_a_seed_makes_the_numbers_reproducible(start: Start) -> None:
    assert start("-seed", "5").lines(50) == start("-seed", "5").lines(50)


def test_without_a_seed_the_numbers_differ(start: Start) -> None:
    assert start().lines(50) != start().lines(50)


def test_numbers_can_count_over_the_life_of_the_process(start: Start) -> None:
    worker = start("-consecutive")
    assert worker.lines(60) + worker.lines(60) == [b"rnd=%d\n" % number for number in range(120)]


def test_every_nth_line_can_be_malformed(start: Start) -> None:
    lines = start("-malformed-every", "3", "-consecutive").lines(7)
    assert b"".join(lines) == b"rnd=0\nrnd=1\noops\nrnd=3\nrnd=4\noops\nrnd=6\n"


def test_a_crash_is_a_panic_with_exit_code_2(start: Start) -> None:
    worker = start("-crash-after", "0.05")
    assert worker.exit_code() == 2
    assert worker.log.read() == "panic: out of luck after 0 numbers\n"
    assert time.monotonic() - worker.born >= 0.05


def test_a_crash_can_come_before_it_listens(start: Start) -> None:
    worker = start("-crash-after", "0.05", "-start-delay", "3600")
    assert worker.first_line == "panic: out of luck after 0 numbers\n"


def test_the_exit_code_of_a_crash_can_be_chosen(start: Start) -> None:
    assert start("-crash-after", "0.01", "-exit-code", "42").exit_code() == 42


def test_a_crash_comes_instead_of_the_nth_number_of_the_process(start: Start) -> None:
    worker = start("-crash-at", "4", "-consecutive")
    assert len(worker.lines(2)) == 2
    with pytest.raises(IncompleteRead) as cut:
        worker.lines(2)
    assert cut.value.partial == b"rnd=2\n"
    assert worker.exit_code() == 2


def test_a_crash_within_a_chunk_lets_the_numbers_before_it_through(start: Start) -> None:
    worker = start("-crash-at", "4", "-lines-per-chunk", "10", "-consecutive")
    with pytest.raises(IncompleteRead) as cut:
        worker.lines(20)
    assert cut.value.partial == b"rnd=0\nrnd=1\nrnd=2\n"


def test_a_crash_can_cut_a_line_so_that_it_looks_like_another_number(start: Start) -> None:
    worker = start("-crash-at", "13", "-cut", "-consecutive")
    received = read_all(worker.raw(b"GET /rnd?n=20 HTTP/1.1\r\n\r\n"))
    assert received.endswith(b"7\r\nrnd=11\n\r\n5\r\nrnd=1\r\n")
    assert worker.exit_code() == 2


@pytest.mark.parametrize("seed", [1, 12])
def test_a_crash_can_come_before_any_number_with_the_same_chance(start: Start, seed: int) -> None:
    flags = ("-crash-every", "200", "-consecutive", "-cut", "-lines-per-chunk", "7")
    worker = start("-seed", str(seed), *flags)
    with pytest.raises(IncompleteRead) as cut:
        worker.lines(10_000)
    *lines, _ = cut.value.partial.splitlines()
    survived = math.log1p(-random.Random(seed).random()) / math.log1p(-1 / 200)
    assert lines == [b"rnd=%d" % number for number in range(int(survived))]
    assert worker.log.read() == f"panic: out of luck after {len(lines)} numbers\n"


def test_a_chance_of_one_in_one_lets_no_number_through(start: Start) -> None:
    worker = start("-crash-every", "1")
    with pytest.raises(IncompleteRead) as cut:
        worker.lines(1)
    assert cut.value.partial == b""


def test_a_crash_after_a_time_can_cut_a_line_as_well(start: Start) -> None:
    worker = start("-crash-after", "2", "-cut", "-consecutive", "-interval", "3600")
    received = read_all(worker.raw(b"GET /rnd?n=20 HTTP/1.1\r\n\r\n"))
    assert received.endswith(b"6\r\nrnd=0\n\r\n4\r\nrnd=\r\n")


@pytest.mark.parametrize("seed", [1, 12])
def test_a_flaky_worker_crashes_at_a_time_that_its_seed_decides(start: Start, seed: int) -> None:
    worker = start("-flaky", "-seed", str(seed), "-interval", "0.05")
    assert worker.exit_code() == 2
    assert time.monotonic() - worker.born >= 0.05 * (2 + 6 * random.Random(seed).random())


def test_a_flaky_worker_cuts_its_stream(start: Start) -> None:
    with pytest.raises(IncompleteRead):
        start("-flaky=true", "-interval", "1", "-seed", "1").lines(100)


def test_a_worker_that_is_not_flaky_outlives_eight_intervals(start: Start) -> None:
    assert len(start("-flaky=false", "-interval", "0.01").lines(20)) == 20


def test_a_flaky_worker_without_interval_lives_for_seconds(start: Start) -> None:
    assert len(start("-flaky", "-seed", "12").lines(100)) == 100


def test_it_can_fall_silent_instead_of_the_nth_number(start: Start) -> None:
    worker = start("-hang-at", "3", "-consecutive", "-lines-per-chunk", "5")
    connection = worker.connect()
    response = ask(connection, 10)
    assert response.readline() + response.readline() == b"rnd=0\nrnd=1\n"
    connection.sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        response.readline()
    assert worker.process.poll() is None
    assert worker.ask(1).status == 429


def test_it_can_ignore_sigterm(start: Start) -> None:
    worker = start("-ignore-term")
    worker.process.terminate()
    assert worker.lines(1)
    assert worker.process.poll() is None


@pytest.mark.parametrize("seed", [1, 12])
def test_its_lifetime_can_be_exponential(start: Start, seed: int) -> None:
    worker = start("-mtbf", "0.2", "-seed", str(seed))
    assert worker.exit_code() == 2
    assert time.monotonic() - worker.born >= random.Random(seed).expovariate(1 / 0.2)


def test_a_crash_can_come_at_once(start: Start) -> None:
    worker = start("-crash-at-once", "-exit-code", "0")
    assert worker.first_line == "panic: out of luck after 0 numbers\n"
    assert worker.exit_code() == 0


def test_a_crash_can_be_a_signal(start: Start) -> None:
    worker = start("-crash-at-once", "-exit-signal", str(int(signal.SIGSEGV)))
    assert worker.exit_code() == -signal.SIGSEGV


def test_it_can_say_that_it_started_and_not_listen(start: Start) -> None:
    worker = start("-deaf")
    assert worker.port
    with pytest.raises(ConnectionRefusedError):
        worker.connect().connect()


def test_lines_can_end_in_crlf(start: Start) -> None:
    assert start("-crlf", "-consecutive").ask(2).read() == b"rnd=0\r\nrnd=1\r\n"


def test_empty_lines_can_stand_between_the_others(start: Start) -> None:
    read = start("-empty-every", "2", "-consecutive").ask(5).read()
    assert read == b"rnd=0\nrnd=1\n\nrnd=2\nrnd=3\n\nrnd=4\n"


def test_lines_can_be_split_over_chunks(start: Start) -> None:
    worker = start("-bytes-per-chunk", "4", "-lines-per-chunk", "2", "-consecutive")
    body = body_of(worker.raw(b"GET /rnd?n=2 HTTP/1.1\r\n\r\n"))
    assert chunks(body) == [b"rnd=", b"0\nrn", b"d=1\n", b""]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("word", b"oops"),
        ("fraction", b"rnd=1.5"),
        ("digits", b"rnd=1234567890123456789"),
        ("bytes", b"rnd=\xff\xfe"),
        ("megabytes", b"rnd=1234" * 2**18),
    ],
)
def test_a_malformed_line_can_be_of_many_kinds(start: Start, kind: str, line: bytes) -> None:
    worker = start("-malformed-every", "2", "-malformed", kind, "-consecutive")
    assert worker.lines(3) == [b"rnd=0\n", line + b"\n", b"rnd=2\n"]


@pytest.mark.parametrize("status", [302, 429, 500])
def test_it_can_answer_with_another_status(start: Start, status: int) -> None:
    assert start("-answer", str(status)).ask(1).status == status


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("type", "Content-Type", "text/html"),
        ("id", "X-Worker-Id", "8"),
        ("length", "Content-Length", "12"),
    ],
)
def test_it_can_answer_with_a_wrong_header(
    start: Start, kind: str, header: str, value: str
) -> None:
    answer = start("-workerId", "7", "-answer", kind, "-consecutive").ask(2)
    assert (answer.status, answer.getheader(header)) == (200, value)
    assert answer.read() == b"rnd=0\nrnd=1\n"


@pytest.mark.parametrize(
    ("kind", "error"),
    [("headers", HTTPException), ("garbage", BadStatusLine), ("close", ConnectionError)],
)
def test_it_can_answer_with_what_no_client_takes(
    start: Start, kind: str, error: type[Exception]
) -> None:
    worker = start("-answer", kind)
    with pytest.raises(error):
        worker.ask(1)


def test_it_can_leave_a_request_unanswered(start: Start) -> None:
    sock = start("-answer", "silence").raw(b"GET /rnd?n=1 HTTP/1.1\r\n\r\n")
    sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        sock.recv(1)


def test_only_the_first_requests_can_be_answered_badly(start: Start) -> None:
    worker = start("-answer", "500", "-answers", "2")
    assert [worker.ask(1).status for _ in range(4)] == [500, 500, 200, 200]


def test_it_can_have_a_child_that_outlives_it(start: Start) -> None:
    worker = start("-child")
    child = int(worker.first_line.removeprefix("worker has a child: "))
    try:
        os.kill(child, signal.SIGTERM)
        worker.end()
        os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)


def test_it_can_be_noisy() -> None:
    with ExitStack() as stack:
        flags = ["-port", "0", "-interval", "0", "-noise", "3"]
        command = ["/bin/sh", "-c", 'exec "$@" 1>&2', "noisy", *STANDIN, *flags]
        worker = Standin(stack, command)
        answer = worker.ask(2)
        noise = [worker.log.readline() for _ in range(2 * 2 * 3 * 16)]
        assert answer.read().count(b"\n") == 2
        assert set(noise) == {"noise" * 12 + "...\n"}


# The start


def test_it_imports_nothing_written_in_python() -> None:
    def imports(*arguments: str) -> set[str]:
        command = [sys.executable, "-I", "-S", "-X", "importtime", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = (line for line in result.stderr.splitlines() if line.startswith("import time:"))
        return {line.rpartition("|")[2].strip() for line in lines}

    assert imports(STANDIN[-1], "-help") - imports("-c", "pass") <= {
        "_random",
        "_socket",
        "math",
        "select",
    }


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of bin/worker in a repository with nothing else in it."""
    copy = tmp_path / "re po" / "bin" / "worker"
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / "bin" / "worker", copy)
    return copy


def script(path: Path) -> None:
    """An executable that tells its name and its arguments."""
    path.parent.mkdir(parents=True)
    path.write_text('#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$@"\n')
    path.chmod(0o755)


def test_bin_worker_runs_the_standin() -> None:
    with ExitStack() as stack:
        command = [str(ROOT / "bin" / "worker"), "-port=0", "-workerId=9"]
        assert Standin(stack, command).ask(1).getheader("X-Worker-Id") == "9"


def test_bin_worker_prefers_the_python_of_the_repository(elsewhere: Path) -> None:
    script(elsewhere.parents[1] / ".venv" / "bin" / "python")
    assert told_by(elsewhere) == "python"


def test_bin_worker_falls_back_on_python3(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "path" / "python3")
    monkeypatch.setenv("PATH", str(tmp_path / "path"), prepend=":")
    assert told_by(elsewhere) == "python3"


def told_by(worker: Path) -> str:
    """The python that bin/worker chose, once its arguments are found to be right."""
    flags = ["-workerId", "a b"]
    result = subprocess.run([worker, *flags], stdout=subprocess.PIPE, text=True, check=True)
    python, *arguments = result.stdout.splitlines()
    target = f"{worker.parent}/../rnd_actors/standin.py"
    assert arguments == ["-I", "-S", target, *flags]
    return python
