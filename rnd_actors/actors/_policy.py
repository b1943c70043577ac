"""The settings of children and supervisors: restarts, shutdown, full mailboxes."""

import random
from enum import Enum
from typing import Final

from attrs import field, frozen

from rnd_actors._validators import (
    accepts,
    instance,
    member,
    optional,
    probability,
    seconds,
    whole_number,
)
from rnd_actors.errors import SettingsError


class Restart(Enum):
    """When a supervisor restarts a child that ended without being told to."""

    PERMANENT = "permanent"
    """Always."""
    TRANSIENT = "transient"
    """After a crash or a kill, not after a normal end."""
    TEMPORARY = "temporary"
    """Never."""
    DELEGATED = "delegated"
    """When the spec's `decider`, another actor, answers `ChildDown` with `RestartChild`."""


class Strategy(Enum):
    """Which children are restarted when one has failed."""

    ONE_FOR_ONE = "one_for_one"
    """The failed one only."""
    ONE_FOR_ALL = "one_for_all"
    """All: the others end, in reverse start order, and then all start in order."""
    REST_FOR_ONE = "rest_for_one"
    """The failed one and those that were started after it."""


class AutoShutdown(Enum):
    """When a supervisor shuts itself down because significant children have ended for good."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    """When the first of them has ended."""
    ALL_SIGNIFICANT = "all_significant"
    """When the last of them has ended."""


class ShutdownOrder(Enum):
    """In which order a supervisor ends its children."""

    REVERSE = "reverse"
    """The last one started ends first, and the next one is told when it has ended."""
    PARALLEL = "parallel"
    """All are told at once; for many alike children that do not need each other."""


class OnLimit(Enum):
    """Which end a child brings that needs more restarts than its restart intensity allows."""

    FAIL = "fail"
    """The supervisor fails, so that its own supervisor can act, as in Erlang."""
    STOP_CHILD = "stop_child"
    """That child alone stops for good, as in Akka; `RestartChild` brings it back."""


class Directive(Enum):
    """What follows when a child has crashed with an error of a class: see `ChildSpec.on`."""

    RESTART = "restart"
    STOP = "stop"
    """The child stops for good."""
    ESCALATE = "escalate"
    """The supervisor fails with the same error."""


class Overflow(Enum):
    """How `tell` treats a message for which the receiver's mailbox has no room."""

    BLOCK = "block"
    """The sender waits for room: a slow receiver slows its senders down."""
    DROP_NEWEST = "drop_newest"
    """The new message is refused."""
    DROP_OLDEST = "drop_oldest"
    """The message that has waited longest is refused, and the new one takes its place."""
    FAIL = "fail"
    """The new message is refused and `tell` raises `MailboxFullError`."""


@frozen
class RestartIntensity:
    """At most `max_restarts` restarts within any `within` seconds (Erlang's restart intensity).

    A child that never starts is given up after `max_restarts` restarts in a row however long each
    attempt takes: those whose `on_start` fails count until one succeeds.

    A sign of health (`Actor.mark_healthy`) clears the count: an actor that does its work and
    crashes by design is not given up for it. The default is that of Elixir's `Supervisor`.

    Args:
        max_restarts: 0 or more; 0 means that the first failure is the last. None: no limit.
        within: the length of the sliding window in seconds, > 0.

    Raises:
        SettingsError: a value is out of range.
    """

    max_restarts: int | None = field(default=3, validator=optional(whole_number(0)))
    within: float = field(default=5.0, validator=seconds)

    def __str__(self) -> str:
        number = "any number of" if self.max_restarts is None else self.max_restarts
        return f"{number} restarts within {self.within:g} s"


