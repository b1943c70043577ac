"""Which ports workers listen on."""

import socket
from contextlib import ExitStack

__all__ = ["choose_ports"]


def choose_ports(base: int, count: int) -> list[int]:
    """Return the `count` ports from `base` on, or free ones if `base` is 0.

    Example:
        >>> from rnd_actors import choose_ports
        >>> choose_ports(3001, 3)
        [3001, 3002, 3003]
    """
    if base:
        return list(range(base, base + count))
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]
