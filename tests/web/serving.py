"""A served system, and clients of it that a browser would never be."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from rnd_actors.actors import Actor
from rnd_actors.web import Listener

__all__ = [
    "Answer",
    "Fragile",
    "Stream",
    "ask",
    "connected",
    "request_of",
    "send",
    "stream",
    "watch",
]


class Fragile(Actor[Any]):
    """Crashes on negative numbers."""

    def receive(self, message: Any) -> None:
        if isinstance(message, int) and message < 0:
            raise ValueError(message)


@frozen
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@contextmanager
def connected(listener: Listener) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as client:
        yield client


def send(listener: Listener, request: bytes) -> Answer:
    """Send bytes as they are, and return the answer."""
    with connected(listener) as client:
        client.sendall(request)
        return read_answer(client)


def ask(
    listener: Listener,
    path: str,
    body: object = None,
    *,
    method: str | None = None,
    **headers: str | None,
) -> Answer:
    """Ask as a client with the token does; further headers take the place of the usual ones."""
    return send(listener, request_of(listener, path, body, method=method, **headers))


def request_of(
    listener: Listener,
    path: str,
    body: object = None,
    *,
    method: str | None = None,
    **headers: str | None,
) -> bytes:
    """Return the request of a client with the token, as `ask` sends it."""
    data = b"" if body is None else json.dumps(body).encode()
    usual: dict[str, str | None] = {
        "host": f"127.0.0.1:{listener.port}",
        "authorization": f"Bearer {listener.token}",
        "content_type": None if body is None else "application/json",
        "content_length": str(len(data)) if data else None,
        "connection": "close",
        **headers,
    }
    method = method or ("GET" if body is None else "POST")
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in usual.items() if value]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data


def read_answer(client: socket.socket) -> Answer:
    with client.makefile("rb") as lines:
        _, status, *_ = lines.readline().split(b" ", 2)
        headers = read_headers(lines)
        return Answer(int(status), headers, lines.read())


def read_headers(lines: Any) -> dict[str, str]:
    headers = {}
    while line := lines.readline().strip().decode("latin-1"):
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return headers


class Stream:
    """What a watcher is sent: events with their data, and comments."""

    def __init__(self, lines: Any) -> None:
        self._lines = lines
        self._events = self._parsed()
        self.headers: dict[str, str] = {}

    def open(self) -> "Stream":
        assert self._lines.readline() == b"HTTP/1.1 200 OK\r\n"
        self.headers = read_headers(self._lines)
        return self

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Give (event, data), and ("", comment), until the stream ends."""
        return self._events

    def _parsed(self) -> Iterator[tuple[str, Any]]:
        event, data = "", ""
        for line in self._text():
            name, _, value = line.partition(": ")
            if not line and event:
                yield event, json.loads(data)
                event = ""
            elif line.startswith(":"):
                yield "", line[1:].strip()
            elif name == "event":
                event = value
            elif name == "data":
                data = value

    def next(self, event: str) -> Any:
        return next(data for each, data in self if each == event)

    def _text(self) -> Iterator[str]:
        """Give the lines in the chunks."""
        rest = ""
        while size := int(self._lines.readline() or b"0", 16):
            rest += self._lines.read(size).decode()
            self._lines.readline()
            *whole, rest = rest.split("\n")
            yield from whole


def watch(listener: Listener, client: socket.socket) -> None:
    """Ask for the stream, and read nothing of it."""
    client.sendall(
        f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{listener.port}\r\n"
        f"Authorization: Bearer {listener.token}\r\n\r\n".encode()
    )


@contextmanager
def stream(listener: Listener) -> Iterator[Stream]:
    with connected(listener) as client, client.makefile("rb") as lines:
        watch(listener, client)
        yield Stream(lines).open()
