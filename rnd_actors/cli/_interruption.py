"""SIGINT and SIGTERM, turned into an event."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
from attrs import define, field
from gevent.event import Event

__all__ = ["Interruption", "interruption"]


@define
class Interruption:
    """Whether the process was told to end, and by which signal."""

    event: Event = field(factory=Event)
    signal: int = signal.SIGINT

    def interrupt(self, number: int) -> None:
        """Note the signal and set the event; whoever waits for it does the rest."""
        self.signal = number
        self.event.set()

    @property
    def exit_code(self) -> int:
        """What a shell reports for a process that this signal ended: 130 or 143."""
        return 128 + self.signal


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Have SIGINT and SIGTERM set an event instead of ending the process, while the block runs."""
    told = Interruption()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    watchers = [gevent.signal_handler(number, told.interrupt, number) for number in before]
    try:
        yield told
    finally:
        for watcher in watchers:
            watcher.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)  # libev leaves the system's default
