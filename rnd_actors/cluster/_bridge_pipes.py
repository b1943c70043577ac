"""The stdin and the stdout of the bridge, on which frames come and leave."""

import asyncio
import os
import sys
import time
from typing import Final

from rnd_actors.cluster._frames import FrameReader, encode

_PIECE: Final = 64 * 1024
_FLUSH_S: Final = 1.0
_POLL_S: Final = 0.02


async def read_stdin(commands: "asyncio.Queue[bytes]") -> None:
    """Hand over the frames that come; end this process when no more can."""
    loop, reader, frames = asyncio.get_running_loop(), asyncio.StreamReader(), FrameReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while piece := await reader.read(_PIECE):
        for body in frames.feed(piece):
            commands.put_nowait(body)
    os._exit(0)  # the driver has died, and the scheduler notices that its client is gone


class Out:
    """The frames to the driver. The windows of the shards bound what waits here."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport

    @classmethod
    async def open(cls) -> "Out":
        """Take stdout for frames; what others print goes to stderr."""
        pipe = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, pipe)
        return cls(transport)

    def tell(self, message: object, payload: bytes = b"") -> None:
        """Send a message, and frames that follow it."""
        self._transport.write(encode(message) + payload)

    async def flush(self) -> None:
        """Wait until the driver has read all, for a second at most."""
        give_up_at = time.monotonic() + _FLUSH_S
        while self._transport.get_write_buffer_size() and time.monotonic() < give_up_at:
            await asyncio.sleep(_POLL_S)
