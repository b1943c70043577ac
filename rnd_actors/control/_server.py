"""The control socket of a run: who may connect, what is read, and what is answered."""

import json
import logging
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import gevent
from attrs import frozen
from gevent.pool import Pool
from gevent.server import StreamServer
from gevent.socket import wait_read

from rnd_actors._json import to_json
from rnd_actors._printing import one_line, text_of
from rnd_actors.control._folder import RunAddress, give_back, take_address
from rnd_actors.control._run_operations import RunOperations
from rnd_actors.errors import ControlError, RndActorsError
from rnd_actors.events import Event
from rnd_actors.running import LiveRun

_MOST_CLIENTS: Final = 32
_LONGEST_LINE: Final = 1 << 16
_PATIENCE_S: Final = 10.0
"""How long a client may take to send a request, or to read an answer."""
_FAREWELL_S: Final = 0.5
"""How long the end of a run waits for clients that are being answered."""
_READ_SIZE: Final = 4096
_CREDENTIALS: Final = struct.Struct("3i")
"""The pid, the user and the group of a peer (`man 7 unix`, `SO_PEERCRED`)."""


@frozen
class ControlUnavailable(Event):
    """A run has no control socket, and goes on without one.

    Args:
        why: what was in the way.
    """

    level = logging.WARNING
    why: str

    def __str__(self) -> str:
        return f"this run cannot be looked at or steered from outside: {self.why}"


@contextmanager
def serve_run(live: LiveRun, interrupt: Callable[[], object] | None = None) -> Iterator[None]:
    """Answer on a control socket what is asked about a run, while the block runs.

    A request is a line of JSON, `{"operation": "status", "arguments": {}}`, and so is an answer:
    `{"result": …}` or `{"error": "…"}`. Only this user and root are answered. If the socket cannot
    be made, a `ControlUnavailable` event says why, and the run goes on.

    Args:
        live: the run; `run(…, control=serve_run)` passes it.
        interrupt: called to stop the run, and a second time to end it at once; None: the run stops
            as by its `interrupted` flag, and its workers are killed to end it at once.
    """
    server = None
    try:
        server = _Server(take_address(), live, interrupt)
    except (OSError, RndActorsError) as error:
        live.system.events.publish(ControlUnavailable(text_of(error)))
    try:
        yield
    finally:
        if server is not None:
            server.close()


class _Server:
    """Listens on the socket of a run, with a greenlet for each client."""

    def __init__(
        self, address: RunAddress, live: LiveRun, interrupt: Callable[[], object] | None
    ) -> None:
        self._address = address
        self._answering = set[Any]()
        try:
            self._operations = RunOperations(live, interrupt, address.id)
            self._clients = Pool(_MOST_CLIENTS)
            self._server = StreamServer(_listening(address), self._serve, spawn=self._clients)
            self._server.start()
        except BaseException:
            give_back(address)
            raise

    def close(self) -> None:
        """Send what is being answered, as far as that is quick, and end."""
        give_back(self._address)
        self._server.close()
        self._operations.end()
        gevent.joinall(list(self._answering), timeout=_FAREWELL_S)
        self._clients.kill()

    def _serve(self, client: Any, _: object) -> None:
        """Answer one client until it goes; nothing that it does may disturb the run."""
        with suppress(OSError):
            if _may_ask(client):
                for line in _lines(client):
                    self._answer(client, line)

    def _answer(self, client: Any, line: bytes) -> None:
        me: Any = gevent.getcurrent()
        self._answering.add(me)
        watcher = gevent.spawn(_kill_when_gone, client, me)
        try:
            client.settimeout(_PATIENCE_S)
            for answer in self._answers(line):
                client.sendall(answer)
        finally:
            self._answering.discard(me)
            watcher.kill()

    def _answers(self, line: bytes) -> Iterator[bytes]:
        try:
            request = _request_of(line)
            operation, arguments = request.get("operation"), request.get("arguments", {})
            for answer in self._operations.answers(operation, arguments):
                yield _line(result=answer)
        except RndActorsError as error:
            yield _line(error=one_line(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, the run goes on
            yield _line(error=f"it failed: {one_line(repr(error))}")


def _listening(address: RunAddress) -> Any:
    """Return a socket that listens; it gets its name only then, so that a client finds no other."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = address.socket.with_name(f".{address.socket.name}")
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(_MOST_CLIENTS)
        listener.setblocking(False)  # noqa: FBT003
        path.rename(address.socket)
    except BaseException:
        listener.close()
        path.unlink(missing_ok=True)
        raise
    return listener


def _request_of(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (RecursionError, ValueError) as error:
        raise ControlError(f"a request is a line of JSON; {one_line(error)}") from None
    if not isinstance(request, dict):
        raise ControlError('a request is an object, {"operation": "status"}')
    return request


def _line(**answer: object) -> bytes:
    return to_json(answer, default=text_of).encode() + b"\n"


def _may_ask(client: Any) -> bool:
    """Return whether the peer is this user or root; the private folder has kept out the others."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    data = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(data)
    return user in (0, os.getuid())


def _kill_when_gone(client: Any, answering: Any) -> None:
    """Kill what answers a client that has gone; one that only sends no more is answered."""
    wait_read(client.fileno())
    try:
        if not client.recv(1, socket.MSG_PEEK):
            client.send(b"")
    except OSError:
        answering.kill(block=False)


def _lines(client: Any) -> Iterator[bytes]:
    """Give the requests of a client; one that is too long or takes too long is the last."""
    rest = b""
    while True:
        with gevent.Timeout(_PATIENCE_S, TimeoutError()):
            while b"\n" not in rest and len(rest) <= _LONGEST_LINE:
                some = client.recv(_READ_SIZE)
                if not some:
                    return
                rest += some
        line, newline, rest = rest.partition(b"\n")
        if not newline or len(line) > _LONGEST_LINE:
            return
        yield line
