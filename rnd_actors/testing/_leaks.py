"""Leaks of a test: child processes, greenlets, sockets and pipes that it leaves behind."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import gevent
from gevent import Greenlet

_PATIENCE_S: Final = 2.0
"""Seconds that the kernel and the hub may need to end processes and greenlets."""


@contextmanager
def no_leaks() -> Iterator[None]:
    """Fail if the block leaves a process, greenlet, socket or pipe that was not there before.

    Processes, sockets and pipes are looked for where there is `/proc`, as on Linux.

    Raises:
        AssertionError: something is left two seconds after the block; the message names it.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.testing import no_leaks
        >>> with no_leaks(), ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
    """
    before = _present()
    yield
    give_up_at = time.monotonic() + _PATIENCE_S
    while (left := _present() - before) and time.monotonic() < give_up_at:
        gevent.sleep(0.01)
        gc.collect()
    if left:
        raise AssertionError(f"left behind: {sorted(left)}")


def _present() -> set[str]:
    return {*_children(), *_greenlets(), *_descriptors()}


def _children() -> Iterator[str]:
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in _read(children).split():
            command = _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")
            yield f"process {pid} {command}"


def _read(path: Path) -> str:
    """Return the text of a file of `/proc`; nothing if its thread or process has ended."""
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _greenlets() -> Iterator[str]:
    for obj in gc.get_objects():
        if issubclass(type(obj), Greenlet) and not obj.dead and obj.started:
            yield f"greenlet {obj!r}"


def _descriptors() -> Iterator[str]:
    for descriptor in Path("/proc/self/fd").glob("*"):
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith(("socket:", "pipe:")):
            yield f"descriptor {descriptor.name} {target}"
