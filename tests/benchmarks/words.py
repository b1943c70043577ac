"""The results of a contest in words: a title, and a line for each side."""

from collections.abc import Sequence
from statistics import median

from tests.benchmarks.contest import OURS, Results

__all__ = ["in_words", "spread"]


def in_words(results: Results) -> str:
    """Return the figures of each side and its ratios to ours, as lines of text."""
    parameters = ", ".join(f"{name}={value}" for name, value in results.parameters.items())
    lines = [f"{results.group}/{results.name} ({parameters})"]
    for side, rounds in results.rounds.items():
        figures = {name: results.of(side, name) for name in rounds[0]}
        width = max(12, *(len(name) + 2 for name in figures))
        lines += [_line(results, side, name, width, values) for name, values in figures.items()]
    return "\n".join(lines)


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Return the median, and the least and the most if they differ."""
    middle, least, most = (
        format(value, form) for value in (median(values), min(values), max(values))
    )
    return middle if least == most else f"{middle} ({least} to {most})"


def _line(results: Results, side: str, figure: str, width: int, values: Sequence[float]) -> str:
    text = f"  {side:<18}{figure:<{width}}{spread(values, '.4g')}"
    if side != OURS and OURS in results.rounds:
        text += f"   that is {spread(results.ratios(side, figure))} times as much"
    return text
