"""How many restarts are too many."""

from attrs import field, frozen
from attrs.validators import ge, gt

__all__ = ["Budget", "RestartWindow"]


@frozen
class Budget:
    """At most `max_restarts` restarts within any `within` seconds (Erlang's restart intensity).

    A sign of health (`Actor.mark_healthy`) starts the count anew: an actor that does its work and
    crashes by design is not given up for it. The default is that of Elixir's `Supervisor`.

    Args:
        max_restarts: 0 or more; 0 means that the first failure is the last.
        within: the length of the sliding window in seconds, > 0.

    Example:
        >>> from rnd_actors import Budget
        >>> print(Budget(max_restarts=10, within=60.0))
        10 restarts within 60 s
    """

    max_restarts: int = field(default=3, validator=ge(0))
    within: float = field(default=5.0, validator=gt(0))

    def __str__(self) -> str:
        return f"{self.max_restarts} restarts within {self.within:g} s"


class RestartWindow:
    """The restarts that count against a `Budget` at the moment."""

    __slots__ = ("_budget", "_restarts")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._restarts: list[float] = []

    def spend(self, now: float) -> bool:
        """Count a restart at `now` (monotonic seconds); False, uncounted, if none is left."""
        while self._restarts and self._restarts[0] <= now - self._budget.within:
            del self._restarts[0]
        if len(self._restarts) >= self._budget.max_restarts:
            return False
        self._restarts.append(now)
        return True

    def clear(self) -> None:
        """Count anew: the child has shown that it works."""
        self._restarts.clear()
