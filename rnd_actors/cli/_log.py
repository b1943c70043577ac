"""Lines about a run on stderr: its progress now and then, and events as a log."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import repeat

import gevent
from attrs import asdict, evolve

from rnd_actors.actors import Event
from rnd_actors.cli._options import LogFormat
from rnd_actors.cli._progress import Progress
from rnd_actors.cli._text import one_line, say


@contextmanager
def plain_view(progress: Progress, form: LogFormat) -> Iterator[Callable[[str], None]]:
    """Report the progress on stderr while the block runs; yield a writer of further lines.

    The report after a warning tells it, or the one at the end; later reports only count it.
    """
    told = 0

    def report() -> None:
        nonlocal told
        now = progress.report()
        if now.warnings == told:
            now = evolve(now, last_warning=None)
        told = now.warnings
        say(log_line(now, form))

    with ticking(pauses_s(), report):
        yield say
    if progress.report().warnings > told:
        report()


def log_line(event: Event, form: LogFormat) -> str:
    """Return the event as a line, stamped with the time of day.

    JSON is `{"time", "level", "event", "text", "fields"}`: the event's type, what it says in words,
    and its attributes.
    """
    now, level = datetime.now().astimezone(), logging.getLevelName(event.level)
    if form is LogFormat.TEXT:
        return f"{now:%H:%M:%S} {level:<7} {one_line(event)}"
    record = {
        "time": now.isoformat(timespec="milliseconds"),
        "level": level,
        "event": type(event).__name__,
        "text": one_line(event),
        "fields": asdict(event, recurse=False),
    }
    return json.dumps(record, default=str)


def pauses_s() -> Iterator[float]:
    """Give the pauses between reports: a second for a minute, then 10 s, after 10 minutes 60 s."""
    yield from repeat(1.0, 60)
    yield from repeat(10.0, 54)
    yield from repeat(60.0)


@contextmanager
def ticking(pauses_s: Iterable[float], call: Callable[[], object]) -> Iterator[None]:
    """Call `call` after each of these pauses, in a greenlet that ends with the block."""

    def tick() -> None:
        for pause_s in pauses_s:
            gevent.sleep(pause_s)
            call()

    ticker = gevent.spawn(tick)
    try:
        yield
    finally:
        ticker.kill()
