"""How costs grow with the number of children, read from the results of `framework/scale`."""

from tests.benchmarks.contest import OURS, Results

__all__ = ["SCALE", "by_operation"]

SCALE = ("framework", "scale")
"""The group and the name of the contest."""


def by_operation(scale: Results) -> dict[str, tuple[list[float], list[float]]]:
    """Return the microseconds of each operation, of each round: beside few children, and many."""
    few, many = (f", {scale.parameters[number]}" for number in ("few", "many"))
    names = [name.removesuffix(few) for name in scale.rounds[OURS][0] if name.endswith(few)]
    return {name: (scale.of(OURS, name + few), scale.of(OURS, name + many)) for name in names}
