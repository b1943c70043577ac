"""A timeline in characters, for terminals and texts."""

from collections.abc import Iterator
from typing import Final

from rnd_actors.reporting._timeline import Activity, Timeline

__all__ = ["LEGEND", "draw_timeline"]

LEGEND: Final = "  ".join(f"{activity.value} {activity.name.lower()}" for activity in Activity)
"""What the characters mean."""


def draw_timeline(timeline: Timeline, width: int) -> Iterator[tuple[str, tuple[Activity, ...]]]:
    """Give a label and the cells of each worker, which take `width` columns together.

    Example:
        >>> from rnd_actors.reporting import Activity, Lane, Stretch, Timeline, draw_timeline
        >>> lane = Lane(3, (Stretch(Activity.STREAMING, 0.0, 1.0),), crashes=())
        >>> for label, cells in draw_timeline(Timeline(2.0, (lane,), breaks=()), width=10):
        ...     print(label + "".join(cell.value for cell in cells))
        3 ████····
    """
    labels = [f"{lane.worker} " for lane in timeline.lanes]
    longest = max(map(len, labels), default=0)
    for label, lane in zip(labels, timeline.lanes, strict=True):
        yield label.rjust(longest), lane.cells(timeline.end_s, max(1, width - longest))
