"""Whatever connects to the socket of a run, the run goes on and answers others."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import gevent
import pytest

from rnd_actors.control import _server, ask, runs
from rnd_actors.control._events import KeptEvents
from tests.control.steered import Steered, samples_of, steered
from tests.processes import PATIENCE_S, until


@contextmanager
def connected(run: Steered) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE_S)
        client.connect(str(run.address.socket))
        yield client


def read_all(client: socket.socket) -> bytes:
    data = b""
    while some := client.recv(65536):
        data += some
    return data


def send_for_ever(client: socket.socket, data: bytes, pause: float = 0.0) -> None:
    while True:
        client.sendall(data)
        gevent.sleep(pause)


def goes_on(run: Steered) -> None:
    """Check that the run answers and collects."""
    before = samples_of(run.address)
    until(lambda: samples_of(run.address) > before)


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00\xff\xfe\n",
        b"GET / HTTP/1.1\n",
        b"[]\n",
        b"null\n",
        b"{}\n",
        b'{"operation": ["status"]}\n',
        b'{"operation": "status", "arguments": [1]}\n',
        b'{"operation": "restart", "arguments": {"worker": 1e999}}\n',
        b"[" * 60_000 + b"\n",
    ],
)
def test_junk_gets_an_error_and_the_connection_goes_on(junk: bytes) -> None:
    with steered() as run, connected(run) as client:
        lines = client.makefile("rb")
        client.sendall(junk)
        assert set(json.loads(lines.readline())) == {"error"}
        client.sendall(b'{"operation": "status"}\n')
        assert json.loads(lines.readline())["result"]["goal"] == 10**6
        lines.close()
        goes_on(run)


def test_an_empty_line_gets_an_error() -> None:
    with steered() as run, connected(run) as client:
        client.sendall(b"\n")
        client.shutdown(socket.SHUT_WR)
        assert b'"error"' in read_all(client)


def test_who_has_nothing_more_to_send_is_answered() -> None:
    with steered() as run, connected(run) as client:
        client.sendall(b'{"operation": "trace", "arguments": {"actor": "collector", "n": 9}}\n')
        client.shutdown(socket.SHUT_WR)
        assert len(json.loads(read_all(client))["result"]["messages"]) == 9


def test_a_line_without_end_is_the_last() -> None:
    with steered() as run, connected(run) as client:
        try:
            client.sendall(b"x" * (1 << 20))
        except OSError:  # it was dropped before all was sent
            pass
        else:
            pytest.fail("a megabyte was read")
        goes_on(run)


def test_half_a_line_is_no_request_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with steered() as run:
        with monkeypatch.context() as patched, connected(run) as client:
            patched.setattr(_server, "_PATIENCE_S", 0.2)
            client.sendall(b'{"operation": "stop"')
            assert read_all(client) == b""
        goes_on(run)


def test_a_line_that_comes_byte_by_byte_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with steered() as run:
        with monkeypatch.context() as patched, connected(run) as client:
            patched.setattr(_server, "_PATIENCE_S", 0.3)
            with pytest.raises(OSError), gevent.Timeout(PATIENCE_S):  # noqa: PT011
                send_for_ever(client, b"x", pause=0.02)
        goes_on(run)


def test_clients_that_only_stay_connected_keep_no_others_out_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with steered() as run, ExitStack() as stack:
        monkeypatch.setattr(_server, "_PATIENCE_S", 1.5)  # the next one is served within that time
        for _ in range(40):
            stack.enter_context(connected(run))
        goes_on(run)


def test_a_client_that_never_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    with steered() as run:
        with monkeypatch.context() as patched, connected(run) as client:
            patched.setattr(_server, "_PATIENCE_S", 0.3)
            with pytest.raises(OSError), gevent.Timeout(PATIENCE_S):  # noqa: PT011
                send_for_ever(client, b'{"operation": "dump"}\n' * 100)
        goes_on(run)


def test_followers_that_have_gone_leave_their_places() -> None:
    with steered() as run:
        for _ in range(40):
            with connected(run) as client:
                client.sendall(b'{"operation": "follow", "arguments": {"level": "critical"}}\n')
        goes_on(run)


def test_a_follower_that_is_too_slow_is_told_how_many_events_it_has_lost() -> None:
    events = KeptEvents()
    reader: Any = events.follow(0)
    numbered: Any = [_server.ControlUnavailable(str(number)) for number in range(1502)]
    greenlet = gevent.spawn(lambda: [next(reader) for _ in range(3)])
    gevent.sleep(0)
    for event in numbered:
        events(event)
    first, *others = greenlet.get(timeout=PATIENCE_S)
    assert first == {"lost": 502}
    assert [record["fields"]["why"] for record in others] == ["502", "503"]
    reader.close()


@pytest.mark.parametrize(("user", "answers"), [(0, 1), (54321, 0)])
def test_root_is_answered_and_other_users_are_not(
    user: int, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with steered() as run:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        monkeypatch.setattr(_server, "_CREDENTIALS", Credentials(user))
        with connected(run) as client:
            client.sendall(b'{"operation": "tree"}\n')
            client.shutdown(socket.SHUT_WR)
            try:
                answer = read_all(client)
            except ConnectionError:
                answer = b""
        assert answer.count(b'"result"') == answers
        monkeypatch.undo()


class Credentials:
    """What the kernel would tell of a peer of this user."""

    size = 12

    def __init__(self, user: int) -> None:
        self.user = user

    def unpack(self, data: bytes) -> tuple[int, int, int]:
        assert len(data) == self.size
        return 1, self.user, 1


def test_the_end_of_a_run_does_not_wait_for_clients_that_do_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_server, "_PATIENCE_S", 4 * PATIENCE_S)
    with steered() as run, connected(run), connected(run) as half:
        half.sendall(b'{"operation"')
        ask(run.address, "stop")
        run.result()
    assert runs() == ()
