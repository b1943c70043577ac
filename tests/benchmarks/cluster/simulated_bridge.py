"""A bridge to hosts that are not there: to the driver it is like `rnd_actors.cluster._bridge`.

`python -m tests.benchmarks.cluster.simulated_bridge ORDER` has as many shards as the order has
hosts, all in this process, so that a driver can be measured that has the machine almost for itself.
Each shard has a parcel every 50 ms, as if a relay had sent it.
"""

import json
import os
import sys
import time
from select import select
from typing import Any

from tests.benchmarks.cluster.simulated_shard import BEAT_S, SimulatedShard, cut, packed

_PAUSE_S = 0.05


class _Shard:
    """A shard, and its next parcel."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._parcels = 0
        self._frames: list[bytes] = []
        self.workers = SimulatedShard(self._frames.append)

    def parcel(self) -> bytes:
        """Return what is to be sent now, as a parcel."""
        self.workers.send_due(time.monotonic())
        if not self._frames:
            return b""
        self._parcels += 1
        numbers = {"epoch": 1, "number": self._parcels, "frames": len(self._frames)}
        head = packed({"type": "Parcel", "shard": self._number, **numbers})
        data = head + b"".join(self._frames)
        self._frames.clear()
        return data


class _Bridge:
    def __init__(self, count: int) -> None:
        self._shards = [_Shard(number) for number in range(1, count + 1)]
        self._data = bytearray()
        self._to: int | None = None
        """The shard that the next frame is for."""

    def run(self) -> None:
        """Let each shard send in its turn, until there is nobody to send to."""
        period_s = _PAUSE_S / len(self._shards)
        due = beat_at = time.monotonic()
        while True:
            for shard in self._shards:
                while select([0], [], [], max(0.0, due - time.monotonic()))[0]:
                    if not self._read():
                        return
                if time.monotonic() >= beat_at:
                    beat_at += BEAT_S
                    self._beat()
                _write(shard.parcel())
                due += period_s

    def _beat(self) -> None:
        for shard in self._shards:
            shard.workers.say({"type": "Beat"})

    def _read(self) -> bool:
        """Take what the driver says; return False if it was the last."""
        piece = os.read(0, 65536)
        self._data += piece
        return bool(piece) and all(self._obey(message) for message in cut(self._data))

    def _obey(self, message: dict[str, Any]) -> bool:
        if self._to is not None:
            self._shards[self._to - 1].workers.obey(message)
            self._to = None
        elif message["type"] == "ToShard":
            self._to = message["shard"]
        else:
            return False
        return True


def main(count: int) -> None:
    """Be the bridge to so many hosts."""
    hosts = [f"10.0.0.{number}" for number in range(1, count + 1)]
    _write(packed({"type": "Connected", "hosts": hosts, "shards": count}))
    for number, host in enumerate(hosts, 1):
        _write(packed({"type": "ShardUp", "shard": number, "epoch": 1, "host": host}))
    _write(packed({"type": "Ready"}))
    _Bridge(count).run()


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main(json.loads(sys.argv[1])["hosts"])