class RestartWindow:
    """The restarts that count against a `RestartIntensity` at the moment."""

    __slots__ = ("_restarts", "intensity")

    def __init__(self, intensity: RestartIntensity) -> None:
        self.intensity = intensity
        self._restarts: list[float] = []

    def spend(self, now: float) -> bool:
        """Count a restart at `now`, in seconds of any clock; False, uncounted, if none is left."""
        most = self.intensity.max_restarts
        if most is None:
            return True
        while self._restarts and self._restarts[0] <= now - self.intensity.within:
            del self._restarts[0]
        if len(self._restarts) >= most:
            return False
        self._restarts.append(now)
        return True


_FIRST_DELAYED: Final = 2
_QUIET: Final = 2.0
"""Times `maximum`: as in Kubernetes, whose longest backoff is 5 minutes; 10 quiet ones reset it."""


@frozen
class Backoff:
    """Exponential backoff with jitter, counted in failures in a row.

    The first failure in a row is answered by a restart at once. The second one waits `initial`
    seconds, each further one `factor` times longer, up to `maximum`; jitter then adds a random part
    of up to `jitter` times the delay, so that children that fell together do not rise together.

    A row ends with a sign of health (`Actor.mark_healthy`), or with a quiet time: an incarnation
    that ran longer than twice `maximum`, and longer than `within` of the `RestartIntensity`.

    Args:
        initial: seconds before the first delayed restart, > 0.
        maximum: seconds, at least `initial`; with jitter a delay is at most maximum * (1 + jitter).
        factor: growth from one delay to the next, at least 1.
        jitter: 0 to 1.

    Raises:
        SettingsError: a value is out of range.
    """

    initial: float = field(default=0.1)
    maximum: float = field(default=5.0)
    factor: float = field(
        default=2.0,
        validator=accepts("a number, 1 or more", lambda x: type(x) in (int, float) and x >= 1),
    )
    jitter: float = field(default=0.2, validator=probability)

    def __attrs_post_init__(self) -> None:
        numbers = (int, float)
        if type(self.initial) not in numbers or type(self.maximum) not in numbers:
            form, got = "seconds for initial and maximum", (self.initial, self.maximum)
            raise SettingsError("Backoff", form, got)
        if not 0 < self.initial <= self.maximum < float("inf"):
            accepted = f"0 < initial <= maximum ({self.maximum!r})"
            raise SettingsError("Backoff.initial", accepted, self.initial)

    def quiet_s(self, intensity: RestartIntensity | None) -> float:
        """Return how many seconds an incarnation has to run to end the row of failures."""
        return max(_QUIET * self.maximum, 0.0 if intensity is None else intensity.within)

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after that many failures in a row (1 or more)."""
        if failures < _FIRST_DELAYED:
            return 0.0
        steps = min(failures - _FIRST_DELAYED, 1_000)
        try:
            delay = min(self.initial * self.factor**steps, self.maximum)
        except OverflowError:
            delay = self.maximum
        return delay * (1 + self.jitter * random.random())  # noqa: S311


_DEFAULT_INTENSITY: Final = RestartIntensity()
_is_intensity = optional(
    instance(RestartIntensity, "a RestartIntensity(max_restarts, within), or None")
)


@frozen(kw_only=True)
class Policy:
    """The settings of a supervisor, which are the arguments of `Supervisor`."""

    strategy: Strategy = field(validator=member(Strategy))
    intensity: RestartIntensity | None = field(validator=_is_intensity)
    total_intensity: RestartIntensity | None = field(validator=_is_intensity)
    on_limit: OnLimit = field(validator=member(OnLimit))
    backoff: Backoff = field(
        validator=instance(Backoff, "a Backoff(initial, maximum, factor, jitter)")
    )
    auto_shutdown: AutoShutdown = field(validator=member(AutoShutdown))
    shutdown_order: ShutdownOrder = field(validator=member(ShutdownOrder))
    max_children: int | None = field(validator=optional(whole_number(0)))

    @property
    def child_intensity(self) -> RestartIntensity | None:
        """The intensity of each child: the default one, unless another or only a total is given."""
        return (
            _DEFAULT_INTENSITY if self.intensity is self.total_intensity is None else self.intensity
        )
