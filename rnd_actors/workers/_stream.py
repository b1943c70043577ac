"""The stream of a worker: from the answer to an HTTP request to the numbers in its lines."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import BadStatusLine
from typing import Any, Final

import gevent
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    HTTPError,
    InvalidHeader,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from rnd_actors.errors import (
    StreamCutError,
    WorkerBusyError,
    WorkerError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerUnreachableError,
)
from rnd_actors.workers._http import WorkerPool

_HEADERS: Final = {
    "Transfer-Encoding": ("chunked",),
    "Content-Encoding": ("none", "identity"),
    "Content-Type": ("application/text", "text/plain"),
}
"""What an answer may say; the first type is that of the contract, the second what Go sends."""
_LONGEST_SHOWN: Final = 80
_LINE: Final = re.compile(rb"rnd=(-?[0-9]{1,18})\r?")
_SAMPLES: Final = re.compile(rb"(?:rnd=-?[0-9]{1,18}\r?\n)*+")
"""What nearly always comes: then all lines are read at once, which is faster."""
_EMPTY: Final = (b"", b"\r")
_LONGEST_KEPT: Final = 256
"""Bytes of a line that are kept: a sample is far shorter, and a message needs no more to show."""


class WorkerStream:
    """Asks the worker at `port` for numbers; iterating gives its answer as it comes.

    It takes what the contract of workers says: status 200, chunked, plain text, and the
    `X-Worker-Id` that the worker was started with, since a stranger may have taken its port. Each
    wait, for the answer and for its next byte, may take `stall_timeout` seconds.

    It has to be closed by the greenlet that opened it. Closing an unfinished answer does not wait
    for the rest; killing the greenlet while it waits closes the connection, too.

    Raises:
        WorkerUnreachableError: nobody listens.
        WorkerBusyError: the worker has another reader.
        WorkerRefusedError, WorkerSilentError, StreamCutError: the answer is not what the contract
            says, does not come, or ends early; from iterating, too.
    """

    def __init__(self, port: int, worker: int, numbers: int, stall_timeout: float) -> None:
        self._stall_timeout = stall_timeout
        self._ending: Any = None
        self._pool = WorkerPool(port, stall_timeout)
        with self._translated_errors():
            self._response = self._ask(numbers)
        if objection := _objection(self._response, worker):
            self.close()
            raise objection
        connection: Any = self._response.connection
        self._socket: socket.socket = connection.sock
        self.client_port: int = self._socket.getsockname()[1]
        """This program's own end of the connection."""

    def __iter__(self) -> Iterator[bytes]:
        """Give the answer in pieces: each is all that is there, of one chunk or of many."""
        with self._translated_errors():
            while piece := self._response.read1():
                yield piece

    def end_soon(self, patience: float) -> None:
        """Cut the connection in `patience` seconds, unless the answer is closed by then."""
        if not self._response.closed:
            self._ending = gevent.get_hub().loop.timer(patience)
            self._ending.start(self._shut_down)

    def _shut_down(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._ending is not None:
            self._ending.close()
        self._response.close()
        self._pool.close()

    def _ask(self, numbers: int) -> BaseHTTPResponse:
        try:
            return self._pool.ask(numbers)
        except NewConnectionError as error:
            raise WorkerUnreachableError("does not listen") from error
        except ProtocolError as error:
            raise head_error(error) from error
        except InvalidHeader as error:
            raise _head_refused(error) from error

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn the errors of urllib3 into those of a worker."""
        try:
            yield
        except ReadTimeoutError as error:
            raise WorkerSilentError(f"silent for {self._stall_timeout:g} s") from error
        except HTTPError as error:
            raise StreamCutError("the connection was cut") from error


def head_error(error: ProtocolError) -> WorkerError:
    """Return what went wrong before the body began, which urllib3 has in its last argument."""
    match error.args[-1]:
        case OSError():  # RemoteDisconnected, too, which is also a BadStatusLine
            return StreamCutError("the connection was cut")
        case BadStatusLine() as cause:
            return WorkerRefusedError(f"it does not speak HTTP: {shown_briefly(str(cause))}")
        case cause:
            return _head_refused(cause)


def _head_refused(cause: object) -> WorkerRefusedError:
    return WorkerRefusedError(f"the head of its answer: {shown_briefly(str(cause))}")


def _objection(response: BaseHTTPResponse, worker: int) -> WorkerRefusedError | None:
    """Return what is wrong with the head of an answer."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return WorkerBusyError("it has another reader (429 Too Many Requests)")
    if response.status != HTTPStatus.OK:
        return _unexpected("status 200", f"{response.status} {response.reason}")
    for wanted, got, fits in judged_headers(response, worker):
        if not fits:
            is_id = wanted.startswith("X-Worker-Id")
            hint = "; somebody else may answer on its port" if is_id else ""
            return _unexpected(wanted, got + hint)
    return None


def judged_headers(response: BaseHTTPResponse, worker: int) -> Iterator[tuple[str, str, bool]]:
    """Give each header that a run needs: what is wanted, what came, and whether that fits."""
    for name, accepted in _HEADERS.items():
        got = response.headers.get(name, "none")
        fits = got.partition(";")[0].strip().lower() in accepted
        yield f"{name}: {' or '.join(accepted)}", got, fits
    got = response.headers.get("X-Worker-Id", "none")
    yield f"X-Worker-Id: {worker}", got, got.strip() == str(worker)


def _unexpected(expected: str, got: str) -> WorkerRefusedError:
    return WorkerRefusedError(f"an answer with {expected} was expected; got {shown_briefly(got)}")


def shown_briefly(text: str) -> str:
    """Return the beginning of what a worker sent, fit for one line of a log."""
    return text[:_LONGEST_SHOWN].encode("unicode_escape").decode()


class LineParser:
    """Cuts a stream of bytes into lines and reads the number of each.

    A chunk is not a line: a line may come in pieces and a chunk may hold many. Lines end in LF or
    CRLF; empty ones do not count. `malformed` is called with the beginning of each line that is no
    sample; no more than 256 bytes of an unfinished line are kept.
    """

    def __init__(self, malformed: Callable[[bytes], object]) -> None:
        self._malformed = malformed
        self._tail = b""
        self.received = 0
        """How many lines were complete so far, malformed ones included."""

    def feed(self, chunk: bytes) -> list[int]:
        """Return the numbers of the lines that are complete with the next bytes."""
        data = self._tail + chunk
        end = data.rfind(b"\n") + 1
        self._tail = data[end : end + _LONGEST_KEPT]
        lines = data[:end]
        if _SAMPLES.fullmatch(lines):
            numbers = [int(number) for number in lines.replace(b"rnd=", b"").split()]
            self.received += len(numbers)
            return numbers
        each = (self._read(line) for line in lines.split(b"\n"))
        return [number for number in each if number is not None]

    def finish(self) -> None:
        """End the stream: a piece of a line that is left is malformed, never a sample."""
        if self._tail not in _EMPTY:
            self._refuse(self._tail)
        self._tail = b""

    def _read(self, line: bytes) -> int | None:
        if match := _LINE.fullmatch(line):
            self.received += 1
            return int(match[1])
        if line not in _EMPTY:
            self._refuse(line)
        return None

    def _refuse(self, line: bytes) -> None:
        self.received += 1
        self._malformed(line[:_LONGEST_KEPT])
