"""What contests gave: figures by side and round, their ratios to ours, and the same in words."""

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from attrs import asdict, frozen

__all__ = ["OURS", "SCALE", "Results", "spread"]

OURS: Final = "rnd-actors"
SCALE: Final = ("framework", "scale")
"""The group and the name of the contest whose figures are those of `Results.by_operation`."""


@frozen
class Results:
    """What a contest gave: for each side, the figures of each round by their names."""

    group: str
    name: str
    parameters: dict[str, Any]
    rounds: dict[str, list[dict[str, float]]]

    def of(self, side: str, figure: str = "seconds") -> list[float]:
        """Return a figure of a side, of each round."""
        return [each[figure] for each in self.rounds[side]]

    def ratios(self, side: str, figure: str = "seconds") -> list[float]:
        """Return, of each round, how many times as much as ours this side needed."""
        pairs = zip(self.rounds[side], self.rounds[OURS], strict=True)
        return [theirs[figure] / ours[figure] for theirs, ours in pairs]

    def by_operation(self) -> dict[str, tuple[list[float], list[float]]]:
        """Return the microseconds of each operation, of each round: beside few children, and many.

        Only the contest `SCALE` has them.
        """
        few, many = (f", {self.parameters[number]}" for number in ("few", "many"))
        names = [name.removesuffix(few) for name in self.rounds[OURS][0] if name.endswith(few)]
        return {name: (self.of(OURS, name + few), self.of(OURS, name + many)) for name in names}

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def in_words(self) -> str:
        """Return a title, and a line for each figure of each side."""
        parameters = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        lines = [f"{self.group}/{self.name} ({parameters})"]
        for side, rounds in self.rounds.items():
            width = max(12, *(len(figure) + 2 for figure in rounds[0]))
            lines += [self._line(side, figure, width) for figure in rounds[0]]
        return "\n".join(lines)

    def _line(self, side: str, figure: str, width: int) -> str:
        text = f"  {side:<18}{figure:<{width}}{spread(self.of(side, figure), '.4g')}"
        if side != OURS and OURS in self.rounds:
            text += f"   that is {spread(self.ratios(side, figure))} times as much"
        return text


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Return the median, and the least and the most if they differ."""
    middle, least, most = (
        format(value, form) for value in (median(values), min(values), max(values))
    )
    return middle if least == most else f"{middle} ({least} to {most})"
