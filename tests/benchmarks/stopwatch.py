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
        ...     halfway = watch.seconds
        ...     total += sum(range(1000))
        >>> 0 < halfway < watch.seconds
        True
    """

    _ended: float | None = None

    def __enter__(self) -> Self:
        gc.collect()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Those of the block, or those up to now while it runs."""
        return (self._ended or time.perf_counter()) - self._began
