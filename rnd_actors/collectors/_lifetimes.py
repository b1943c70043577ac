"""How soon a worker sends, how fast it is and how long it lasts: measured by its lines."""

from __future__ import annotations

from attrs import define, evolve

from rnd_actors.scaling import Measured


@define
class Life:
    """The present incarnation of a worker; times are seconds of the monotonic clock.

    Lines may come many together. An arrival is one or more that came at once.
    """

    up_at: float
    first_at: float | None = None
    """When its first line came; None: none has come."""
    last_at: float = 0.0
    paced: int = 0
    """How many lines came after the first arrival."""
    arrivals: int = 0
    """How many arrivals there were after the first."""
    squares: float = 0.0
    """The sum, over these, of the squared seconds since the one before, by its lines."""

    @property
    def paced_s(self) -> float:
        """Seconds from the first arrival to the last one."""
        return 0.0 if self.first_at is None else self.last_at - self.first_at

    @property
    def rate_per_s(self) -> float:
        """Lines a second, from the first to the last one; 0.0 if there are fewer than two."""
        return self.paced / self.paced_s if self.paced_s else 0.0

    def lines(self, count: int, at: float) -> None:
        """Add lines that came together."""
        if self.first_at is None:
            self.first_at = at
        else:
            self.paced += count
            self.arrivals += 1
            self.squares += (at - self.last_at) ** 2 / max(1, count)
        self.last_at = at


@define
class Lifetimes:
    """How soon a worker sends its first line, how fast it is, and how long it lasts.

    Sums over its incarnations; times are seconds of the monotonic clock.
    """

    _starting_s: float = 0.0
    _streams: int = 0
    """How many incarnations have sent a line."""
    _streamed_s: float = 0.0
    """Seconds from the first line to the end, without the present incarnation."""
    _paced_s: float = 0.0
    _paced: int = 0
    """Lines that came in that time, each after another one of the same incarnation."""
    _cut: int = 0
    """How many of those that have sent a line crashed."""
    present: Life | None = None
    """The present incarnation; None: there is none."""

    def up(self, at: float) -> None:
        """Begin an incarnation."""
        self.present = Life(at)

    def lines(self, count: int, at: float) -> None:
        """Add lines of the present incarnation."""
        present = self.present = self.present or Life(at)
        if present.first_at is None:
            self._starting_s += at - present.up_at
            self._streams += 1
        else:
            self._paced_s += at - present.last_at
            self._paced += count
        present.lines(count, at)

    def down(self, at: float, *, crashed: bool = False) -> None:
        """End the present incarnation."""
        self._streamed_s = self.streamed_s(at)
        self._cut += crashed and self.present is not None and self.present.first_at is not None
        self.present = None

    def ended(self, at: float) -> Lifetimes:
        """Return a copy in which the present incarnation ended at that time."""
        return evolve(self, streamed_s=self.streamed_s(at), present=None)

    def streamed_s(self, now: float) -> float:
        """Return the seconds from the first line of each incarnation to its end, or to `now`."""
        first_at = None if self.present is None else self.present.first_at
        return self._streamed_s + (0.0 if first_at is None else max(0.0, now - first_at))

    @property
    def is_streaming(self) -> bool:
        """Whether the present incarnation has sent a line."""
        return self.present is not None and self.present.first_at is not None

    def measured(self, now: float) -> Measured:
        """Return all sums, the present incarnation included, as a scaling policy sees them."""
        return Measured(
            first_samples=self._streams,
            starting_s=self._starting_s,
            crashes=self._cut,
            streamed_s=self.streamed_s(now),
            paced=self._paced,
            paced_s=self._paced_s,
        )

    @property
    def startup_s(self) -> float | None:
        """Mean seconds from the beginning of an incarnation to its first line."""
        return self._starting_s / self._streams if self._streams else None

    @property
    def rate_per_s(self) -> float | None:
        """Lines a second, from the first to the last of each incarnation."""
        return self._paced / self._paced_s if self._paced_s else None
