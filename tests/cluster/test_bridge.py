"""The bridge, without a scheduler: in a process of its own, since it cannot be in a patched one."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed"),
]
BRIDGE = """
import asyncio
from rnd_actors.cluster import _bridge
from rnd_actors.cluster._frames import FrameReader, decode, encode
from rnd_actors.cluster._messages import End, Handled, Order, ToShard

class Out:
    def tell(self, message):
        print(message)

class Client:
    def submit(self, *_, **__):
        print("submitted")

class Down:
    def __init__(self):
        self.put_there = asyncio.Queue()

    async def put(self, frames):
        await self.put_there.put([decode(body) for body in FrameReader().feed(frames)])

def bridge_with(*epochs):
    order = Order(address="", scheduler_file=None, hosts=1, program=None, timeout_s=1.0)
    bridge = _bridge._Bridge(order, Out())
    bridge._client = Client()
    bridge._placement.add(epochs)
    bridge._placement.joined("tcp://10.0.0.1:4000")
    return bridge
"""
LEAVING = """
async def main():
    asked, answered = asyncio.Event(), asyncio.Event()

    async def make_queue(name, client):
        asked.set()
        await answered.wait()

    _bridge.Queue, bridge = make_queue, bridge_with(0)
    placing = asyncio.ensure_future(bridge._place())
    await asked.wait()
    await bridge._note((0.0, {"action": "remove-worker", "worker": "tcp://10.0.0.1:4000"}))
    answered.set()
    await placing
"""
WAITING = """
async def main():
    commands, down, bridge = asyncio.Queue(), Down(), bridge_with(1)
    bridge._epochs[1, 1] = _bridge._Epoch(down, None, None)
    for message in (ToShard(1, 1), Handled(1), ToShard(1, 1), Handled(2), End()):
        [body] = FrameReader().feed(encode(message))
        commands.put_nowait(body)
    await bridge._obey(commands)
    print(*down.put_there.get_nowait(), down.put_there.empty())
"""
PLACING = """
async def main():
    async def make_queue(name, client):
        await asyncio.Event().wait()

    _bridge.Queue, bridge, down = make_queue, bridge_with(0), Down()
    bridge._epochs[2, 1] = _bridge._Epoch(down, None, None)
    works = [asyncio.ensure_future(each) for each in (bridge._tend(), bridge._beat_to_shards())]
    print(*await down.put_there.get(), *await down.put_there.get())
    for work in works:
        work.cancel()
"""


@pytest.mark.parametrize(
    ("what", "told"),
    [
        pytest.param(
            LEAVING,
            "shard 1 on 10.0.0.1 is lost: the host is gone\n",
            id="a host that leaves while a shard is placed there is lost with it",
        ),
        pytest.param(
            WAITING,
            "Handled(lines=1) Handled(lines=2) True\n",
            id="all that waits for a shard is sent as one message",
        ),
        pytest.param(
            PLACING,
            "Beat() Beat()\n",
            id="shards are sent beats as long as others are placed",
        ),
    ],
)
def test_what_it_tells(what: str, told: str) -> None:
    command = sys.executable, "-c", f"{BRIDGE}{what}\nasyncio.run(main())"
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (told, "")
