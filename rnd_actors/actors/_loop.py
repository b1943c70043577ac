"""The use of gevent: a patched process, turns of the loop, calls from threads, and forks."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent import get_hub, getcurrent, monkey
from greenlet import greenlet

from rnd_actors.errors import NotPatchedError

SYSTEM_ERRORS: Final = (KeyboardInterrupt, SystemExit)
"""Errors for the main greenlet, whichever greenlet was running."""

thread_id = monkey.get_original("_thread", "get_ident")
"""The thread that runs, where the patched `get_ident` would name the greenlet."""

_NEEDED: Final = ("socket", "ssl", "select", "threading", "time")

_SLICE_S: Final = 0.006
"""More than `sys.getswitchinterval()`, or other threads would starve: the loop lets go of the
interpreter's lock for a moment only, and a thread that misses it waits for an interval without."""


def require_patched() -> None:
    """Raise `NotPatchedError` unless gevent has patched the standard library.

    Entering an `ActorSystem` does that, and so do `run` and `resume`.
    """
    missing = [module for module in _NEEDED if not monkey.is_module_patched(module)]
    if missing:
        raise NotPatchedError(missing)


def raise_in_main(error: BaseException) -> None:
    """Raise `error` in the main greenlet of this thread, as soon as the loop has its turn."""
    hub: Any = get_hub()
    if getcurrent() is hub.parent:
        raise error
    hub.loop.run_callback(hub.handle_system_error, type(error), error, error.__traceback__)


_with_loop: set[int] = set()
"""Threads that have entered a system: their loops have to go on while they wait."""


def call_and_wait(loop: Any, function: Callable[[], object]) -> None:
    """Call `function` in a greenlet of the thread of `loop`; wait until it returns, or raise."""
    failure: list[BaseException] = []
    wait, release = _cooperative_wait() if thread_id() in _with_loop else _native_wait()

    def call() -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001
            failure.append(error)
        finally:
            release()

    loop.run_callback_threadsafe(gevent.spawn, call)
    wait()
    if failure:
        raise failure[0]


def _native_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    lock = monkey.get_original("_thread", "allocate_lock")()
    lock.acquire()
    return lock.acquire, lock.release


def _cooperative_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a wait of this greenlet alone, and its end, which another thread may call."""
    hub: Any = get_hub()
    over: list[bool] = []
    watcher = hub.loop.async_()
    watcher.start(getcurrent().switch)

    def wait() -> None:
        try:
            while not over:
                hub.switch()
        finally:
            watcher.close()

    def release() -> None:
        over.append(True)
        watcher.send()

    return wait, release


class LoopTurn:
    """Tells greenlets that always find work when the loop has to look at sockets and timers again.

    `gevent.sleep(0)` lets the loop run callbacks, some fifty of them before it looks at anything
    else. Time is counted from its last look, so that all busy greenlets together are bounded.

    While one has started, nothing of this process goes on in a child that it forks.
    """

    __slots__ = ("_watcher", "due")

    def __init__(self) -> None:
        self.due = float("inf")
        """When the next turn is due, in monotonic seconds; never before `start`."""
        self._watcher: Any = None

    def start(self) -> None:
        """Begin to watch the loop of this thread."""
        _started.add(self)
        _with_loop.add(thread_id())
        loop: Any = get_hub().loop
        self._watcher = loop.check(ref=False)
        self._watcher.start(self._has_come)
        self._has_come()

    def close(self) -> None:
        """Watch the loop no longer; no turn is due any more."""
        _started.discard(self)
        if self._watcher is not None:
            self._watcher.close()
        self.due = float("inf")

    def _has_come(self) -> None:
        self.due = time.monotonic() + _SLICE_S


_started: Final[set[LoopTurn]] = set()

_kept: Final[list[object]] = []
"""In a forked child, the greenlets of the parent: freed, they would be ended, and clean up."""


def _silence() -> None:
    """Keep only the greenlet that has forked: all others live on in the parent.

    gevent lets all greenlets go on in both processes, so that both would read the same sockets and
    write the same files.
    """
    if not _started:
        return
    _started.clear()
    sources = _types_that_wake()
    everything = gc.get_objects()
    _kept.extend(each for each in everything if isinstance(each, greenlet))
    for source in everything:
        if isinstance(source, sources):
            source.stop()
    soon: Any = get_hub().loop.timer(0.0)  # libev's first wait may begin with an event pending
    soon.start(bool)
    _kept.append(soon)


def _types_that_wake() -> Any:
    """Return the classes of all watchers and callbacks of the event loop."""
    loop: Any = get_hub().loop
    timer, callback = loop.timer(1.0), loop.run_callback(bool)
    timer.close()
    callback.stop()
    watcher = next(cls for cls in type(timer).__mro__ if cls.__name__ == "watcher")
    return watcher, type(callback)


os.register_at_fork(after_in_child=_silence)
