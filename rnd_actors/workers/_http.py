"""The HTTP connection to a worker, bounded in bytes and in time.

urllib3 bounds the wait for the next byte, and `http.client` the length of one line. A peer that
sends a byte now and then, or headers, interim answers, chunk sizes and trailers without end, would
be read for ever. Here a reader waits for the next byte of the body no longer than the timeout, and
reads no more than 64 KiB on the way to it.
"""

import http.client
import math
import re
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from io import BufferedReader, RawIOBase
from typing import Any, Final

from gevent.socket import wait_read
from urllib3 import BaseHTTPResponse, HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NewConnectionError

from rnd_actors.errors import WorkerRefusedError

HOST: Final = "127.0.0.1"
_READ_SIZE: Final = 8192
"""Most bytes of one read. Each read waits for the event loop, so that many workers at full speed
leave timers, signals and other sockets their turns."""
_SHORT_READ_SIZE: Final = 4096
"""The same while chunks are small, which take long for their bytes."""
_SMALL_CHUNK: Final = 50
"""Bytes on an average, with their frames."""
_ALLOWANCE: Final = 65536
"""Bytes that may come with no byte of the body among them."""
_STANDSTILL_S: Final = 0.5
"""A wait that ends so much too late shows that this program stood still, as when it was stopped or
its machine asleep: its peer is not to blame, which may even have sent something meanwhile."""
_LONGEST_SHOWN: Final = 80
_CHUNK_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,16}[ \t]*(;.*)?\r?\n", re.DOTALL)
"""RFC 9112, 7.1, with what many servers add to it: blanks, and a line that ends in LF alone."""
_NEXT_CHUNK: Final = re.compile(rb"\r\n([0-9A-Fa-f]{1,16})\r\n")
"""The end of a chunk and the plain size of the next one."""


class _BoundedReader(RawIOBase):
    """Reads a socket that does not block, within `patience` seconds and 64 KiB from a renewal."""

    def __init__(self, raw: RawIOBase, patience: float) -> None:
        self._raw = raw
        self._patience = patience
        self.is_paused = False
        """Whether reading returns nothing, even if bytes have arrived."""
        self.most = _SHORT_READ_SIZE
        self.renew()

    def renew(self) -> None:
        """Reset the bounds: a byte of the body has come, or is asked for only now."""
        self._due = time.monotonic() + self._patience
        self._allowance = _ALLOWANCE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; wait until something is.

        Raises:
            TimeoutError: the time is over.
            WorkerRefusedError: there were more bytes than allowed.
        """
        if self.is_paused:
            return None
        while (left := self._time_left()) > 0:
            with suppress(TimeoutError):
                wait_read(self._raw.fileno(), left)
            count = self._raw.readinto(memoryview(buffer)[: self.most])
            if count is not None:
                self._allowance -= count
                if self._allowance < 0:
                    allowed = f"{_ALLOWANCE // 1024} KiB"
                    raise WorkerRefusedError(f"it sends more than {allowed} beside its lines")
                return count
        raise TimeoutError

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _time_left(self) -> float:
        now = time.monotonic()
        if now > self._due + _STANDSTILL_S:
            self._due = now + self._patience
        return self._due - now


class _ChunkReader(BufferedReader):
    """Refuses wrong chunk sizes: `http.client` accepts all that `int` does, such as -5 and 1_0.

    Of a size that was cut nothing is returned, or a `0` of `0a` would be the end of the answer.
    """

    is_in_chunks = False

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        if self.is_in_chunks and len(line) != size:  # or else it is too long
            if not line.endswith(b"\n"):
                return b""
            if not _CHUNK_SIZE.fullmatch(line):
                raise WorkerRefusedError(f"a chunk size that is none: {line[:_LONGEST_SHOWN]!r}")
            self.is_in_chunks = line.lstrip(b"0")[:1].isalnum()
        return line


class _Response(http.client.HTTPResponse):
    """An answer whose reader is bounded, by the timeout of its socket."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _BoundedReader(self.fp.detach(), sock.gettimeout() or math.inf)
        self._chunks = _ChunkReader(self._reader, _READ_SIZE)
        self.fp = self._chunks
        sock.settimeout(0)

    def begin(self) -> None:
        """Read the head, after interim answers (RFC 9110, 15.2), which are bounded by its length.

        The socket is left to the connection, which closes it whatever happens.
        """
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        self.will_close = False
        self._chunks.is_in_chunks = bool(self.chunked)

    def read1(self, n: int = _READ_SIZE) -> bytes:
        """Wait for a byte of the body; return what is there, of one chunk or of many.

        Each call of urllib3's `read1` costs as much as many chunks.

        Args:
            n: bytes to take of one chunk at most.
        """
        self._reader.renew()
        piece = super().read1(n)
        if self.chunk_left != 0:  # a part of a long chunk, or no chunk at all
            self._reader.most = _READ_SIZE
            return piece
        chunks, has_more = self._whole_chunks()
        return b"".join((piece, *chunks, super().read1(n) if has_more else b""))

    def _whole_chunks(self) -> tuple[list[bytes], bool]:
        """Take the chunks that have arrived as a whole after one that was read to its end.

        Return them, and whether a part of the next one has arrived, too. `http.client` takes ten
        times as long for each; it gets those whose frames are not quite plain.
        """
        ahead, position = self._ahead(), 0
        chunks: list[bytes] = []
        while size := _NEXT_CHUNK.match(ahead, position):
            begin, length = size.end(), int(size[1], 16)
            if not length or begin + length > len(ahead):
                break
            position = begin + length
            chunks.append(ahead[begin:position])
        if position:
            self.fp.read(position)
            is_small = position < _SMALL_CHUNK * len(chunks)
            self._reader.most = _SHORT_READ_SIZE if is_small else _READ_SIZE
        return chunks, size is not None and bool(length) and begin < len(ahead)

    def _ahead(self) -> bytes:
        """Return the bytes that were received and not read yet."""
        if self.isclosed():
            return b""
        self._reader.is_paused = True
        try:
            return self.fp.peek()
        finally:
            self._reader.is_paused = False


class _Connection(HTTPConnection):
    """A connection to an address, for which nothing has to be resolved in a thread."""

    response_class = _Response

    def connect(self) -> None:
        sock = socket.socket()
        try:
            sock.settimeout(self.timeout)
            sock.connect((self.host, self.port))
        except OSError as error:
            sock.close()
            raise NewConnectionError(self, str(error)) from error
        except BaseException:  # the greenlet may be killed here
            sock.close()
            raise
        self.sock = sock


class WorkerPool(HTTPConnectionPool):
    """The connections to a worker; their timeout bounds each wait for a byte of the body."""

    ConnectionCls = _Connection

    def __init__(self, port: int, timeout: float) -> None:
        super().__init__(HOST, port, timeout=timeout)

    def ask(self, numbers: int) -> BaseHTTPResponse:
        """Ask for numbers; return the answer with its body unread. Nothing is tried twice."""
        return self.urlopen(
            "GET",
            f"/rnd?n={numbers}",
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
