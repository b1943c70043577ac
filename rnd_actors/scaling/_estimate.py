"""How many samples workers will send until the deadline, by what they have shown so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from math import exp, expm1
from typing import Final

from attrs import define, evolve

from rnd_actors.scaling._chance import chance_of
from rnd_actors.scaling._figures import WorkerFigures
from rnd_actors.scaling._view import RunView, WorkerView

_RATE_TRUST: Final = 4.0
"""So many gaps between samples the rate is worth that was known before the run."""
_STARTUP_TRUST: Final = 0.5
"""So many starts the start-up is worth that was known before: the first that is seen outdoes it."""
_LINDY: Final = 2.0
"""A start-up that is longer than expected takes twice as long as so far: of what has lasted for an
unknown time, one half lasts as long again (J. R. Gott, Nature 1993; "Lindy's law")."""
_MTBF_TRUST: Final = 4.0
"""So many crashes the mean time between crashes is worth, if one was known before."""
_UNKNOWN_MTBF_S: Final = 13.0
"""If none was known, this one is worth a single crash. It was chosen, like the trust in figures, by
what `tests/benchmarks/deadline.py` tells."""
BY_CONTRACT: Final = 0.05
"""The irregularity of gaps that the contract promises to be alike, before any was seen."""
BY_CHANCE: Final = 1.0
"""That of samples that come by chance, with exponentially distributed gaps."""
_HALF: Final = 0.5
"""A steady stream of s seconds that begins with a sample has s * rate + 0.5 on average."""


@define
class Estimate:
    """What a policy takes for true of the workers of a run, at one moment.

    A worker alternates between streams and starts, which last `life_s` and `startup_s` on average.

    Args:
        now_s: the moment, as in `RunView.elapsed_s`.
        left_s: seconds left until the deadline.
        rate: samples a second of a worker that streams.
        startup_s: seconds from a start to the first sample.
        overdue_s: seconds from now to a first sample that should have come by now.
        life_s: seconds from the first sample to the crash.
        share: the part of the samples that counts: a collector may refuse others.
        batch: how many samples come at once, by the first arrival of each stream.
        workers: those that the gaps between samples are taken from.
        doubt: variance of the true mean gap, by the square of that which `rate` tells.
    """

    now_s: float
    left_s: float
    rate: float
    startup_s: float
    overdue_s: float
    life_s: float
    share: float
    batch: float
    workers: Sequence[WorkerView]
    doubt: float = 0.0

    @classmethod
    def of(cls, view: RunView, known: WorkerFigures) -> Estimate:
        """Return the estimate by what was known before and what the run has shown since.

        Rate and mean life are posterior means with gamma priors: events by time, where lives that
        are not over count with the time that they have lasted (B. Epstein and M. Sobel, "Life
        testing", JASA 1953). As long as there was no first sample, a start-up takes twice as long
        as it has taken so far, if that is longer than what was known.
        """
        seen = view.measured
        if seen.first_samples:
            startups_s = _STARTUP_TRUST * known.startup + seen.starting_s
            startup_s = startups_s / (_STARTUP_TRUST + seen.first_samples)
        else:
            oldest_s = max((view.elapsed_s - w.started_s for w in view.workers), default=0.0)
            startup_s = _LINDY * oldest_s if oldest_s > known.startup else known.startup
        trust = 1.0 if known.mtbf is None else _MTBF_TRUST
        mtbf = _UNKNOWN_MTBF_S if known.mtbf is None else known.mtbf
        return cls(
            now_s=view.elapsed_s,
            left_s=view.left_s,
            rate=(_RATE_TRUST + seen.paced) / (_RATE_TRUST / known.rate + seen.paced_s),
            startup_s=startup_s,
            overdue_s=startup_s,  # as long again
            life_s=(trust * mtbf + seen.streamed_s) / (trust + seen.crashes),
            share=(1 + view.samples) / (1 + view.lines),
            batch=max(1.0, (view.lines - seen.paced) / max(1, seen.first_samples)),
            workers=view.workers,
        )

    def at_best(self, view: RunView) -> Estimate | None:
        """Return the same as if all first samples that are overdue, and all next ones, came now.

        What was known before the run cannot make the rate lower, nor can streams that are over:
        what held them up may be over, too. None: no stream has shown anything.
        """
        arrived = [self._with_next(worker) for worker in self.workers]
        gaps, seconds = float(view.measured.paced), view.measured.paced_s
        for before, worker in zip(self.workers, arrived, strict=True):
            gaps += worker.paced - before.paced
            seconds += worker.last_s - before.last_s
        if seconds <= 0:
            return None
        rate = max(self.rate, gaps / seconds)
        return evolve(self, rate=rate, overdue_s=0.0, workers=arrived).doubted()

    def doubted(self) -> Estimate:
        """Return the same with the rate of the present streams, if it is higher, and its doubt.

        Their gaps may differ for a reason that all of them share, such as a machine that stood
        still: then all streams tell no more than one of them does. Streams may differ, too, and are
        a sample of clusters (W. G. Cochran, "Sampling Techniques", 1953: the ratio estimate).
        """
        streams = [
            (worker.paced, worker.last_s - worker.first_s)
            for worker in self.workers
            if worker.first_s is not None and worker.last_s > worker.first_s
        ]
        if not streams:
            return evolve(self, doubt=1.0)
        gaps, number = sum(gaps for gaps, _ in streams), len(streams)
        rate = gaps / sum(seconds for _, seconds in streams)
        squares, closed = self._gaps
        of_gaps = (self.batch + squares * number) / ((1 + closed) * gaps)
        differ = sum((gaps - rate * seconds) ** 2 for gaps, seconds in streams)
        of_streams = differ * number / (number - 1) / gaps**2 if number > 1 else 0.0
        return evolve(self, rate=max(self.rate, rate), doubt=of_gaps + of_streams)

    def irregularity(self, presumed: float) -> float:
        """Return the variance of the gaps between samples, by the square of their mean.

        A clock has 0, events by chance alone have 1, and as many as come at once. `presumed`, of
        events that come one by one, is worth one gap.
        """
        squares, gaps = self._gaps
        return (presumed * self.batch + squares) / (1 + gaps)

    def dispersion(self) -> float:
        """Return variance by mean of the samples to come: of their gaps, and of what crashes cost.

        A crash costs a start-up, and spares the half gap that had passed since the last sample.
        Which samples count is chance, too.
        """
        cost = max(0.0, self.rate * self.startup_s - _HALF)
        of_crashes = cost * cost / (self.rate * self.life_s)
        return self.irregularity(BY_CONTRACT) + of_crashes + (1 - self.share) / self.share

    def chance_of(self, samples: int, coming: float) -> float:
        """Return the probability that so many count, of those that come until the deadline."""
        lines = samples / self.share
        return chance_of(lines, coming, self.dispersion() + lines * self.doubt)

    def of_new(self) -> float:
        """Return how many samples a worker that is started now will send until the deadline."""
        return self._of_start(self.startup_s)

    def of_worker(self, worker: WorkerView) -> float:
        """Return how many more samples a worker will send until the deadline, with its restarts."""
        [samples] = self.of_workers([worker])
        return samples

    def of_workers(self, workers: Iterable[WorkerView]) -> Iterator[float]:
        """Give this of each of these workers."""
        now_s, left_s, rate = self.now_s, self.left_s, self.rate
        weight, of_restarts = self.irregularity(BY_CHANCE), self._later(left_s)
        for worker in workers:
            if worker.first_s is None:
                rest_s = worker.started_s + self.startup_s - now_s
                yield self._of_start(rest_s if rest_s >= 0 else self.overdue_s)
                continue
            gaps, seconds = self.pace(worker)
            own = rate  # its own one is the less sure the more irregular gaps are
            if worker.paced or seconds * rate >= self.batch:
                own = (weight + gaps) / (weight / rate + seconds)
            next_s = worker.last_s + 1 / own - now_s
            if next_s > left_s:
                yield 0.0
            else:
                yield self._present(own, next_s if next_s > 0 else 0.0, left_s) + of_restarts

    def pace(self, worker: WorkerView) -> tuple[float, float]:
        """Return the gaps and the seconds by which to judge a stream.

        The gap that is not over yet counts, as if the next samples came now, if it is longer than
        the others on average.
        """
        first_s, paced = worker.first_s or 0.0, worker.paced
        so_far_s = self.now_s - first_s
        batch = paced / worker.arrivals if paced and worker.arrivals else self.batch
        if not paced or paced * so_far_s > (paced + batch) * (worker.last_s - first_s):
            return paced + batch, so_far_s
        return paced, worker.last_s - first_s

    def _with_next(self, worker: WorkerView) -> WorkerView:
        """Return a worker as if its next samples came now, if they are late."""
        if worker.first_s is None:
            return worker
        gaps, _ = self.pace(worker)
        more = round(gaps - worker.paced)
        if not more:
            return worker
        gap_s = self.now_s - worker.last_s
        return evolve(
            worker,
            last_s=self.now_s,
            paced=worker.paced + more,
            arrivals=worker.arrivals + 1,
            squares=worker.squares + gap_s * gap_s / more,
        )

    @cached_property
    def _gaps(self) -> tuple[float, int]:
        """The squared deviations of gaps from the mean of their stream, by its square; and gaps.

        So a stream that is slow, but steady, changes nothing. They are free of bias for gaps by
        chance.
        """
        squares, gaps = 0.0, 0
        for worker in self.workers:
            arrivals = worker.arrivals
            if arrivals > 1 and worker.first_s is not None and worker.last_s > worker.first_s:
                rate = worker.paced / (worker.last_s - worker.first_s)
                squares += (worker.squares * rate * rate - worker.paced) * (arrivals + 1) / arrivals
                gaps += arrivals - 1
        return squares, gaps

    def _of_start(self, rest_s: float) -> float:
        """Return the samples of a worker that will be up in `rest_s`."""
        left_s = self.left_s - rest_s
        return 0.0 if left_s < 0 else self._present(self.rate, 0.0, left_s) + self._later(left_s)

    def _present(self, rate: float, next_s: float, left_s: float) -> float:
        """Return the samples of a stream, up to its crash, whose next one is due in `next_s`."""
        in_time, life_s = rate * (left_s - next_s) + _HALF, self.life_s
        living = -1 / (rate * life_s)
        number = expm1(living * in_time) / expm1(living) if in_time > 1 else 1.0
        return exp(-next_s / life_s) * number

    def _later(self, left_s: float) -> float:
        """Return the samples within `left_s` that the restarts of a stream will send."""
        present_s = -self.life_s * expm1(-left_s / self.life_s)
        return (self.rate + _HALF / self.life_s) * (self._streaming_s(left_s) - present_s)

    def _streaming_s(self, left_s: float) -> float:
        """Return in how many of `left_s` seconds a worker streams that streams now.

        It is the interval availability of a machine that fails and is repaired (R. E. Barlow and
        F. Proschan, "Mathematical Theory of Reliability", 1965).
        """
        if not self.startup_s:
            return left_s
        available = self.life_s / (self.life_s + self.startup_s)
        settling_s = available * self.startup_s
        return available * left_s - (1 - available) * settling_s * expm1(-left_s / settling_s)
