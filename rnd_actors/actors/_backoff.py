"""How long to wait before a restart."""

import random
from typing import Final

from attrs import field, frozen
from attrs.validators import ge, le

from rnd_actors.errors import SettingsError

__all__ = ["Backoff"]

_FIRST_DELAYED: Final = 2


@frozen
class Backoff:
    """Exponential backoff with jitter, counted in failures in a row without a sign of health.

    The failure of an incarnation that had called `mark_healthy()`, and the first one that had not,
    are answered by a restart at once. The second in a row waits `initial` seconds, each further one
    `factor` times longer, up to `maximum`; jitter then adds a random part of up to `jitter` times
    the delay, so that children that fell together do not rise together. What resets the count is
    health, not uptime.

    Args:
        initial: seconds before the first delayed restart, > 0.
        maximum: seconds, at least `initial`; with jitter a delay is at most maximum * (1 + jitter).
        factor: growth from one delay to the next, at least 1.
        jitter: 0 to 1.

    Example:
        >>> from rnd_actors import Backoff
        >>> backoff = Backoff(initial=0.1, maximum=1.0, factor=2.0, jitter=0.0)
        >>> [backoff.delay(failures) for failures in (1, 2, 3, 4, 5, 6, 60)]
        [0.0, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    """

    initial: float = field(default=0.1)
    maximum: float = field(default=5.0)
    factor: float = field(default=2.0, validator=ge(1))
    jitter: float = field(default=0.2, validator=[ge(0), le(1)])

    def __attrs_post_init__(self) -> None:
        if not 0 < self.initial <= self.maximum:
            accepted = f"0 < initial <= maximum ({self.maximum!r})"
            raise SettingsError("Backoff.initial", accepted, self.initial)

    def delay(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row (1 or more) without health."""
        if failures < _FIRST_DELAYED:
            return 0.0
        steps = min(failures - _FIRST_DELAYED, 1_000)
        try:
            delay = min(self.initial * self.factor**steps, self.maximum)
        except OverflowError:
            delay = self.maximum
        return delay * (1 + self.jitter * random.random())  # noqa: S311
