"""Which ports workers listen on."""

import errno
import socket
from contextlib import ExitStack

__all__ = ["choose_ports", "port_or_another"]


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


def port_or_another(port: int) -> int:
    """Return `port`, or a free one if another program listens there, on whatever address.

    It tries with `SO_REUSEADDR`, as servers do: what is left of connections of the worker before
    is in nobody's way.
    """
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                [port] = choose_ports(0, 1)
    return port
