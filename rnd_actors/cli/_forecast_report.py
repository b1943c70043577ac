"""What simulated runs say of a plan, in words and bars for people."""

from math import inf
from typing import Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from rnd_actors.planning import Forecast

__all__ = ["forecast_report"]

_PERCENTILES: Final = (1, 10, 50, 90, 99)
_LONGEST_BAR: Final = 40


def forecast_report(outlook: Forecast) -> Group:
    """Return the probability, the figures it rests on, and the distribution of the times."""
    plan, kept = outlook.plan, outlook.kept
    low, high = kept.limits
    verdict = Text.assemble(
        (f"{kept.estimate:.1%}", "bold"),
        f" of {kept.trials} simulated runs keep the deadline of {plan.deadline:g} s "
        f"(95 % confidence: {low:.1%} to {high:.1%}).",
    )
    return Group(verdict, _workers_needed(outlook), "", _figures(outlook), "", _bars(outlook))


def _workers_needed(outlook: Forecast) -> str:
    if outlook.workers_needed is None:
        return "No number of workers up to 1000 keeps it in 99 % of the runs."
    plural = "" if outlook.workers_needed == 1 else "s"
    return f"It takes {outlook.workers_needed} worker{plural} to keep it in 99 % of the runs."


def _figures(outlook: Forecast) -> Table:
    plan, figures = outlook.plan, outlook.plan.figures
    crashes = "never" if figures.mtbf is None else f"after {figures.mtbf:.4g} s on average"
    table = Table.grid(padding=(0, 2))
    table.add_row("samples", f"{plan.samples} from {plan.workers} workers")
    table.add_row(
        "each worker",
        f"{figures.rate:.4g}/s, the first after {figures.startup:.4g} s, crashes {crashes}",
    )
    for percent in _PERCENTILES:
        table.add_row(f"{percent} % of the runs", _within(outlook.percentile(percent)))
    return table


def _bars(outlook: Forecast) -> Table:
    bars = outlook.histogram()
    most = max((bar.runs for bar in bars), default=1)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("complete within", justify="right")
    table.add_column("runs", justify="right")
    table.add_column("")
    for bar in bars:
        kept = bar.up_to_s <= outlook.plan.deadline
        length = round(_LONGEST_BAR * bar.runs / most)
        style = "green" if kept else "red"
        table.add_row(f"{bar.up_to_s:.2f} s", str(bar.runs), Text("█" * length, style=style))
    if never := outlook.times.count(inf):
        table.add_row("never", str(never))
    return table


def _within(time: float) -> str:
    return "not even at ten times the deadline" if time == inf else f"within {time:.2f} s"
