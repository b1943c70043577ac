"""When a view tells how a run goes on."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat

import gevent


def pauses_s() -> Iterator[float]:
    """Give the pauses between reports: a second for a minute, then 10 s, after 10 minutes 60 s."""
    yield from repeat(1.0, 60)
    yield from repeat(10.0, 54)
    yield from repeat(60.0)


@contextmanager
def ticking(pauses_s: Iterable[float], call: Callable[[], object]) -> Iterator[None]:
    """Call `call` after each of these pauses, in a greenlet that ends with the block."""

    def tick() -> None:
        for pause_s in pauses_s:
            gevent.sleep(pause_s)
            call()

    ticker = gevent.spawn(tick)
    try:
        yield
    finally:
        ticker.kill()
