"""How many workers a run may have: on one machine, and with a cluster."""

from typing import Final

from rnd_actors._validators import Validator, accepts

MOST_WORKERS: Final = 10_000
"""Of any run: so many have been measured, with all that shows a run."""
_MOST_ON_ONE_MACHINE: Final = 1_000
"""One machine has neither the ports nor the processes for more."""


def most_workers(cluster: str | None) -> int:
    """Return how many workers a run may have with this cluster; None: on one machine."""
    return _MOST_ON_ONE_MACHINE if cluster is None else MOST_WORKERS


def number_of_workers(most: int) -> Validator:
    """Return a validator of the numbers of workers up to `most`, which `most_workers` returns."""
    return accepts(
        f"a whole number from 1 to {in_words(most)}",
        lambda value: type(value) is int and 1 <= value <= most,
    )


def in_words(most: int) -> str:
    """Return the greatest number of workers, and where there may be more."""
    return str(most) if most == MOST_WORKERS else f"{most}, or {MOST_WORKERS} with a cluster"
