"""SIGINT, SIGTERM, SIGHUP: the first one ends the run in order, the second one ends it at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from attrs import define, field
from gevent.event import Event

from rnd_actors.workers import WorkerProcess

__all__ = ["Interruption", "interruption"]


@define
class Interruption:
    """Whether the process was told to end, and by which signal.

    Args:
        give_up: called at the second signal, with the exit code; it does not return.
    """

    give_up: Callable[[int], object]
    event: Event = field(factory=Event)
    signal: int = signal.SIGINT
    before_giving_up: Callable[[], object] = bool
    """Called just before that: what a view has to put in order."""

    def interrupt(self, number: int, _: FrameType | None = None) -> None:
        """Note the signal and set the event; whoever waits for it does the rest."""
        if self.event.is_set():
            if number == signal.SIGHUP:  # a terminal that is closed sends several
                return
            self.before_giving_up()
            self.give_up(128 + number)
        self.signal = number
        self.event.set()

    @property
    def exit_code(self) -> int:
        """What a shell reports for a process that this signal ended: 129, 130 or 143."""
        return 128 + self.signal


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Have these signals set an event instead of ending the process, while the block runs.

    SIGHUP stays ignored if it is, as `nohup` has it.

    These are Python's own handlers and not watchers of gevent's loop, so that they are called even
    if something does not let the loop have its turn.
    """
    told = Interruption(_end_at_once)
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = [(number, signal.signal(number, told.interrupt)) for number in numbers]
    try:
        yield told
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _end_at_once(exit_code: int) -> None:
    """Kill the workers and exit, without a word to anybody else; the guardian does what is left."""
    WorkerProcess.kill_all()
    os._exit(exit_code)
