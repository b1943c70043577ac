"""The stream of one worker: the answer to one HTTP request, read as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import BadStatusLine
from typing import Final

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

__all__ = ["WorkerStream"]

_HOST: Final = "127.0.0.1"
_OK: Final = 200
_TOO_MANY_REQUESTS: Final = 429
_CONTENT_TYPES: Final = ("application/text", "text/plain")
"""The first is that of the contract; the second is what Go sends of itself for such a body."""
_LONGEST_SHOWN: Final = 80


class WorkerStream:
    """Asks the worker at `port` for numbers; iterating gives its answer as it comes.

    What it takes is what the contract of workers says: status 200, chunked, plain text, and the
    `X-Worker-Id` that it was started with, since a stranger may have taken its port.

    It has to be closed by the greenlet that opened it. Closing an unfinished answer does not wait
    for the rest; killing the greenlet while it waits closes the connection, too.

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
        self._pool = WorkerPool(_HOST, port, timeout=stall_timeout, maxsize=1, block=True)
        with self._translated_errors():
            self._response = self._ask(numbers)
        if objection := _objection(self._response, worker):
            self.close()
            raise objection

    def __iter__(self) -> Iterator[bytes]:
        """Give the answer in pieces: each is all that is there, of one chunk or of many."""
        while piece := self._read():
            yield piece

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._pool.close()

    def _ask(self, numbers: int) -> BaseHTTPResponse:
        try:
            return self._pool.urlopen(
                "GET",
                f"/rnd?n={numbers}",
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except NewConnectionError as error:
            raise WorkerUnreachableError("does not listen") from error
        except ProtocolError as error:
            raise _head_error(error) from error
        except InvalidHeader as error:
            raise WorkerRefusedError(f"the head of its answer: {_shown(str(error))}") from error

    def _read(self) -> bytes:
        with self._translated_errors():
            return self._response.read1()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn the errors of urllib3 into those of a worker."""
        try:
            yield
        except ReadTimeoutError as error:
            raise WorkerSilentError(f"silent for {self._stall_timeout:g} s") from error
        except (HTTPError, OverflowError) as error:  # http.client takes a chunk size below zero
            raise StreamCutError("the connection was cut") from error


def _head_error(error: ProtocolError) -> WorkerError:
    """Say what went wrong before the body began; urllib3 tells of it in its last argument."""
    match error.args[-1]:
        case OSError():  # RemoteDisconnected, too, which is also a BadStatusLine
            return StreamCutError("the connection was cut")
        case BadStatusLine() as cause:
            return WorkerRefusedError(f"it does not speak HTTP: {_shown(str(cause))}")
        case cause:
            return WorkerRefusedError(f"the head of its answer: {_shown(str(cause))}")


def _objection(response: BaseHTTPResponse, worker: int) -> WorkerRefusedError | None:
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
