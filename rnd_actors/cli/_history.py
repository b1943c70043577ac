"""A stored run, in words and charts for people."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rnd_actors.cli._charts import HistogramChart, TimelineChart
from rnd_actors.cli._summary import summary
from rnd_actors.cli._words import one_line
from rnd_actors.reporting import histogram, timeline
from rnd_actors.store import RunHistory

__all__ = ["history_view"]


def history_view(history: RunHistory) -> Group:
    """Return the summary of the run, its sessions, the histogram and the timeline."""
    return Group(*_parts(history))


def _parts(history: RunHistory) -> Iterator[RenderableType]:
    run = history.run
    yield Text.assemble((f"Run {run.id}", "bold"), f": {run.state}, {one_line(run.collector)}")
    yield from ("", summary(history.result))
    yield from ("", _sessions(history))
    if history.samples:
        bars = histogram([sample.value for sample in history.samples])
        yield from ("", _heading("Values"), HistogramChart(bars))
    yield from ("", _heading("Timeline"), TimelineChart(timeline(history)))


def _sessions(history: RunHistory) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("session", justify="right")
    table.add_column("began")
    table.add_column("took", justify="right")
    for session in history.sessions:
        began = datetime.fromtimestamp(session.started_at).astimezone()
        table.add_row(
            str(session.number), f"{began:%Y-%m-%d %H:%M:%S}", f"{session.elapsed_s:.2f} s"
        )
    return table


def _heading(text: str) -> Text:
    return Text(text, style="bold")
