"""The server of a page: gevent's own, in the process and the loop of the actors."""

import logging
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    InvalidHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from io import BytesIO
from typing import Any, Final

import gevent
from gevent.pool import Pool
from gevent.pywsgi import Input, WSGIHandler, WSGIServer

from rnd_actors.actors import ActorSystem
from rnd_actors.control import Operations, RunOperations
from rnd_actors.metrics import Metrics
from rnd_actors.running import LiveRun
from rnd_actors.web._app import make_app
from rnd_actors.web._clients import CLIENT
from rnd_actors.web._listener import Address, Listener, listen
from rnd_actors.web._security import Guard
from rnd_actors.web._streams import Streams

_MOST_CLIENTS: Final = 200
_PATIENCE_S: Final = 10.0
"""How long a client may take to send a request, or to read a piece of an answer."""
_LONGEST_BODY: Final = 1 << 16
_SEND_BUFFER: Final = 1 << 16
"""Bytes that the kernel keeps for a client; more would only be old when they are read."""
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEFECTS: Final = (
    FirstHeaderLineIsContinuationDefect,
    InvalidHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
_ONLY_ONCE: Final = ("Host", "Content-Length", "Transfer-Encoding")
_REFUSALS: Final = {
    "400": "400 Bad Request",
    "411": "411 Length Required",
    "413": "413 Content Too Large",
}


@contextmanager
def serve(
    system: ActorSystem,
    address: Address = ("127.0.0.1", 0),
    *,
    token: str | None = None,
    names: Iterable[str] = (),
) -> Iterator[Listener]:
    """Serve the page of a system while the block runs; `listener.url` is where it is.

    The server runs in greenlets of the thread of the system; leave the block before the system.

    Args:
        system: an entered `ActorSystem`, of this thread.
        address: as in `listen`.
        token: as in `listen`.
        names: as in `listen`.

    Raises:
        SettingsError: an argument is not accepted, or the address cannot be listened on.
        SettingsConflictError: other machines can reach the address, and there is no token.
        WrongThreadError: the system belongs to another thread.

    Example:
        >>> import json
        >>> from urllib.request import Request, urlopen
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.web import serve
        >>> with ActorSystem() as system, serve(system) as listener:
        ...     ref = system.start(ChildSpec("counter", Actor))
        ...     header = {"Authorization": f"Bearer {listener.token}"}
        ...     with urlopen(Request(f"{listener.address}api/actors", headers=header)) as answer:
        ...         actors = json.load(answer)["actors"]
        >>> [actor["name"] for actor in actors]
        ['system', 'counter']
    """
    with listen(address, token=token, names=names) as listener:
        operations = Operations(system)
        with _serving(listener, operations, Metrics(system)):
            yield listener


@contextmanager
def serve_live_run(
    live: LiveRun,
    listener: Listener | None = None,
    interrupt: Callable[[], object] | None = None,
) -> Iterator[Listener]:
    """Serve the page of a run while the block runs; `run(…, control=serve_live_run)` passes it.

    Args:
        live: the run.
        listener: where; None: on a free port of this machine, which is closed at the end.
        interrupt: called to stop the run, and a second time to end it at once; None: the run stops
            as by its `interrupted` flag, and its workers are killed to end it at once.
    """
    with listener or listen() as listening:
        live.url = listening.address
        try:
            operations = RunOperations(live, interrupt)
            with _serving(listening, operations, Metrics(live.system, live)):
                yield listening
        finally:
            live.url = None


@contextmanager
def _serving(listener: Listener, operations: Operations, metrics: Metrics) -> Iterator[None]:
    streams = Streams(operations)
    app = make_app(operations, Guard(listener), streams, metrics)
    clients = Pool(_MOST_CLIENTS)
    server = WSGIServer(
        listener.socket,
        app,
        spawn=clients,
        log=None,
        error_log=None,
        handler_class=_Handler,
        environ={"SERVER_NAME": listener.host},  # or it would look for one, and wait
    )
    server.start()
    try:
        yield
    finally:
        server.close()
        streams.close()
        server.stop(timeout=0)
        operations.end()
        metrics.close()


class _RefusedError(ValueError):
    """A request that is not read: an HTTP status."""


class _Handler(WSGIHandler):
    """Reads requests of bounded size in bounded time, and says nothing of what clients do."""

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        super().__init__(sock, address, server)
        self._body = b""
        sock.settimeout(_PATIENCE_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def handle(self) -> None:
        """Answer the requests of a connection, until it is closed or one is wrong."""
        try:
            super().handle()
        except OSError:
            pass  # the client has gone
        except Exception:
            logging.getLogger("rnd_actors").debug("a request was wrong", exc_info=True)

    def read_requestline(self) -> str:
        """Return the first line of a request."""
        with gevent.Timeout(_PATIENCE_S, TimeoutError()):
            line: str = super().read_requestline()
            return line

    def read_request(self, raw_requestline: str) -> Any:
        """Read the rest of a request, with its body."""
        with gevent.Timeout(_PATIENCE_S, TimeoutError()):
            raw_requestline.encode("latin-1").decode()  # what is no UTF-8 is refused
            is_read = super().read_request(raw_requestline)
            _check_head(self.headers)
            if self.headers.get("Transfer-Encoding") is not None:
                raise _RefusedError("411")
            length = self.content_length or 0
            if length > _LONGEST_BODY:
                raise _RefusedError("413")
            self._body = self.rfile.read(length)
            if len(self._body) < length:
                raise _RefusedError("400")
            return is_read

    def get_environ(self) -> dict[str, Any]:
        """Return the environment of the application, with the body and the client."""
        environ: dict[str, Any] = super().get_environ()
        body: Any = BytesIO(self._body)
        self.wsgi_input = Input(body, len(self._body))
        environ["wsgi.input"] = self.wsgi_input
        environ[CLIENT] = self.socket
        return environ

    def handle_error(self, t: Any, v: Any, tb: Any) -> None:
        """Close the connection after an error: its client has gone, or does not read."""
        self.close_connection = True
        if not issubclass(t, OSError | gevent.GreenletExit):
            logging.getLogger("rnd_actors").error("an answer failed", exc_info=(t, v, tb))

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        status = _REFUSALS[str(ex) if isinstance(ex, _RefusedError) else "400"]
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        return status, head.encode()


def _check_head(headers: Any) -> None:
    """Refuse headers that a proxy before this may have read in another way (request smuggling)."""
    is_clear = (
        not any(isinstance(defect, _DEFECTS) for defect in headers.defects)
        and all(_HEADER_NAME.fullmatch(name) for name in headers)
        and all(len(headers.get_all(name, ())) <= 1 for name in _ONLY_ONCE)
        and _LENGTH.fullmatch(headers.get("Content-Length", "0").strip())
    )
    if not is_clear:
        raise _RefusedError("400")
