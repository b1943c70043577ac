"""A socket that a peer can neither flood nor keep waiting for ever with things that say nothing."""

import time
from contextlib import suppress
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any, Final

import gevent

from rnd_actors.errors import WorkerRefusedError

__all__ = ["GuardedSocket"]

_ALLOWANCE: Final = 65536
"""Bytes that may come with no byte of an answer's body among them. The HTTP client alone would
read a hundred headers of 64 KiB, and chunk sizes, trailers and interim answers without end."""
_BUFFER_SIZE: Final = 32768
_READS_IN_A_ROW: Final = 4
"""Reads after which others get their turn: a read that finds data gives way to nobody, so that a
worker that sends faster than it is read would stop every other actor."""


_STANDSTILL_S: Final = 0.5
"""A wait that ends so much too late shows that this program stood still, as when it was stopped or
its machine asleep: its peer is not to blame, which may even have sent something meanwhile."""


class GuardedSocket(socket):
    """A socket whose reader is bounded in time and bytes until the guard is renewed.

    Args:
        patience: seconds from one renewal to the next.

    Raises:
        TimeoutError: from reading: the time is over.
        WorkerRefusedError: from reading: the bytes are more than 64 KiB.
    """

    def __init__(self, patience: float) -> None:
        super().__init__()
        self._patience = patience
        self.reads = 0
        self._reader: BufferedReader | None = None
        self.received = 0
        """Bytes, so far."""
        self.renew()

    def renew(self) -> None:
        """Say that something of use has come."""
        self._due = time.monotonic() + self._patience
        self._allowance = _ALLOWANCE

    @property
    def unread(self) -> int:
        """How many bytes were received that nobody has taken from the reader yet."""
        return 0 if self._reader is None else self.received - self._reader.tell()

    def makefile(self, *_: Any, **__: Any) -> Any:
        """Make a reader of it, for which `http.client` asks; closing it leaves the socket open."""
        self._reader = BufferedReader(_Raw(self), _BUFFER_SIZE)
        return self._reader

    def close_all(self) -> None:
        """Close the socket and its reader."""
        self.close()
        if self._reader is not None:
            self._reader.close()

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Read what is there, as `socket.recv_into` does."""
        self.reads += 1
        if self.reads % _READS_IN_A_ROW == 0:
            gevent.sleep(0)
        count = self._recv_in_time(buffer, nbytes, flags)
        self.received += count
        self._allowance -= count
        if self._allowance < 0:
            raise WorkerRefusedError(
                f"it sends more than {_ALLOWANCE // 1024} KiB beside its lines"
            )
        return count

    def _recv_in_time(self, *arguments: Any) -> int:
        while (left := self._time_left()) > 0:
            self.settimeout(left)
            with suppress(TimeoutError):
                return super().recv_into(*arguments)
        raise TimeoutError

    def _time_left(self) -> float:
        now = time.monotonic()
        if now > self._due + _STANDSTILL_S:
            self._due = now + self._patience
        return self._due - now


class _Raw(RawIOBase):
    """What a reader reads from; its position is the number of bytes received."""

    def __init__(self, sock: GuardedSocket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._sock.recv_into(buffer)

    def tell(self) -> int:
        return self._sock.received
