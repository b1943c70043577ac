"""Something that is done again and again while something else goes on."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import gevent

__all__ = ["ticking"]


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
