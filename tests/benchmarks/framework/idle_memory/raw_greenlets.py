"""The memory of idle greenlets by hand, which are switched to without a hub."""

from greenlet import getcurrent, greenlet

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes

__all__ = ["run"]


def handle(tally: Tally | None) -> None:
    main = getcurrent().parent
    assert main is not None
    while tally:
        tally.add()
        tally = main.switch()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    tally = Tally(actors, lambda: None)
    before = resident_bytes()
    greenlets = [greenlet(handle) for _ in range(actors)]
    for idle in greenlets:
        idle.switch(tally)
    after = resident_bytes()
    for idle in greenlets:
        idle.switch(None)
    assert tally.is_complete, "not all greenlets have handled their message"
    return (after - before) / actors
