"""The chat server: in virtual time without sockets, and as a program with them."""

import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Self, cast

import gevent
import pytest
from gevent.event import Event as Flag
from gevent.queue import Queue

from docs.examples.chat import WRITE_PATIENCE_S, Chat, handle
from rnd_actors import ActorRef, ActorSystem, ChildSpec, Crashed
from rnd_actors.events import ActorFailed
from rnd_actors.simulation import VirtualTime
from rnd_actors.supervision import CountChildren, DynamicSupervisor
from rnd_actors.testing import EventCapture
from tests.examples.conftest import Start
from tests.processes import PATIENCE_S


class Client:
    """A connection for the server, and the one who sits at its other end."""

    def __init__(self) -> None:
        self._typed: Queue[str] = Queue()
        self._shown: Queue[str] = Queue()
        self.reads = Flag()
        self.reads.set()

    def makefile(self, **_: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def readline(self, limit: int) -> str:
        return self._typed.get()

    def sendall(self, data: bytes) -> None:
        self.reads.wait()
        self._shown.put(data.decode().removesuffix("\n"))

    def type(self, *lines: str) -> None:
        for line in lines:
            self._typed.put(f"{line}\n")

    def hang_up(self) -> None:
        self._typed.put("")

    def next(self) -> str:
        return self._shown.get(timeout=2 * WRITE_PATIENCE_S)

    def all(self) -> list[str]:
        """All that is shown until nothing more comes."""
        gevent.sleep(0.01)
        shown = []
        while not self._shown.empty():
            shown.append(self._shown.get())
        return shown


class Server:
    def __init__(self, system: ActorSystem) -> None:
        self.sessions: ActorRef[Any] = system.start(ChildSpec("sessions", DynamicSupervisor))
        self.chat = Chat()

    def connect(self) -> Client:
        client = Client()
        gevent.spawn(handle, self.sessions, self.chat, cast(socket.socket, client), None)
        return client

    def enter(self, nick: str) -> Client:
        """A client in the lobby; it has been shown who is there."""
        client = self.connect()
        client.type(nick)
        client.all()
        return client


@pytest.fixture
def server(simulated_system: ActorSystem) -> Server:
    return Server(simulated_system)


def test_what_one_says_is_shown_to_all_in_the_room_and_nobody_elsewhere(server: Server) -> None:
    ann, bob, eve = server.enter("ann"), server.enter("bob"), server.enter("eve")
    eve.type("/join tea")
    for client in (ann, bob, eve):
        client.all()
    ann.type("hello")
    assert [client.all() for client in (ann, bob, eve)] == [["ann: hello"], ["ann: hello"], []]


def test_a_nick_name_is_taken_as_long_as_its_client_is_there(server: Server) -> None:
    ann, other = server.enter("ann"), server.enter("ann")
    assert ann.all() == []
    other.type("ann")
    assert other.all() == ["ann is taken; another one?"]
    ann.hang_up()
    other.all()
    other.type("ann")
    assert other.all() == ["ann is here"]


def test_who_comes_and_goes_is_shown_to_those_in_the_room(server: Server) -> None:
    ann, bob = server.enter("ann"), server.enter("bob")
    assert ann.all() == ["bob is here"]
    bob.type("/join tea", "/join lobby")
    assert ann.all() == ["bob has left", "bob is here"]
    bob.all()
    bob.type("/who")
    assert bob.all() == ["in lobby: ann bob"]
    bob.hang_up()
    assert ann.all() == ["bob has left"]


def test_a_message_to_one_is_shown_to_nobody_else(server: Server) -> None:
    ann, bob = server.enter("ann"), server.enter("bob")
    ann.all()
    bob.type("/msg ann come to tea", "/msg eve are you there?")
    assert ann.all() == ["bob to you: come to tea"]
    assert bob.all() == ["not possible: /msg eve are you there?; the rooms are lobby tea"]


def test_a_client_that_hangs_up_leaves_no_actor_and_no_entry(server: Server) -> None:
    ann = server.enter("ann")
    assert server.chat.nicks.keys() == ("ann",)
    assert server.chat.members.keys() == ("lobby",)
    ann.hang_up()
    ann.all()
    assert server.sessions.ask(CountChildren()).active == 0
    assert server.chat.nicks.keys() == server.chat.members.keys() == ()


def test_who_does_not_read_holds_up_nobody_and_is_given_up_in_the_end(
    server: Server, simulated_system: ActorSystem, virtual_time: VirtualTime
) -> None:
    ann, slow = server.enter("ann"), server.enter("slow")
    ann.all()
    slow.reads.clear()
    with EventCapture(simulated_system, to=ActorFailed) as failures:
        for number in range(1500):
            ann.type(str(number))
            assert ann.next() == f"ann: {number}"
        assert simulated_system.dead_letters == 499  # one is in hand, a thousand wait
        ann.type("/msg slow are you there?", "no")
        assert ann.next() == "ann: no"
        assert virtual_time.now < WRITE_PATIENCE_S
        assert ann.next() == "slow has left"
    [failure] = failures.events
    assert isinstance(failure, ActorFailed)
    assert isinstance(failure.reason, Crashed)
    assert isinstance(failure.reason.error, TimeoutError)


def test_each_client_is_told_when_the_server_ends(virtual_time: VirtualTime) -> None:
    with ActorSystem() as system:
        server = Server(system)
        ann, bob = server.enter("ann"), server.enter("bob")
        ann.all()
        bob.reads.clear()
        began = virtual_time.now
    assert ann.all() == ["the server ends; good bye"]
    assert virtual_time.now - began < 3.0


@pytest.mark.parametrize("virtual_time", range(50), indirect=True)
def test_in_any_order_all_know_in_the_end_who_is_there(server: Server) -> None:
    clients = {nick: server.connect() for nick in ("ann", "bob", "eve", "joe")}
    for nick, client in clients.items():
        client.type(nick)
    for _ in range(20):
        client = random.choice(list(clients.values()))
        client.type(f"/join {random.choice(['lobby', 'tea'])}")
        gevent.sleep(random.choice([0.0, 0.001]))
    clients.pop("joe").hang_up()
    for client in clients.values():
        client.type("/join tea")
    for client in clients.values():
        client.all()
    for client in clients.values():
        client.type("/who")
        assert client.all() == ["in tea: ann bob eve"]


Connect = Callable[[str], Any]


@pytest.fixture
def program(start: Start) -> Any:
    process = start("chat.py")
    assert process.stdout is not None
    process.port = int(process.stdout.readline().rpartition(":")[2])  # type: ignore[attr-defined]
    return process


@pytest.fixture
def connect(program: Any) -> Iterator[Connect]:
    """Connect a client that has a nick name, as a text file; it has read that it is there."""
    with ExitStack() as connections:

        def connect(nick: str) -> Any:
            with socket.create_connection(
                ("127.0.0.1", program.port), timeout=PATIENCE_S
            ) as client:
                lines = connections.enter_context(client.makefile("rw"))
            assert lines.readline() == "your nick name?\n"
            say(lines, nick)
            assert is_shown(lines, f"{nick} is here")
            return lines

        yield connect


def say(client: Any, *lines: str) -> None:
    client.writelines(f"{line}\n" for line in lines)
    client.flush()


def is_shown(client: Any, line: str) -> bool:
    """Read until this line comes; whether it does before the connection ends."""
    return f"{line}\n" in iter(client.readline, "")


@pytest.mark.slow
def test_clients_of_the_program_talk_and_it_ends_in_order(program: Any, connect: Connect) -> None:
    ann, bob = connect("ann"), connect("bob")
    say(bob, "good morning")
    assert is_shown(ann, "bob: good morning")
    assert is_shown(bob, "bob: good morning")
    bob.close()
    assert is_shown(ann, "bob has left")
    eve = connect("eve")
    assert is_shown(ann, "eve is here")
    program.send_signal(signal.SIGINT)
    for client in (ann, eve):
        assert is_shown(client, "the server ends; good bye")
        assert client.read() == ""
    assert (*program.communicate(timeout=PATIENCE_S), program.returncode) == ("", "", 0)


@pytest.mark.slow
def test_a_client_that_does_not_read_holds_up_no_other(program: Any, connect: Connect) -> None:
    ann = connect("ann")
    connect("slow")
    assert is_shown(ann, "slow is here")
    began = time.monotonic()
    for _ in range(60):
        say(ann, *["x" * 990] * 100)
        for _ in range(100):
            assert ann.readline() == f"ann: {'x' * 990}\n"
    assert time.monotonic() - began < WRITE_PATIENCE_S
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=PATIENCE_S)
    assert "sessions/session-2 failed (incarnation 1): killed" in said
