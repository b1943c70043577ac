"""The stream of one worker: the answer to one HTTP request, read as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import BadStatusLine, HTTPException, RemoteDisconnected
from typing import Final

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, InvalidHeader, ReadTimeoutError

from rnd_actors.errors import (
    StreamCutError,
    WorkerBusyError,
    WorkerError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerUnreachableError,
)
from rnd_actors.workers._guarded_socket import GuardedSocket

__all__ = ["WorkerStream"]

_HOST: Final = "127.0.0.1"
_OK: Final = 200
_TOO_MANY_REQUESTS: Final = 429
_CONTENT_TYPES: Final = ("application/text", "text/plain")
"""The first is that of the contract; the second is what Go sends of itself for such a body."""
_READ_SIZE: Final = 16384
_END_OF_CHUNK: Final = len(b"\r\n")
"""Bytes that are left unread where a chunk ends: if it is no more, nothing else is there yet."""
_LONGEST_SHOWN: Final = 80


class WorkerStream:
    """Asks the worker at `port` for numbers; iterating gives its answer as it comes.

    What it takes is what the contract of workers says: status 200, chunked, plain text, and the
    `X-Worker-Id` that it was started with, since a stranger may have taken its port.

    It reads with `http.client`, below urllib3, whose own way takes far longer for each chunk.

    It owns its connection, which no pool can lose when the greenlet is killed, and has to be closed
    by the greenlet that opened it. Closing an unfinished answer does not wait for the rest.

    Args:
        port: where the worker listens on 127.0.0.1.
        worker: its id.
        numbers: how many to ask for.
        stall_timeout: seconds that it may take for its answer, and then for each next byte.

    Raises:
        WorkerUnreachableError: nobody listens.
        WorkerBusyError: the worker has another reader.
        WorkerRefusedError: the answer is not what the contract says; from iterating, too.
        WorkerSilentError: the worker does not answer; from iterating, too.
        StreamCutError: the connection ended early; from iterating, too.
    """

    def __init__(self, port: int, worker: int, numbers: int, stall_timeout: float) -> None:
        self._stall_timeout = stall_timeout
        self._socket = _connect(port, stall_timeout)
        self._connection = HTTPConnection(_HOST, port, timeout=stall_timeout)
        self._connection.sock = self._socket
        try:
            with self._translated_errors():
                self._response = self._ask(numbers)
        except BaseException:
            self._socket.close_all()
            raise
        if objection := _objection(self._response, worker):
            self.close()
            raise objection

    def __iter__(self) -> Iterator[bytes]:
        """Give the answer in pieces: each is all that is there, of one chunk or of many."""
        sock, chunks, failure = self._socket, list[bytes](), None
        read = getattr(self._response, "_fp", self._response).read1
        try:
            with self._translated_errors():
                sock.renew()
                while chunk := read(_READ_SIZE):
                    if not chunks:
                        reads = sock.reads
                    chunks.append(chunk)
                    if sock.unread <= _END_OF_CHUNK or sock.reads > reads:
                        yield b"".join(chunks)
                        chunks.clear()
                        sock.renew()  # only now: how long the reader took is not the worker's fault
        except WorkerError as error:
            failure = error
        if chunks:
            yield b"".join(chunks)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Close the connection."""
        self._socket.close_all()

    def _ask(self, numbers: int) -> HTTPResponse:
        target = f"/rnd?n={numbers}"
        self._connection.request("GET", target, preload_content=False, decode_content=False)
        try:
            return self._connection.getresponse()
        except RemoteDisconnected:
            raise
        except BadStatusLine as error:
            raise WorkerRefusedError(f"it does not speak HTTP: {_shown(str(error))}") from error
        except (HTTPException, InvalidHeader) as error:
            raise WorkerRefusedError(f"the head of its answer: {_shown(str(error))}") from error

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn the errors of urllib3 and below into those of a worker."""
        try:
            yield
        except (ReadTimeoutError, TimeoutError) as error:
            raise WorkerSilentError(f"silent for {self._stall_timeout:g} s") from error
        except (HTTPError, HTTPException, OSError) as error:
            raise StreamCutError("the connection was cut") from error


def _connect(port: int, timeout: float) -> GuardedSocket:
    """Connect without a resolver thread; leave no socket behind if the greenlet is killed."""
    sock = GuardedSocket(timeout)
    try:
        sock.settimeout(timeout)
        sock.connect((_HOST, port))
    except OSError as error:
        sock.close()
        raise WorkerUnreachableError("does not listen") from error
    except BaseException:
        sock.close()
        raise
    return sock


def _objection(response: HTTPResponse, worker: int) -> WorkerRefusedError | None:
    """Return what is wrong with the head of an answer."""
    if response.status == _TOO_MANY_REQUESTS:
        return WorkerBusyError("it has another reader (429 Too Many Requests)")
    if response.status != _OK:
        return _unexpected("status 200", f"{response.status} {response.reason}")
    headers = response.headers
    encoding = headers.get("Transfer-Encoding", "none")
    if encoding.lower() != "chunked":
        return _unexpected("Transfer-Encoding: chunked", encoding)
    content_type = headers.get("Content-Type", "none")
    if content_type.partition(";")[0].strip().lower() not in _CONTENT_TYPES:
        return _unexpected(f"Content-Type: {' or '.join(_CONTENT_TYPES)}", content_type)
    worker_id = headers.get("X-Worker-Id", "none")
    if worker_id != str(worker):
        hint = "somebody else may answer on its port"
        return _unexpected(f"X-Worker-Id: {worker}", f"{worker_id}; {hint}")
    return None


def _unexpected(expected: str, got: str) -> WorkerRefusedError:
    return WorkerRefusedError(f"an answer with {expected} was expected; got {_shown(got)}")


def _shown(text: str) -> str:
    """Return the beginning of what a worker sent, fit for one line of a log."""
    return text[:_LONGEST_SHOWN].encode("unicode_escape").decode()
