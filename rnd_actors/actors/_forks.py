"""What becomes of actors in a forked child of the program: nothing, they live on in the parent.

gevent lets all greenlets go on in both, so that both would read the same sockets and write the same
files. A child that `os.fork` makes while a system lives keeps only the greenlet that has forked.
"""

import gc
import os
from typing import Any, Final

import gevent
from greenlet import greenlet

_living: Final[set[object]] = set()
"""The systems of this process."""

_kept: list[object] = []
"""The greenlets of the parent: if they were forgotten, they would be ended, and clean up."""


def begin(system: object) -> None:
    """Let the system have no part in forks from now on."""
    _living.add(system)


def end(system: object) -> None:
    """Hear that the system is over."""
    _living.discard(system)


def _silence() -> None:
    """Let no greenlet of the parent wake up again."""
    if not _living:
        return
    _living.clear()
    sources = _types_that_wake()
    everything = gc.get_objects()
    _kept.extend(each for each in everything if isinstance(each, greenlet))
    for source in everything:
        if isinstance(source, sources):
            source.stop()


def _types_that_wake() -> Any:
    """Return the classes of all watchers and callbacks of the event loop."""
    loop: Any = gevent.get_hub().loop
    timer, callback = loop.timer(1.0), loop.run_callback(bool)
    timer.close()
    callback.stop()
    watcher = next(cls for cls in type(timer).__mro__ if cls.__name__ == "watcher")
    return watcher, type(callback)


os.register_at_fork(after_in_child=_silence)
