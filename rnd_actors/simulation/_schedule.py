"""Schedules: which of the callbacks that could run is the next."""

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

from rnd_actors.errors import SettingsError

__all__ = ["Pick", "Seed", "pick_of"]

Seed: TypeAlias = int | Sequence[int]
"""What fixes a schedule. A number seeds a random one. Of a sequence each element says which of
the callbacks that could run is next, counted from 0, the oldest, and modulo how many there are;
after its end it is always the oldest, as in gevent's own loops."""

Pick: TypeAlias = Callable[[int], int]
"""Returns which of so many callbacks (2 or more) runs next, from 0, the oldest."""


def pick_of(seed: Seed) -> Pick:
    """Return the schedule of a seed.

    Raises:
        SettingsError: it is neither a whole number nor a sequence of whole numbers.
    """
    if not isinstance(seed, int) and not _is_choices(seed):
        raise SettingsError("seed", "a whole number, or a sequence of them", seed)
    if isinstance(seed, int):
        draw = random.Random(f"schedule {seed}").random  # noqa: S311
        return lambda count: int(draw() * count)
    choices = iter(seed)
    return lambda count: next(choices, 0) % count


def _is_choices(seed: object) -> bool:
    return isinstance(seed, Sequence) and all(isinstance(choice, int) for choice in seed)
