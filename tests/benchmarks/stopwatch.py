"""How long a block takes."""

import gc
import time
from typing import Self

__all__ = ["Stopwatch"]


class Stopwatch:
    """Measures the real seconds of a `with` block, without garbage that was there before.

    Example:
        >>> with Stopwatch() as watch:
        ...     total = sum(range(1000))
        >>> watch.seconds > 0
        True
    """

    seconds = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began
