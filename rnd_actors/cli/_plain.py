"""The view where there is no terminal: a line a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rnd_actors.cli._log_line import LogFormat, log_line
from rnd_actors.cli._progress import Progress
from rnd_actors.cli._ticker import every
from rnd_actors.cli._words import say

__all__ = ["plain_view"]

_REPORT_S: Final = 1.0


@contextmanager
def plain_view(progress: Progress, form: LogFormat) -> Iterator[Callable[[str], None]]:
    """Report the progress on stderr while the block runs; yield what writes further lines."""
    with every(_REPORT_S, lambda: say(log_line(progress.report(), form))):
        yield say
