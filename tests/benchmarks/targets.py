"""What the framework and the tool are to reach, and how that is read from the results."""

from collections.abc import Callable, Mapping, Set
from statistics import median
from typing import Final, TypeAlias

from attrs import frozen

from tests.benchmarks.catalogue import SAVINA
from tests.benchmarks.contest import SIDES
from tests.benchmarks.results import OURS, SCALE, Results

__all__ = ["TARGETS", "Target"]

ByName: TypeAlias = Mapping[tuple[str, str], Results]


@frozen
class Target:
    """A figure, what it is to be at least (or, with `at_most`, at most), and how to read it."""

    what: str
    limit: float
    measure: Callable[[ByName], float]
    at_most: bool = False
    form: str = ".2f"

    @property
    def wanted(self) -> str:
        """The limit in words."""
        return f"{'≤' if self.at_most else '≥'} {format(self.limit, self.form)}"

    def is_met(self, value: float) -> bool:
        """Whether a measured value reaches it."""
        return value <= self.limit if self.at_most else value >= self.limit

    def value_in(self, results: ByName) -> float | None:
        """Return its value; None if these results lack what it is read from."""
        try:
            return self.measure(results)
        except KeyError:
            return None


def _speed(group: str, name: str, side: str) -> Callable[[ByName], float]:
    """Return how the time of a side is read, as a multiple of ours: our speed by theirs."""
    return lambda results: median(results[group, name].ratios(side))


def _cost(group: str, name: str, side: str) -> Callable[[ByName], float]:
    """Return how our time or memory is read, as a multiple of a side's."""
    return lambda results: 1 / median(results[group, name].ratios(side))


def _figure(name: str, figure: str) -> Callable[[ByName], float]:
    return lambda results: median(results["tool", name].of(OURS, figure))


def _savina(results: ByName, peers: Set[str]) -> list[float]:
    """Return, of each program, our speed by that of the fastest of these peers."""
    programs = [results["savina", contest.name] for contest in SAVINA]
    return [
        min(median(program.ratios(peer)) for peer in peers & program.rounds.keys())
        for program in programs
    ]


def _growth(results: ByName) -> float:
    """Return how many times as long the operation that grows most takes beside many children."""
    return max(
        median(many / few for few, many in zip(*rounds, strict=True))
        for rounds in results[SCALE].by_operation().values()
    )


_GEVENT: Final = "gevent queues"
_PYKKA: Final = "Pykka on gevent"
_PEERS: Final = {side.name for side in SIDES if not side.is_limit} - {OURS}

TARGETS: Final = (
    Target("tell, against a raw gevent queue", 0.35, _speed("framework", "tell", _GEVENT)),
    Target("tell, against Pykka on gevent", 2.0, _speed("framework", "tell", _PYKKA)),
    Target("ask, against raw ping-pong over queues", 0.8, _speed("framework", "ask", _GEVENT)),
    Target("ask, against Pykka on gevent", 2.5, _speed("framework", "ask", _PYKKA)),
    Target(
        "Savina, against Pykka on gevent: the worst of ten",
        1.0,
        lambda all_: min(_savina(all_, {_PYKKA})),
    ),
    Target(
        "Savina, against the fastest peer: the worst of ten",
        0.8,
        lambda all_: min(_savina(all_, _PEERS)),
    ),
    Target(
        "Savina, against the fastest peer: the median of ten",
        1.3,
        lambda all_: median(_savina(all_, _PEERS)),
    ),
    Target(
        "bytes per idle actor, against a bare greenlet with a queue",
        1.25,
        _cost("framework", "idle memory", _GEVENT),
        at_most=True,
    ),
    Target(
        "spawn, against a bare greenlet with a queue", 0.35, _speed("framework", "spawn", _GEVENT)
    ),
    Target(
        "an operation beside 10,000 children, against one beside 100: the worst of ten",
        2.0,
        _growth,
        at_most=True,
    ),
    Target(
        "samples a second, against a bare urllib3 loop, 100 lines a chunk",
        0.6,
        _speed("tool", "100 lines a chunk", "urllib3"),
    ),
    Target(
        "samples a second, against a bare urllib3 loop, 1 line a chunk",
        0.35,
        _speed("tool", "one line a chunk", "urllib3"),
    ),
    Target(
        "seconds over 9 for 150 samples",
        0.060,
        _figure("150 samples", "over_nine"),
        at_most=True,
        form=".3f",
    ),
    Target(
        "seconds to spawn 16 workers", 0.040, _figure("spawn", "seconds"), at_most=True, form=".3f"
    ),
    Target(
        "crash to next sample, against bare spawn, connect and first byte",
        2.0,
        _cost("tool", "recovery", "posix_spawn"),
        at_most=True,
    ),
    Target(
        "part of one core for 500 workers at 1/s",
        0.25,
        _figure("500 workers", "cpu_share"),
        at_most=True,
        form=".3f",
    ),
)
