"""What a run gives back."""

from collections.abc import Mapping
from enum import Enum
from statistics import fmean
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

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
    """What a run gives back, complete or not; a notebook shows it as tables and a histogram.

    Example:
        >>> from rnd_actors import Collection, Result
        >>> result = Collection.of({3: 3003}).result(goal=150, deadline_s=None)
        >>> result.outcome.value, result.samples, result.mean, result.restarts
        ('failed', 0, None, 0)
        >>> Result.from_json(result.to_json()) == result
        True
    """

    outcome: Outcome
    reason: str
    """Why it ended, in words."""
    goal: int | None
    """How many samples were asked for; None if the collector's goal is no number of samples."""
    elapsed_s: float
    """Seconds from the first spawn to the last counted sample; if not complete, to its end."""
    deadline_s: float | None
    lines: Lines
    values: tuple[int, ...]
    """The samples, in the order of their arrival."""
    workers: tuple[WorkerResult, ...]
    findings: Mapping[str, float | int | str | None] = field(factory=dict)
    """What the collector found out, by name."""

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

    def to_json(self) -> str:
        """Return it as one line of JSON, whose keys docs/result.md explains.

        Numbers that JSON does not know (not a number, infinity) become null.
        """
        from rnd_actors.collecting._result_json import to_json  # noqa: PLC0415  # loads cattrs

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Return the result that `to_json` has written; keys that it does not know are ignored.

        Raises:
            ResultFormatError: this is no JSON, no result, or one of an unknown schema.
        """
        from rnd_actors.collecting._result_json import from_json  # noqa: PLC0415  # loads cattrs

        return from_json(text)

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per sample, in the order of arrival, with the column `value`.

        The index is named `index`; `attrs` has what else `to_json` tells, by key.

        Raises:
            ImportError: pandas is not installed.
        """
        from rnd_actors.collecting._result_pandas import to_pandas  # noqa: PLC0415  # loads pandas

        return to_pandas(self)

    def _repr_html_(self) -> str:
        from rnd_actors.collecting._result_html import to_html  # noqa: PLC0415  # for notebooks only

        return to_html(self)
