"""The bridge as the driver sees it: a child process, and frames to it and from it."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any, Final

import gevent
from attrs import asdict
from gevent import subprocess
from gevent.os import make_nonblocking, nb_read, nb_write
from gevent.queue import Queue

from rnd_actors.cluster._children import BRIDGE
from rnd_actors.cluster._frames import FrameReader, encode, write_all
from rnd_actors.cluster._messages import End, Order, ToShard
from rnd_actors.cluster._placement import BEAT_S, SILENCE_S
from rnd_actors.errors import BridgeLostError

_PIECE: Final = 64 * 1024
_END_S: Final = 6.0
"""For the bridge to end: it gives the shards three seconds, and leaves the scheduler."""
_START_S: Final = 20.0
"""For the bridge to start: it imports Dask."""
_LAST_LINES: Final = 5


class BridgeProcess:
    """A child of this program, unpatched, in a session of its own; it ends with this program."""

    def __init__(self, order: Order) -> None:
        self._stderr = TemporaryFile()  # noqa: SIM115  # closed with the process
        process: Any = subprocess.Popen(
            [*BRIDGE, json.dumps(asdict(order))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,
            start_new_session=True,
        )
        self._process = process
        self._patience_s = _START_S + order.timeout_s
        """Until it is heard for the first time, which is when it has connected, or cannot."""
        self._stdin = self._process.stdin.fileno()
        self._stdout = self._process.stdout.fileno()
        make_nonblocking(self._stdin)
        make_nonblocking(self._stdout)
        self._frames: Queue[bytes] = Queue()
        self._writer = gevent.spawn(self._write)

    def bodies(self) -> Iterator[bytes]:
        """Give the frames that come, without their lengths; wait for each.

        Raises:
            BridgeLostError: the bridge has died, with its last words, or is silent.
        """
        frames = FrameReader()
        while piece := self._read():
            self._patience_s = SILENCE_S
            yield from frames.feed(piece)
        raise BridgeLostError(f"the bridge to the cluster has died{self._last_words()}")

    def send(self, message: object, to: ToShard) -> None:
        """Send a message to a shard; never wait. If the bridge is dead, `bodies` tells it."""
        self._frames.put(encode(to) + encode(message))

    def end(self) -> None:
        """Let it end the shards and then itself, which ends `bodies`; never wait."""
        self._frames.put(encode(End()))

    def close(self) -> None:
        """Let it end the shards and then itself; kill it if it does not in time."""
        try:
            self.end()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once; its shards notice that."""
        self._process.kill()
        self._process.wait()
        self._writer.kill()
        for file in (self._process.stdin, self._process.stdout, self._stderr):
            file.close()

    def _read(self) -> bytes:
        while True:
            give_up_at = time.monotonic() + self._patience_s
            try:
                with gevent.Timeout(self._patience_s, TimeoutError()):
                    piece: bytes = nb_read(self._stdout, _PIECE)
                    return piece
            except TimeoutError:
                if time.monotonic() - give_up_at < BEAT_S:  # else this process was held up, too
                    text = f"the bridge to the cluster was silent for {self._patience_s:g} s"
                    raise BridgeLostError(text) from None

    def _write(self) -> None:
        """Write what is sent, in a greenlet of its own: a kill must tear no frame."""
        with suppress(OSError):
            while True:
                write_all(self._stdin, self._frames.get(), nb_write)

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
        return ": " + " | ".join(lines) if lines else ""
