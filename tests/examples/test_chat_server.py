"""The chat server: an actor for each connection."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.examples.programs import PATIENCE_S, running

pytestmark = pytest.mark.slow


class Chat:
    """The server and clients of it."""

    def __init__(self, server: "subprocess.Popen[str]", connections: ExitStack) -> None:
        self.server = server
        self._connections = connections
        assert server.stdout is not None
        self._port = int(server.stdout.readline().split()[-1])

    def client(self, name: bytes, *others: socket.socket) -> socket.socket:
        """A client that has joined; it and the others have read its name."""
        address = ("127.0.0.1", self._port)
        client = self._connections.enter_context(socket.create_connection(address, PATIENCE_S))
        client.sendall(name + b"\n")
        for each in (client, *others):
            assert line_of(each) == name + b"\n"
        return client


def line_of(client: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (some := client.recv(1)):
        line += some
    return line


@pytest.fixture
def chat() -> Iterator[Chat]:
    with running("-W", "error", "chat_server.py") as server, ExitStack() as connections:
        yield Chat(server, connections)


def test_a_line_of_one_client_reaches_all(chat: Chat) -> None:
    one = chat.client(b"one")
    two = chat.client(b"two", one)
    one.sendall(b"hello\n")
    assert [line_of(one), line_of(two)] == [b"hello\n"] * 2
    two.sendall(b"hi\n")
    assert [line_of(one), line_of(two)] == [b"hi\n"] * 2


def test_a_client_that_hangs_up_is_gone_and_the_others_go_on(chat: Chat) -> None:
    one = chat.client(b"one")
    two = chat.client(b"two", one)
    two.shutdown(socket.SHUT_WR)
    assert line_of(two) == b""
    one.sendall(b"alone\n")
    assert line_of(one) == b"alone\n"
    assert what_ends_it(chat) == ""


def test_sigterm_ends_all_connections_and_nothing_is_restarted(chat: Chat) -> None:
    one = chat.client(b"one")
    two = chat.client(b"two", one)
    assert what_ends_it(chat) == ""
    assert [line_of(one), line_of(two)] == [b"", b""]


def test_a_client_that_does_not_read_holds_up_nobody(chat: Chat) -> None:
    one = chat.client(b"one")
    chat.client(b"slow", one)
    line = b"z" * 99_999 + b"\n"
    for _ in range(200):
        one.sendall(line)
        left = len(line)
        while left:
            left -= len(one.recv(left))
    assert "failed (incarnation 1): killed" in what_ends_it(chat)


def what_ends_it(chat: Chat) -> str:
    """What the server writes to stderr until SIGTERM has ended it, in order."""
    chat.server.send_signal(signal.SIGTERM)
    _, stderr = chat.server.communicate(timeout=PATIENCE_S)
    assert chat.server.returncode == 0, stderr
    return stderr
