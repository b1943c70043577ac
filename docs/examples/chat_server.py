"""A chat: each line that a client writes goes to all clients. Try it with `nc 127.0.0.1 PORT`."""

from gevent import monkey

monkey.patch_all()  # before any other import

import signal
from contextlib import suppress
from socket import socket

import gevent
from gevent.server import StreamServer

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Overflow, Restart, Terminated
from rnd_actors.supervision import ShutdownOrder, StartChild, Supervisor


class Room(Actor[ActorRef[bytes] | bytes | Terminated]):
    """Tells each line to all clients; a client joins by telling its ref."""

    def __init__(self) -> None:
        self.clients: list[ActorRef[bytes]] = []

    def receive(self, message: ActorRef[bytes] | bytes | Terminated) -> None:
        match message:
            case ActorRef():
                self.watch(message)
                self.clients.append(message)
            case Terminated(client):
                self.clients.remove(client)
            case line:
                for client in self.clients:
                    client.tell(line)


class Client(Actor[bytes]):
    """One connection: what comes from it goes to the room, what the room says goes to it."""

    def __init__(self, connection: socket, room: ActorRef[ActorRef[bytes] | bytes]) -> None:
        self.connection = connection
        self.room = room

    def on_start(self) -> None:
        self.room.tell(self.ref)
        self.background(self.read)

    def read(self) -> None:
        with suppress(ConnectionError), self.connection.makefile("rb") as lines:
            for line in lines:
                self.room.tell(line)
        self.ref.drain()  # the client has hung up

    def receive(self, line: bytes) -> None:
        with suppress(ConnectionError):
            self.connection.sendall(line)


with ActorSystem() as system:
    room = system.start(ChildSpec("room", Room, capacity=100))
    clients = system.start(
        ChildSpec("clients", lambda: Supervisor([], shutdown_order=ShutdownOrder.PARALLEL))
    )

    def handle(connection: socket, _: object) -> None:
        spec = ChildSpec(
            str(connection.fileno()),
            lambda: Client(connection, room),
            restart=Restart.TEMPORARY,
            shutdown=1.0,
            capacity=100,
            overflow=Overflow.DROP_OLDEST,
        )
        clients.ask(StartChild(spec)).join()

    server = StreamServer(("127.0.0.1", 0), handle)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.start()
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
