"""A shard without processes: to all others it is like `rnd_actors.cluster._shard`.

`python -ES simulated_shard.py` reads frames on stdin and writes frames on stdout. Each worker is an
entry in a heap, and sends a number every second, or every RND_ACTORS_INTERVAL_S seconds. The number
is the time of the system's monotonic clock in microseconds, so that who receives it on the same
machine knows how long it has been on its way.
"""

import json
import os
import random
import struct
import time
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from select import select
from typing import Any

__all__ = ["SimulatedShard", "cut", "packed"]

BEAT_S = 0.5
_SILENCE_S = 3.0
_WINDOW = 131_072
_SMALL_BATCH = 512
_INTERVAL_S = float(os.environ.get("RND_ACTORS_INTERVAL_S", "1.0"))
_LENGTH = struct.Struct(">I")
_Worker = tuple[int, int]
"""Its id and its incarnation."""


class SimulatedShard:
    """The workers of a shard.

    Args:
        tell: is called with each message, as a frame.
    """

    def __init__(self, tell: Callable[[bytes], object]) -> None:
        self._tell = tell
        self._due: list[tuple[float, _Worker]] = []
        """When which worker sends its next number."""
        self._sent: dict[_Worker, int] = {}
        self._lines = self._handled = 0
        self.say({"type": "Hello", "pid": os.getpid()})

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self._tell(packed(message))

    @property
    def next_due(self) -> float:
        """When there is something to send."""
        return self._due[0][0] if self._due and self._may_send else float("inf")

    @property
    def _may_send(self) -> bool:
        return self._lines - self._handled < _WINDOW

    def send_due(self, now: float) -> None:
        """Send the numbers whose time has come."""
        while self.next_due <= now:
            at, who = heappop(self._due)
            seq = self._sent.get(who)
            if seq is not None:
                self._sent[who] = seq + 1
                self._lines += _SMALL_BATCH
                heappush(self._due, (at + _INTERVAL_S, who))
                values = [int(at * 1e6)]
                counts = {"malformed": 0, "received": seq + 1, "received_at": at}
                self._say_of(who, "Samples", first_seq=seq, values=values, **counts)

    def obey(self, message: dict[str, Any]) -> None:
        """Do what a message says."""
        match message:
            case {"type": "StartWorker", "worker": worker, "incarnation": incarnation}:
                self._start((worker, incarnation), message["port"])
            case {"type": "StopWorker", "worker": worker, "incarnation": incarnation}:
                if self._sent.pop((worker, incarnation), None) is not None:
                    self._say_of((worker, incarnation), "Ended", failure=None)
            case {"type": "Handled", "lines": lines}:
                self._handled = lines

    def _start(self, who: _Worker, port: int) -> None:
        self._say_of(who, "WorkerSpawned", pid=1, port=port, host=None)
        self._say_of(who, "WorkerStreaming")
        self._sent[who] = 0
        heappush(self._due, (time.monotonic() + random.uniform(0, _INTERVAL_S), who))

    def _say_of(self, who: _Worker, kind: str, **fields: Any) -> None:
        self.say({"type": kind, "worker": who[0], "incarnation": who[1], **fields})


def packed(message: dict[str, Any]) -> bytes:
    """Return a message as a frame."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


def cut(data: bytearray) -> Iterator[dict[str, Any]]:
    """Take the whole frames from the front of what has come; give their messages."""
    while len(data) >= _LENGTH.size:
        end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        if len(data) < end:
            return
        body = bytes(data[_LENGTH.size : end])
        del data[:end]
        yield json.loads(body)


def main() -> None:
    """Be a shard until stdin ends, nothing is heard for a while, or it is told to end."""
    shard, data = SimulatedShard(lambda frame: os.write(1, frame)), bytearray()
    heard = beat_at = time.monotonic()
    while (now := time.monotonic()) - heard < _SILENCE_S:
        if now >= beat_at:
            shard.say({"type": "Beat"})
            beat_at = now + BEAT_S
        shard.send_due(now)
        wait_s = max(0.0, min(beat_at, shard.next_due) - time.monotonic())
        if select([0], [], [], wait_s)[0]:
            data += (piece := os.read(0, 65536))
            heard = time.monotonic()
            for message in cut(data):
                if message["type"] == "End":
                    return
                shard.obey(message)
            if not piece:
                return


if __name__ == "__main__":
    main()
