"""What a run gives back."""

from collections.abc import Mapping
from enum import Enum
from statistics import fmean
from typing import Any

from attrs import field, frozen

__all__ = ["Lines", "Outcome", "Result", "WorkerResult"]


class Outcome(Enum):
    """How a run ended.

    Example:
        >>> from rnd_actors import Outcome
        >>> [outcome.value for outcome in Outcome]
        ['complete', 'deadline', 'interrupted', 'failed']
    """

    COMPLETE = "complete"
    """The collector's goal was reached."""
    DEADLINE = "deadline"
    """The deadline came first."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it."""
    FAILED = "failed"
    """It could not go on; the reason says why."""


@frozen
class Lines:
    """The ledger of a run: received = accepted + surplus + malformed.

    Example:
        >>> from rnd_actors import Lines
        >>> lines = Lines(received=12, accepted=10, surplus=1, malformed=1)
        >>> lines.received == lines.accepted + lines.surplus + lines.malformed
        True
    """

    received: int
    """Lines read from the workers."""
    accepted: int
    """Samples that count."""
    surplus: int
    """Samples that the collector did not want, mostly since its goal was reached."""
    malformed: int
    """Lines that are no sample."""


@frozen
class WorkerResult:
    """What became of one worker.

    Example:
        >>> from rnd_actors import Collection
        >>> [worker] = Collection.of({3: 3003}).result(goal=150, deadline_s=None).workers
        >>> worker.id, worker.port, worker.starts
        (3, 3003, 0)
    """

    id: int
    port: int
    samples: int
    starts: int
    crashes: int
    malformed: int
    last_exit: str | None
    """Why its last incarnation went down by itself; None if none did."""
    given_up: bool = False
    """Whether its restart budget was spent, so that it was not started again."""
    last_words: tuple[str, ...] = ()
    """The last 20 lines that this incarnation wrote to stdout or stderr."""
    startup_s: float | None = None
    """Mean seconds from a spawn to the first line; None if no line came."""
    streamed_s: float = 0.0
    """Seconds from the first lines of its processes to their ends, or to the end of the run."""
    rate_per_s: float | None = None
    """Lines a second while it streamed; None if no process sent two lines."""


@frozen
class Result:
    """What a run gives back, complete or not.

    Example:
        >>> from rnd_actors import Collection
        >>> result = Collection.of({3: 3003}).result(goal=150, deadline_s=None)
        >>> result.outcome.value, result.samples, result.mean, result.restarts
        ('failed', 0, None, 0)
    """

    outcome: Outcome
    reason: str
    """Why it ended, in words."""
    goal: int | None
    """How many samples were asked for; None if the collector's goal is no number of samples."""
    elapsed_s: float
    """Seconds from the first spawn to the last counted sample."""
    deadline_s: float | None
    lines: Lines
    values: tuple[int, ...]
    """The samples, in the order of their arrival."""
    workers: tuple[WorkerResult, ...]
    findings: Mapping[str, float | int | str | None] = field(factory=dict)
    """What the collector found out, by name."""

    def to_json(self) -> str:
        """Return the result as one JSON object on one line; docs/result.md tells its keys.

        Example:
            >>> from rnd_actors import Collection, Result
            >>> result = Collection.of({3: 3003}).result(goal=150, deadline_s=None)
            >>> Result.from_json(result.to_json()) == result
            True
        """
        from rnd_actors.collecting._result_json import to_json  # noqa: PLC0415  # cattrs is slow

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Return the result that `to_json` has written.

        Raises:
            ResultFormatError: it is none, or one of a later version.
        """
        from rnd_actors.collecting._result_json import from_json  # noqa: PLC0415

        return from_json(text, cls)

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a row for each sample and the column `value`.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415  # nothing else needs it
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        return pd.DataFrame({"value": self.values}, index=pd.RangeIndex(self.samples, name="index"))

    def _repr_html_(self) -> str:
        from rnd_actors.collecting._result_html import as_html  # noqa: PLC0415  # for notebooks

        return as_html(self)

    @property
    def samples(self) -> int:
        """How many samples count."""
        return len(self.values)

    @property
    def rate_per_s(self) -> float:
        """Samples a second over `elapsed_s`."""
        return self.samples / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def mean(self) -> float | None:
        """The mean of the samples; None if there are none."""
        return fmean(self.values) if self.values else None

    @property
    def restarts(self) -> int:
        """How many times a worker was started again."""
        return sum(max(0, worker.starts - 1) for worker in self.workers)
