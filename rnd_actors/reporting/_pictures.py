"""The pictures of a report."""

from collections.abc import Sequence
from itertools import groupby
from math import nan
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rnd_actors.reporting._contents import Contents
from rnd_actors.reporting._svg import INK, pictures
from rnd_actors.reporting._timeline import Activity
from rnd_actors.reporting._values import histogram

__all__ = ["MOST_LANES", "gaps_picture", "progress_picture", "timeline_picture", "values_picture"]

MOST_LANES: Final = 64
"""How many workers the timeline shows."""
_MOST_POINTS: Final = 1000
_CELLS: Final = 400
_GAP_BARS: Final = 40
_BLUE: Final = "#3b82c4"
_AMBER: Final = "#e0a030"
_RED: Final = "#d9484b"


def progress_picture(contents: Contents) -> dict[str, str]:
    """Draw the samples over time, and what they would be ideally."""
    figures, goal = contents.statistics, contents.history.run.goal
    times, end = figures.times_s, contents.timeline.end_s

    def draw(axes: Axes, columns: int) -> None:
        points = _thinned(range(len(times)))
        axes.plot(
            [0.0, *(times[index] for index in points), end],
            [0, *(index + 1 for index in points), len(times)],
            color=_BLUE,
            drawstyle="steps-post",
            label="samples",
        )
        ideal = [0.0, figures.ideal.samples(end)]
        axes.plot([0.0, end], ideal, color=INK, linestyle="--", linewidth=1, label="ideal")
        if goal:
            axes.axhline(goal, color=_RED, linewidth=1, label="goal")
        _mark_breaks(axes, contents)
        axes.set_xlabel("seconds of the run")
        axes.set_ylabel("samples")
        axes.set_xlim(0, end or 1)
        axes.set_ylim(0, 1.08 * max(len(times), goal or ideal[1], 1))
        axes.grid()
        _legend(axes, columns)

    return pictures("progress", 3.2, draw)


def timeline_picture(contents: Contents) -> dict[str, str]:
    """Draw what each worker was doing."""
    lanes, end = contents.timeline.lanes[:MOST_LANES], contents.timeline.end_s

    def draw(axes: Axes, columns: int) -> None:
        rows = [lane.cells(end, _CELLS) for lane in lanes]
        for activity, color in ((Activity.STARTING, _AMBER), (Activity.STREAMING, _BLUE)):
            along, across = _strokes(rows, activity, end / _CELLS)
            label = activity.name.lower()
            axes.plot(along, across, color=color, linewidth=8, solid_capstyle="butt", label=label)
        axes.plot(*_crashes(rows, end / _CELLS), color=_RED, linewidth=2, label="crashed")
        _mark_breaks(axes, contents)
        axes.set_xlabel("seconds of the run")
        axes.set_ylabel("worker")
        axes.set_xlim(0, end or 1)
        axes.set_ylim(len(lanes) - 0.4, -0.6)
        axes.set_yticks(range(len(lanes)), [str(lane.worker) for lane in lanes])
        axes.tick_params(axis="y", length=0)
        _legend(axes, columns)

    return pictures("timeline", 1.1 + 0.2 * max(1, len(lanes)), draw)


def values_picture(contents: Contents) -> dict[str, str]:
    """Draw how often which values came; there has to be one."""
    bars = histogram(contents.values)
    left = [bar.low - 0.5 for bar in bars]
    widths = [0.92 * (bar.high - bar.low + 1) for bar in bars]
    expected = [bar.expected for bar in bars]

    def draw(axes: Axes, columns: int) -> None:
        axes.bar(left, [bar.count for bar in bars], widths, align="edge", color=_BLUE)
        axes.stairs(
            expected,
            [*left, bars[-1].high + 0.5],
            baseline=None,
            color=INK,
            linestyle="--",
            label="expected of uniform values",
        )
        axes.set_xlabel("value")
        axes.set_ylabel("samples")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(axes, columns)

    return pictures("values", 2.6, draw)


def gaps_picture(contents: Contents) -> dict[str, str]:
    """Draw how often consecutive samples were how far apart; there have to be two."""
    gaps, spread = np.asarray(contents.statistics.gaps), contents.statistics.gaps_s
    marks = {"median": (spread.median, "-"), "95th percentile": (spread.percentile_95, "--")}

    def draw(axes: Axes, columns: int) -> None:
        reach = (0.0, spread.maximum or 1.0)
        axes.hist(gaps, _GAP_BARS, range=reach, color=_BLUE, rwidth=0.92, log=True)
        for label, (at, style) in marks.items():
            axes.axvline(at or 0.0, color=INK, linewidth=1, linestyle=style, label=label)
        axes.set_xlabel("seconds between two samples")
        axes.set_ylabel("how often (logarithmic)")
        axes.set_ylim(bottom=0.7)
        axes.yaxis.set_major_formatter("{x:g}")
        _legend(axes, columns)

    return pictures("gaps", 2.6, draw)


def _thinned(points: Sequence[int]) -> Sequence[int]:
    """Return at most 1000 of them, evenly chosen; the last point is drawn anyway."""
    return points[:: -(-len(points) // _MOST_POINTS) or 1]


def _strokes(
    rows: Sequence[Sequence[Activity]], activity: Activity, cell_s: float
) -> tuple[list[float], list[float]]:
    """Return one line that is drawn where workers did this, and interrupted elsewhere."""
    xs: list[float] = []
    ys: list[float] = []
    for row, cells in enumerate(rows):
        position = 0
        for done, group in groupby(cells):
            length = len(list(group))
            if done is activity:
                xs += [position * cell_s, (position + length) * cell_s, nan]
                ys += [row, row, nan]
            position += length
    return xs, ys


def _crashes(rows: Sequence[Sequence[Activity]], cell_s: float) -> tuple[list[float], list[float]]:
    """Return one line with an upright stroke for every cell with a crash."""
    xs: list[float] = []
    ys: list[float] = []
    for row, cells in enumerate(rows):
        for position, done in enumerate(cells):
            if done is Activity.CRASHED:
                xs += [(position + 0.5) * cell_s, (position + 0.5) * cell_s, nan]
                ys += [row - 0.4, row + 0.4, nan]
    return xs, ys


def _mark_breaks(axes: Axes, contents: Contents) -> None:
    for number, at in enumerate(contents.timeline.breaks):
        label = "_" if number else "resumed"
        axes.axvline(at, color=INK, linewidth=1, linestyle=":", label=label)


def _legend(axes: Axes, columns: int) -> None:
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, borderaxespad=0.2)
