"""Statistics, timeline and histogram of a stored run, and the reports that show them."""

from rnd_actors._histogram import Bar, histogram
from rnd_actors.reporting._statistics import (
    Ideal,
    RunStatistics,
    Spread,
    Uniformity,
    WorkerStatistics,
    statistics,
    uniformity,
)
from rnd_actors.reporting._timeline import (
    LEGEND,
    Activity,
    Lane,
    Stretch,
    Timeline,
    draw_timeline,
    timeline,
)
from rnd_actors.reporting._write import write_report

__all__ = [
    "LEGEND",
    "Activity",
    "Bar",
    "Ideal",
    "Lane",
    "RunStatistics",
    "Spread",
    "Stretch",
    "Timeline",
    "Uniformity",
    "WorkerStatistics",
    "draw_timeline",
    "histogram",
    "statistics",
    "timeline",
    "uniformity",
    "write_report",
]
