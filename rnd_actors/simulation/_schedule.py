"""Schedules: which of the callbacks that could run is the next."""

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

__all__ = ["Pick", "Seed", "pick_of"]

Seed: TypeAlias = int | Sequence[int]
"""What fixes a schedule. A number seeds a random one. Of a sequence each element says which of
the callbacks that could run is next, counted from 0, the oldest, and modulo how many there are;
after its end it is always the oldest, as in gevent's own loops."""

Pick: TypeAlias = Callable[[int], int]
"""Returns which of so many callbacks (2 or more) runs next, from 0, the oldest."""


def pick_of(seed: Seed) -> Pick:
    """Return the schedule of a seed."""
    if isinstance(seed, int):
        draw = random.Random(f"schedule {seed}").random  # noqa: S311
        return lambda count: int(draw() * count)
    choices = iter(seed)
    return lambda count: next(choices, 0) % count
