"""What a test may not leave behind: child processes, greenlets, sockets, pipes and timers."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
from gevent import Greenlet

_PATIENCE_S = 2.0
"""The kernel and the hub may need a moment to end what has been told to end."""


@contextmanager
def no_leaks() -> Iterator[None]:
    """Fail if something of ours is left that was not there at the beginning."""
    before = _what_is_there()
    yield
    give_up_at = time.monotonic() + _PATIENCE_S
    while (left := _what_is_there() - before) and time.monotonic() < give_up_at:
        gevent.sleep(0.01)
        gc.collect()
    assert not left, f"left behind: {sorted(left)}"


def _what_is_there() -> set[str]:
    return _children() | _greenlets() | _descriptors()


def _children() -> set[str]:
    children = set()
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            children.add(f"process {pid} {command}")
    return children


def _greenlets() -> set[str]:
    return {
        f"greenlet {obj!r}"
        for obj in gc.get_objects()
        if isinstance(obj, Greenlet) and not obj.dead and obj.started
    }


def _descriptors() -> set[str]:
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith(("socket:", "pipe:")):
            found.add(f"descriptor {descriptor.name} {target}")
    return found
