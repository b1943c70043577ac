"""How soon a worker sends its first line, how fast it is, and how long it lasts."""

from attrs import define, evolve

__all__ = ["Lifetimes"]


@define
class Lifetimes:
    """Sums over the incarnations of one worker; times are seconds of the monotonic clock."""

    _starting_s: float = 0.0
    _streams: int = 0
    """How many incarnations have sent a line."""
    _streamed_s: float = 0.0
    """Seconds from the first line to the end, without the present incarnation."""
    _paced_s: float = 0.0
    _paced: int = 0
    """Lines that came in that time, each after another one of the same incarnation."""
    _up_at: float = 0.0
    _first_at: float | None = None
    _last_at: float = 0.0

    def up(self, at: float) -> None:
        """Note that an incarnation begins."""
        self._up_at, self._first_at = at, None

    def lines(self, count: int, at: float) -> None:
        """Note that lines have come."""
        if self._first_at is None:
            self._first_at = at
            self._starting_s += at - self._up_at
            self._streams += 1
        else:
            self._paced_s += at - self._last_at
            self._paced += count
        self._last_at = at

    def down(self, at: float) -> None:
        """Note that the incarnation is over."""
        self._streamed_s = self.streamed_s(at)
        self._first_at = None

    def ended(self, at: float) -> "Lifetimes":
        """Return the same, as if the present incarnation were over then."""
        return evolve(self, streamed_s=self.streamed_s(at), first_at=None)

    def streamed_s(self, now: float) -> float:
        """Seconds from the first line of each incarnation to its end, or to `now`."""
        present_s = 0.0 if self._first_at is None else max(0.0, now - self._first_at)
        return self._streamed_s + present_s

    @property
    def startup_s(self) -> float | None:
        """Mean seconds from the beginning of an incarnation to its first line."""
        return self._starting_s / self._streams if self._streams else None

    @property
    def rate_per_s(self) -> float | None:
        """Lines a second, from the first to the last of each incarnation."""
        return self._paced / self._paced_s if self._paced_s else None
