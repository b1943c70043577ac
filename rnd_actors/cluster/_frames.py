"""Frames: messages as JSON, each behind its length, so that any stream of bytes can carry them."""

import json
import os
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

from cattrs.preconf.json import make_converter

from rnd_actors.cluster._messages import MESSAGES
from rnd_actors.errors import ClusterError

LONGEST: Final = 16 * 1024 * 1024
"""Bytes of a frame; a worker's batch of samples has some hundred thousand at most."""
_LENGTH: Final = struct.Struct(">I")
_converter: Final = make_converter()
_converter.register_structure_hook_func(
    lambda kind: kind == tuple[int, ...], lambda numbers, _: tuple(map(int, numbers))
)


def encode(message: object) -> bytes:
    """Return the frame of a message.

    Raises:
        ClusterError: it would be longer than `LONGEST`.
    """
    name = type(message).__name__
    plain: dict[str, Any] = _converter.unstructure(message, MESSAGES[name])
    return pack(json.dumps({"type": name, **plain}, separators=(",", ":")).encode())


def decode(body: bytes) -> Any:
    """Return the message of a frame without its length.

    Raises:
        ClusterError: it is none of `MESSAGES`.
    """
    try:
        plain = json.loads(body)
        return _converter.structure(plain, MESSAGES[plain.pop("type")])
    except Exception as error:
        raise ClusterError(f"a frame that is no message came: {body[:100]!r}") from error


def pack(body: bytes) -> bytes:
    """Return a body behind its length."""
    if len(body) > LONGEST:
        raise ClusterError(f"a frame takes up to {LONGEST} bytes; got {len(body)}")
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes, in whatever pieces it comes, into the bodies of its frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Give the frames that are whole with this piece.

        Raises:
            ClusterError: a length is above `LONGEST`: the stream carries something else.
        """
        self._rest += piece
        while len(self._rest) >= _LENGTH.size:
            [length] = _LENGTH.unpack_from(self._rest)
            if length > LONGEST:
                raise ClusterError(f"a frame takes up to {LONGEST} bytes; one has {length}")
            end = _LENGTH.size + length
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            yield body


def write_all(descriptor: int, frame: bytes, write: Callable[[int, Any], int] = os.write) -> None:
    """Write all of a frame: a write to a pipe may take a part of it."""
    left = memoryview(frame)
    while left:
        left = left[write(descriptor, left) :]
