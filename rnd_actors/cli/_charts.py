"""Charts of a run for terminals of any width."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from rnd_actors.reporting import LEGEND, Activity, Bar, Timeline, draw_timeline

__all__ = ["HistogramChart", "TimelineChart"]

_LONGEST_BAR: Final = 60
_STYLES: Final = {
    Activity.STREAMING: "green",
    Activity.STARTING: "yellow",
    Activity.CRASHED: "bold red",
    Activity.DOWN: "dim",
}


@frozen
class TimelineChart:
    """A row for each worker, and below the times at both ends and what the characters mean."""

    timeline: Timeline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, begin, end = options.max_width, "0 s", f"{self.timeline.end_s:.1f} s"
        for label, cells in draw_timeline(self.timeline, width):
            yield _line(label, *_runs(cells))
        yield _line(begin, end.rjust(width - len(begin)))
        yield Text(LEGEND)


@frozen
class HistogramChart:
    """A bar for each range of values, with the number of samples in it."""

    bars: tuple[Bar, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        labels = [f"{bar.low}-{bar.high}" for bar in self.bars]
        label_width = max(map(len, labels), default=0)
        most = max((bar.count for bar in self.bars), default=0)
        room = options.max_width - label_width - len(f"  {most}")
        longest = max(1, min(_LONGEST_BAR, room))
        for label, bar in zip(labels, self.bars, strict=True):
            length = round(longest * bar.count / most)
            yield _line(f"{label:>{label_width}} ", ("█" * length, "cyan"), f" {bar.count}")


def _line(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="crop")


def _runs(cells: tuple[Activity, ...]) -> Iterator[tuple[str, str]]:
    for activity, group in groupby(cells):
        yield activity.value * len(list(group)), _STYLES[activity]
