"""The view where there is no terminal: a line now and then, which files can keep for days."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

from attrs import evolve

from rnd_actors.cli._log_line import LogFormat, log_line
from rnd_actors.cli._progress import Progress
from rnd_actors.cli._ticker import ticking
from rnd_actors.cli._words import say

__all__ = ["pauses_s", "plain_view"]


@contextmanager
def plain_view(progress: Progress, form: LogFormat) -> Iterator[Callable[[str], None]]:
    """Report the progress on stderr while the block runs; yield what writes further lines.

    A warning is told once, with the first report after it, or at the end; more of them are counted.
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


def pauses_s() -> Iterator[float]:
    """Give the pauses between reports: a second for a minute, then 10 s, after 10 minutes 60 s."""
    yield from repeat(1.0, 60)
    yield from repeat(10.0, 54)
    yield from repeat(60.0)
