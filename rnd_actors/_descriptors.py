"""Which file descriptors this process has open."""

import os
import resource
from typing import Final

__all__ = ["is_open", "open_descriptors"]

_MOST_TRIED: Final = 65536


def is_open(number: int) -> bool:
    """Say whether a descriptor is open."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def open_descriptors() -> list[int]:
    """Return those that are open; where the system has no list of them, each is tried."""
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208  # one more for a path
    except FileNotFoundError:
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = allowed if 0 <= allowed < _MOST_TRIED else _MOST_TRIED
        return list(filter(is_open, range(most)))
