"""Something that is done again and again while something else goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Never

import gevent

__all__ = ["every"]


@contextmanager
def every(seconds: float, call: Callable[[], object]) -> Iterator[None]:
    """Call `call` every so many seconds, in a greenlet that ends with the block."""

    def tick() -> Never:
        while True:
            gevent.sleep(seconds)
            call()

    ticker = gevent.spawn(tick)
    try:
        yield
    finally:
        ticker.kill()
