"""A chat server with rooms: start it, and connect with `nc 127.0.0.1 PORT`.

A client sends its nick name, then `/join ROOM`, `/who`, `/msg NICK TEXT`, or what it has to say.
"""

from gevent import monkey

monkey.patch_all()  # before any other import

import signal
import sys
from contextlib import suppress
from functools import partial
from socket import socket
from typing import Any

import gevent
from attrs import frozen
from gevent.server import StreamServer

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Overflow, Restart, Stopped
from rnd_actors.errors import AlreadyRegisteredError
from rnd_actors.registry import Registered, Registry, Topic, Unregistered
from rnd_actors.supervision import DynamicSupervisor, StartChild

WRITE_PATIENCE_S = 30.0


@frozen
class Line:  # what the client has typed; what it is to read is a `str`
    text: str


class Chat:
    def __init__(self) -> None:
        self.nicks: Registry[str] = Registry(unique=True)
        self.members: Registry[str] = Registry()  # the key is the room
        self.rooms: dict[str, Topic[str]] = {name: Topic() for name in ("lobby", "tea")}


class Session(Actor[Line | str | Registered | Unregistered]):
    def __init__(self, connection: socket, chat: Chat) -> None:
        self.connection = connection
        self.chat = chat
        self.nick = ""
        self.room = ""

    def on_start(self) -> None:
        self.tell_first("your nick name?")
        self.background(self.read)

    def read(self) -> None:
        with suppress(ConnectionError), self.connection.makefile(errors="replace") as lines:
            while line := lines.readline(1000):
                self.ref.tell(Line(line.strip()))
        self.ref.drain()  # the client has hung up

    def receive(self, message: Line | str | Registered | Unregistered) -> None:
        match message:
            case Line(text) if self.nick:
                self.obey(text)
            case Line(text) if text:
                self.take_nick(text)
            case str(text):
                self.write(text)
            case Registered(self.room, _, nick):
                self.write(f"{nick} is here")
            case Unregistered(self.room, _, nick):
                self.write(f"{nick} has left")

    def take_nick(self, nick: str) -> None:
        try:
            self.chat.nicks.register(nick, self.ref)
        except AlreadyRegisteredError:
            self.write(f"{nick} is taken; another one?")
        else:
            self.nick = nick
            self.join("lobby")

    def obey(self, line: str) -> None:
        match line.split(maxsplit=2):
            case ["/join", room] if room in self.chat.rooms:
                self.leave()
                self.join(room)
            case ["/who"]:
                nicks = sorted(self.chat.members.entries(self.room).values())
                self.write(f"in {self.room}: {' '.join(nicks)}")
            case ["/msg", nick, text] if found := self.chat.nicks.lookup(nick):
                found[0].tell(f"{self.nick} to you: {text}")
            case [command, *_] if command.startswith("/"):
                self.write(f"not possible: {line}; the rooms are {' '.join(self.chat.rooms)}")
            case [_, *_]:
                self.chat.rooms[self.room].publish(f"{self.nick}: {line}")

    def join(self, room: str) -> None:
        self.room = room
        self.chat.rooms[room].subscribe(self.ref)
        self.chat.members.register(room, self.ref, self.nick)
        self.chat.members.watch(room, self.ref)

    def leave(self) -> None:
        self.chat.members.unwatch(self.room, self.ref)
        self.chat.members.unregister(self.room, self.ref)
        self.chat.rooms[self.room].unsubscribe(self.ref)

    def write(self, text: str) -> None:
        with suppress(ConnectionError), gevent.Timeout(WRITE_PATIENCE_S, TimeoutError):
            self.connection.sendall(f"{text}\n".encode())

    def on_stop(self, reason: object) -> None:
        if reason == Stopped():
            self.write("the server ends; good bye")


def handle(sessions: ActorRef[Any], chat: Chat, connection: socket, _: object) -> None:
    spec = ChildSpec(
        "session",
        lambda: Session(connection, chat),
        restart=Restart.TEMPORARY,
        shutdown=1.0,
        capacity=1000,  # a client that reads slowly misses the rest; nobody waits for it
        overflow=Overflow.DROP_NEWEST,
    )
    sessions.ask(StartChild(spec)).join()


def main(port: int = 0) -> None:
    with ActorSystem() as system:
        sessions = system.start(ChildSpec("sessions", DynamicSupervisor))
        server = StreamServer(("127.0.0.1", port), partial(handle, sessions, Chat()))
        server.start()
        print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
        gevent.signal_handler(signal.SIGINT, server.stop)
        server.serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
