"""One random run: what is asked of it, how its workers misbehave and what strikes it."""

import random
import signal
from enum import Enum
from signal import Signals
from typing import Final

from attrs import frozen

__all__ = ["Case", "Strike", "Target"]

_MOST_WORKERS: Final = 64
_MOST_SAMPLES: Final = 20_000
_LONGEST_S: Final = 4.0
"""What a run of workers that do not crash may take."""
_MOST_CRASHES: Final = 60
"""In a run, as far as crashes are by the number of samples."""
_STRIKES_FOR_S: Final = 2.5
_MOST_SESSIONS: Final = 3
_MOST_STRIKES: Final = 4


class Target(Enum):
    """The process that a signal strikes."""

    PROGRAM = "program"
    GUARDIAN = "guardian"
    WORKER = "worker"


_SIGNALS: Final = {
    Target.PROGRAM: (
        *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL),
        *(signal.SIGQUIT, signal.SIGSTOP),
    ),
    Target.GUARDIAN: (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP),
    Target.WORKER: (
        *(signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGHUP),
        *(signal.SIGSTOP, signal.SIGXFSZ),
    ),
}


@frozen
class Strike:
    """A signal, so many seconds after the start of a session; what it stops goes on soon."""

    after_s: float
    target: Target
    signal: Signals


@frozen
class Case:
    """A run that a seed stands for.

    Args:
        seed: makes the same case again.
        samples: how many are wanted.
        workers: how many there are.
        flags: of the stand-ins.
        suffixes: of the files that are written beside the store.
        deadline_s: of each session; None: none.
        sessions: the strikes of the first sessions; those that follow are left in peace.
    """

    seed: int
    samples: int
    workers: int
    flags: tuple[str, ...]
    suffixes: tuple[str, ...]
    deadline_s: float | None
    sessions: tuple[tuple[Strike, ...], ...]

    @classmethod
    def of(cls, seed: int) -> "Case":
        """Draw the case of a seed."""
        draw = random.Random(seed)
        samples = round(_MOST_SAMPLES ** draw.random())
        workers = round(_MOST_WORKERS ** draw.random())
        suffixes = draw.sample([".jsonl", ".csv"], draw.randint(0, 2))
        deadline_s = round(draw.uniform(0.2, 3.0), 2) if _happens(draw, 0.2) else None
        return cls(
            seed=seed,
            samples=samples,
            workers=workers,
            flags=tuple(_flags(draw, samples, workers)),
            suffixes=tuple(suffixes),
            deadline_s=deadline_s,
            sessions=tuple(_strikes(draw) for _ in range(draw.randint(0, _MOST_SESSIONS))),
        )

    def command(self) -> list[str]:
        """Return the options of `rnd-actors run`, without its outputs."""
        options = [f"--samples={self.samples}", f"--workers={self.workers}", "--base-port=0"]
        options += ["--stall-timeout=1", "--json", "--quiet"]
        if self.deadline_s is not None:
            options.append(f"--deadline={self.deadline_s}")
        return options + [f"--worker-arg={flag}" for flag in self.flags]


def _flags(draw: random.Random, samples: int, workers: int) -> list[str]:
    lines = draw.choice((1, 1, 5, 20, 100))
    interval = draw.choice((0.0, 0.0, 0.001, 0.01, 0.05))
    if samples / lines / workers * interval > _LONGEST_S:
        interval = 0.0
    flags: dict[str, object] = {"consecutive": True, "interval": interval, "lines-per-chunk": lines}
    often = max(20, samples // _MOST_CRASHES)
    crashes = {
        "crash-every": draw.randint(often, 10 * often),
        "crash-at": draw.randint(often, 2 * often),
        "crash-after": round(draw.uniform(0.4, 3.0), 2),
        "mtbf": round(draw.uniform(0.8, 5.0), 2),
    }
    if _happens(draw, 0.7):
        name = draw.choice(list(crashes))
        flags[name] = crashes[name]
        flags |= _some(draw, 0.5, {"cut": True, "exit-code": draw.randint(0, 255)})
        flags |= _some(draw, 0.2, {"exit-signal": draw.choice((6, 9, 11, 15))})
    flags |= _some(
        draw,
        0.2,
        {
            "bytes-per-chunk": draw.randint(2, 60),
            "crlf": True,
            "empty-every": draw.randint(1, 9),
            "malformed-every": draw.randint(2, 30),
            "malformed": draw.choice(("word", "fraction", "digits", "bytes")),
            # Together shorter than any lifetime, or no run could ever be complete.
            "first-delay": round(draw.uniform(0, 0.1), 2),
            "start-delay": round(draw.uniform(0, 0.2), 2),
            "noise": draw.randint(1, 4),
            "child": True,
        },
    )
    flags |= _some(draw, 0.08, {"ignore-term": True, "hang-at": draw.randint(often, 3 * often)})
    if _happens(draw, 0.1):
        flags |= {"answer": "429", "answers": draw.randint(1, 3)}
    return [f"-{name}={str(value).lower()}" for name, value in flags.items()]


def _happens(draw: random.Random, chance: float) -> bool:
    return draw.random() < chance


def _some(draw: random.Random, chance: float, flags: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in flags.items() if _happens(draw, chance)}


def _strikes(draw: random.Random) -> tuple[Strike, ...]:
    strikes = []
    for _ in range(draw.randint(1, _MOST_STRIKES)):
        [target] = draw.choices(list(Target), (5, 1, 6))
        after_s = round(draw.uniform(0.0, _STRIKES_FOR_S), 3)
        strikes.append(Strike(after_s, target, draw.choice(_SIGNALS[target])))
    if any(
        strike.signal is signal.SIGKILL for strike in strikes if strike.target is Target.PROGRAM
    ):
        # With the program and its guardian killed, nothing is there to end the workers.
        strikes = [strike for strike in strikes if strike.target is not Target.GUARDIAN]
    return tuple(sorted(strikes, key=lambda strike: strike.after_s))
