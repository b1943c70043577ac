"""A manager asks producers for items and hands them to consumers: the cost of a go-between.

The manager asks as long as its buffer has room for all items that are in it or being made. A
producer that is asked once more than it makes items exits. When all have, and all consumers wait,
the manager ends the consumers, and each says what it has consumed.
"""

from math import isclose

__all__ = ["SEED", "Consumed", "calculate"]

SEED = 0.5
"""What each producer begins its calculation with."""


def calculate(start: float, cost: int) -> float:
    """Return what comes of `start`, between 0 and 1, after `cost` steps of a calculation."""
    for _ in range(cost):
        start = 3.9 * start * (1.0 - start)
    return start


class Consumed:
    """How many items were consumed, and the sum of what was calculated of them."""

    def __init__(self) -> None:
        self.items = 0
        self.total = 0.0

    def add(self, items: int, total: float) -> None:
        """Add what a consumer has consumed."""
        self.items += items
        self.total += total

    def check(self, producers: int, items: int, cost: int) -> None:
        """Raise an AssertionError if that is not what the producers have made."""
        expected, item = 0.0, SEED
        for _ in range(items):
            item = calculate(item, cost)
            expected += producers * calculate(item, cost)
        made = producers * items
        assert self.items == made, f"{self.items} items were consumed, not {made}"
        assert isclose(self.total, expected), f"their sum is {self.total}, not {expected}"
