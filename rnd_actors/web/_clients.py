"""Work for a client that takes its time, and ends when the client goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import gevent
from gevent.socket import wait_read

CLIENT: Final = "rnd_actors.client"
"""Where the environment of a request has the socket of its client."""
_PIECE: Final = 1 << 16
_PAUSE_S: Final = 0.01


@contextmanager
def while_connected(client: Any) -> Iterator[None]:
    """Kill the greenlet of the block when the client closes its connection.

    One that only sends no more counts as gone, too, as it does for other servers: TCP does not tell
    the two apart. What a client sends meanwhile is thrown away, since its end is seen only behind
    that, so the connection has to be closed after the answer.
    """
    watcher = gevent.spawn(_kill_when_gone, client, gevent.getcurrent())
    try:
        yield
    finally:
        watcher.kill(block=False)


def _kill_when_gone(client: Any, working: Any) -> None:
    try:
        wait_read(client.fileno())
        while client.recv(_PIECE):
            gevent.sleep(_PAUSE_S)  # one that sends without end does not keep the loop busy
            wait_read(client.fileno())
    except OSError:
        pass
    working.kill(block=False)
