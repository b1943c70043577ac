"""The stream of one worker: the answer to one HTTP request, read as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from socket import socket
from typing import Final

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError

from rnd_actors.errors import (
    StreamCutError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerUnreachableError,
)

__all__ = ["WorkerStream"]

_HOST: Final = "127.0.0.1"
_OK: Final = 200
_READ_SIZE: Final = 65536


class WorkerStream:
    """Asks the worker at `port` for numbers; iterating gives the chunks of its answer.

    It owns its connection, which no pool can lose when the greenlet is killed, and has to be closed
    by the greenlet that opened it. Closing an unfinished answer does not wait for the rest.

    Args:
        port: where the worker listens on 127.0.0.1.
        numbers: how many to ask for.
        stall_timeout: seconds that the worker may take for its next byte.

    Raises:
        WorkerUnreachableError: nobody listens.
        WorkerRefusedError: the answer is something else than a chunked stream.
        WorkerSilentError: the worker does not answer; from iterating, too.
        StreamCutError: the connection ended early; from iterating, too.
    """

    def __init__(self, port: int, numbers: int, stall_timeout: float) -> None:
        self._stall_timeout = stall_timeout
        self._connection = HTTPConnection(_HOST, port, timeout=stall_timeout)
        self._response: HTTPResponse | None = None
        try:
            self._connection.sock = _connect(port, stall_timeout)
            with self._translated_errors():
                self._connection.request("GET", f"/rnd?n={numbers}", preload_content=False)
                self._response = self._connection.getresponse()
            _check(self._response)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        if self._response is not None:
            with self._translated_errors():
                yield from self._response.stream(_READ_SIZE)

    def close(self) -> None:
        """Close the connection."""
        if self._response is not None:
            self._response.close()
        self._connection.close()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn the errors of urllib3 and below into those of a worker."""
        try:
            yield
        except (ReadTimeoutError, TimeoutError) as error:
            raise WorkerSilentError(f"silent for {self._stall_timeout:g} s") from error
        except (HTTPError, HTTPException, OSError) as error:
            raise StreamCutError("the connection was cut") from error


def _connect(port: int, timeout: float) -> socket:
    """Connect without a resolver thread; leave no socket behind if the greenlet is killed."""
    sock = socket()
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


def _check(response: HTTPResponse) -> None:
    if response.status != _OK or not response.chunked:
        form = "chunked" if response.chunked else "not chunked"
        got = f"{response.status} {response.reason}, {form}"
        raise WorkerRefusedError(f"a chunked answer with status 200 was expected; got {got}")
