"""The pictures of a report, which matplotlib draws as SVG for a page, the same on every call."""

import re
from collections.abc import Callable, Sequence
from io import StringIO
from itertools import groupby
from math import ceil, nan
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnd_actors.reporting._report import Report
from rnd_actors.reporting._timeline import Activity

MOST_LANES: Final = 64
"""The number of workers that the timeline shows at most."""
_MOST_POINTS: Final = 1000
_CELLS: Final = 400
_GAP_BARS: Final = 40
_BLUE: Final = "#3b82c4"
_AMBER: Final = "#e0a030"
_RED: Final = "#d9484b"
_INK: Final = "#0a0b0c"
"""Stands for the colour of the text of the page."""
_WIDTHS_INCHES: Final = {"wide": 7.5, "narrow": 4.2}
"""For screens and for phones; letters have the same size in both."""
_INCHES_OF_A_WORD: Final = 1.5
"""Room for each of the words that stand side by side in a legend."""
_STYLE: Final[dict[Any, Any]] = {
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "grid.alpha": 0.15,
    "grid.color": _INK,
    "legend.frameon": False,
    "path.simplify": False,
    "svg.fonttype": "none",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def progress(report: Report) -> str:
    """Draw the samples over time, and those of the ideal."""
    figures, goal = report.statistics, report.history.run.goal
    times, end = figures.times_s, figures.timeline.end_s

    def draw(axes: Axes) -> None:
        points = range(0, len(times), max(1, ceil(len(times) / _MOST_POINTS)))  # and the last one
        axes.plot(
            [0.0, *(times[index] for index in points), end],
            [0, *(index + 1 for index in points), len(times)],
            color=_BLUE,
            drawstyle="steps-post",
            label="samples",
        )
        ideal_s = [0.0, *(time for time in figures.ideal.changes_s if time < end), end]
        ideal = [figures.ideal.samples(time) for time in ideal_s]
        axes.plot(ideal_s, ideal, color=_INK, linestyle="--", linewidth=1, label="ideal")
        if goal:
            axes.axhline(goal, color=_RED, linewidth=1, label="goal")
        _mark_breaks(axes, report)
        axes.set_xlabel("seconds of the run")
        axes.set_ylabel("samples")
        axes.set_xlim(0, end or 1)
        axes.set_ylim(0, 1.08 * max(len(times), goal or ideal[-1], 1))
        axes.grid()

    return _as_svg("progress", 3.2, draw)


def timeline(report: Report) -> str:
    """Draw the activities of each worker, at most 64."""
    whole = report.statistics.timeline
    lanes, end = whole.lanes[:MOST_LANES], whole.end_s

    def draw(axes: Axes) -> None:
        rows = [lane.cells(end, _CELLS) for lane in lanes]
        for activity, color in ((Activity.STARTING, _AMBER), (Activity.STREAMING, _BLUE)):
            along, across = _strokes(rows, activity, end / _CELLS)
            label = activity.name.lower()
            axes.plot(along, across, color=color, linewidth=8, solid_capstyle="butt", label=label)
        axes.plot(*_crashes(rows, end / _CELLS), color=_RED, linewidth=2, label="crashed")
        _mark_breaks(axes, report)
        axes.set_xlabel("seconds of the run")
        axes.set_ylabel("worker")
        axes.set_xlim(0, end or 1)
        axes.set_ylim(len(lanes) - 0.4, -0.6)
        axes.set_yticks(range(len(lanes)), [str(lane.worker) for lane in lanes])
        axes.tick_params(axis="y", length=0)

    return _as_svg("timeline", 1.1 + 0.2 * max(1, len(lanes)), draw)


def values(report: Report) -> str:
    """Draw the histogram of the values; there has to be one."""
    bars = report.bars
    left = [bar.low - 0.5 for bar in bars]
    widths = [0.92 * (bar.high - bar.low + 1) for bar in bars]
    expected = [bar.expected for bar in bars]

    def draw(axes: Axes) -> None:
        axes.bar(left, [bar.count for bar in bars], widths, align="edge", color=_BLUE)
        axes.stairs(
            expected,
            [*left, bars[-1].high + 0.5],
            baseline=None,
            color=_INK,
            linestyle="--",
            label="expected of uniform values",
        )
        axes.set_xlabel("value")
        axes.set_ylabel("samples")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))

    return _as_svg("values", 2.6, draw)


def gaps(report: Report) -> str:
    """Draw the histogram of the times between samples; there have to be two samples."""
    seconds, spread = np.asarray(report.statistics.gaps), report.statistics.gaps_s
    marks = {"median": (spread.median, "-"), "95th percentile": (spread.percentile_95, "--")}

    def draw(axes: Axes) -> None:
        reach = (0.0, spread.maximum or 1.0)
        axes.hist(seconds, _GAP_BARS, range=reach, color=_BLUE, rwidth=0.92, log=True)
        for label, (at, style) in marks.items():
            axes.axvline(at or 0.0, color=_INK, linewidth=1, linestyle=style, label=label)
        axes.set_xlabel("seconds between two samples")
        axes.set_ylabel("how often (logarithmic)")
        axes.set_ylim(bottom=0.7)
        axes.yaxis.set_major_formatter("{x:g}")

    return _as_svg("gaps", 2.6, draw)


def _strokes(
    rows: Sequence[Sequence[Activity]], activity: Activity, cell_s: float
) -> tuple[list[float], list[float]]:
    """Return one line that is drawn where workers had this activity, and interrupted elsewhere."""
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


def _mark_breaks(axes: Axes, report: Report) -> None:
    for number, at in enumerate(report.statistics.timeline.breaks):
        label = "_" if number else "resumed"
        axes.axvline(at, color=_INK, linewidth=1, linestyle=":", label=label)


def _as_svg(name: str, height: float, draw: Callable[[Axes], None]) -> str:
    """Return a picture `height` inches high as `<svg>` elements, one for each width of a page."""
    return "\n".join(_element(form, name, height, draw) for form in _WIDTHS_INCHES)


def _element(form: str, name: str, height: float, draw: Callable[[Axes], None]) -> str:
    written, width, unique = StringIO(), _WIDTHS_INCHES[form], f"{name}-{form}"
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, "svg.hashsalt": unique})
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        columns = int(width // _INCHES_OF_A_WORD)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, borderaxespad=0.2)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    svg = written.getvalue()
    svg = svg[svg.index("<svg ") :].replace(_INK, "currentColor")
    svg = re.sub(r'( id="|"#|url\(#)', rf"\g<1>{unique}-", svg)  # ids are those of the whole page
    return svg.replace("<svg ", f'<svg class="{form}" ', 1)
