"""Server-sent events: snapshots of a system and its events, for all who watch it.

A snapshot is made once a second for all of them, or less often where so many actors would take more
than a tenth of the time, and none while nobody watches. Each watcher has room for one: while it is
slow, the latest takes the place of the one before.
"""

import logging
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import gevent
import gevent.event
from attrs import define, field

from rnd_actors._json import to_json
from rnd_actors._printing import text_of
from rnd_actors.control import Operations

_TICK_S: Final = 1.0
_PART: Final = 10
_HEARTBEAT_S: Final = 15.0
_FAREWELL_S: Final = 0.25
"""How long the end waits for watchers that read."""
_MOST_WATCHERS: Final = 100
_MOST_EVENTS: Final = 100
"""Of a tick: what is more is counted only."""
_MOST_LOGS: Final = 30
"""Ticks whose events wait for a slow watcher."""
_RETRY: Final = b"retry: 2000\n\n"
_HEARTBEAT: Final = b": alive\n\n"


@define(eq=False)
class _Watcher:
    """One who watches: what is to be sent next."""

    greenlet: Any = field(factory=gevent.getcurrent)
    snapshot: bytes = b""
    logs: deque[bytes] = field(factory=lambda: deque[bytes](maxlen=_MOST_LOGS))
    has_news: gevent.event.Event = field(factory=gevent.event.Event)
    is_waiting: bool = False

    def put(self, log: bytes, snapshot: bytes) -> None:
        if log:
            self.logs.append(log)
        self.snapshot = snapshot
        self.has_news.set()

    def wait(self) -> bool:
        """Return whether there is something within the time of a heartbeat."""
        self.is_waiting = True
        try:
            return bool(self.has_news.wait(_HEARTBEAT_S))
        finally:
            self.is_waiting = False

    def take(self) -> bytes:
        self.has_news.clear()
        news = b"".join([*self.logs, self.snapshot])
        self.logs.clear()
        self.snapshot = b""
        return news


class Streams:
    """The streams of all who watch a system.

    Args:
        operations: on the system.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._watchers: list[_Watcher] = []
        self._ticker: Any = None
        self._told = 0
        """The number of the last event that was told."""
        self._snapshot = b""
        self._over = b""

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another watcher."""
        return len(self._watchers) >= _MOST_WATCHERS

    def frames(self) -> Iterator[bytes]:
        """Give what one watcher is sent, until all is over or it is closed."""
        watcher = _Watcher()
        self._join(watcher)
        try:
            yield _RETRY
            while not self._over:
                yield watcher.take() if watcher.wait() else _HEARTBEAT
            yield watcher.take() + self._over
        finally:
            self._leave(watcher)

    def close(self) -> None:
        """Send the last snapshot and `over` to all who read, and wait until they have them."""
        if self._watchers and not self._over:
            self._tick()
        reading = [watcher.greenlet for watcher in self._watchers if watcher.is_waiting]
        self._end()
        gevent.joinall(reading, timeout=_FAREWELL_S)
        self._stop_ticking()

    def _end(self) -> None:
        history = self._operations.history() if self._watchers else None  # nobody can ask later
        last = b"" if history is None else _frame("history", history)
        self._over = last + _frame("over", self._operations.outcome())
        for watcher in self._watchers:
            watcher.has_news.set()

    def _join(self, watcher: _Watcher) -> None:
        self._watchers.append(watcher)
        if self._ticker is not None:
            watcher.put(b"", self._snapshot)
        elif not self._over:
            self._told = self._operations.events.latest
            self._ticker = gevent.spawn(self._tick_for_ever)

    def _leave(self, watcher: _Watcher) -> None:
        self._watchers.remove(watcher)
        if not self._watchers:
            self._stop_ticking()

    def _stop_ticking(self) -> None:
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.kill(block=False)

    def _tick_for_ever(self) -> None:
        while True:
            began = time.thread_time()
            self._tick()
            took_s = time.thread_time() - began
            if not self._operations.system.root.is_alive:
                self._end()
                return
            gevent.sleep(max(_TICK_S, (_PART - 1) * took_s))

    def _tick(self) -> None:
        """Give all watchers a snapshot, and what has happened since the last one."""
        try:
            log, self._snapshot = self._news()
        except Exception:
            logging.getLogger("rnd_actors").exception("a snapshot failed")
            return
        for watcher in self._watchers:
            watcher.put(log, self._snapshot)

    def _news(self) -> tuple[bytes, bytes]:
        events = self._operations.events
        records = events.since(self._told, logging.INFO, _MOST_EVENTS)
        self._told = events.latest
        log = b"".join(_frame("log", record) for record in records)
        return log, _frame("snapshot", self._operations.snapshots.take())


def _frame(event: str, data: object) -> bytes:
    return f"event: {event}\ndata: {to_json(data, default=text_of)}\n\n".encode()
