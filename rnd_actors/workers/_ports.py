"""Which ports workers listen on."""

import errno
import socket
import sys
from contextlib import ExitStack
from typing import Final

_AT_ONCE: Final = 500
"""Sockets: a run over a cluster needs thousands of ports, and no descriptors for them."""


def choose_ports(base: int, count: int) -> list[int]:
    """Return the `count` ports from `base` on, or free ones if `base` is 0."""
    if base:
        return list(range(base, base + count))
    ports: dict[int, None] = {}
    while len(ports) < count:
        known = len(ports)
        ports |= dict.fromkeys(_free_ports(min(count, _AT_ONCE)))  # fewer may all be known ones
        if len(ports) == known:
            raise OSError(errno.EADDRINUSE, f"there are no {count} free ports")
    return [*ports][:count]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


class Port:
    """A port that no other worker of this machine gets until it is released.

    On Linux it is claimed by an abstract socket named after it, of which the kernel knows one at
    a time in each network namespace, and none when its program has ended.

    Args:
        number: the port that is wanted; another one that is free takes its place if a program
            listens there, on whatever address, or another run has claimed it.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            while not (self._is_claimed() and _is_free(self.number)):
                self.release()
                self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                [self.number] = choose_ports(0, 1)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others have the port."""
        self._claim.close()

    def _is_claimed(self) -> bool:
        """Claim the port; return whether that was possible."""
        if sys.platform != "linux":
            return True
        try:
            self._claim.bind(f"\0rnd-actors/port/{self.number}")
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        # as servers do: remains of connections of an earlier worker are in nobody's way
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
    return True
