"""The installed policies: all workers at once, or as few as keep the deadline."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from attrs import define, evolve, field

from rnd_actors._validators import confidence as is_confidence
from rnd_actors._validators import instance
from rnd_actors.scaling._chance import chance_of
from rnd_actors.scaling._estimate import BY_CONTRACT, Estimate
from rnd_actors.scaling._figures import WorkerFigures
from rnd_actors.scaling._slow import slow_workers
from rnd_actors.scaling._view import DeadlineLost, Decision, RunView, Scaling, ScalingPolicy

_EARLY: Final = 0.1
"""A sample that is due so many gaps after the deadline may still come in time, or as many as the
standard deviation of gaps."""
_HALF: Final = 0.5
"""A stream may end with a sample that comes just in time: half of one more than on average."""

_BY_CONTRACT: Final = WorkerFigures()

_is_flag = instance(bool, "True or False")
_are_figures = instance(WorkerFigures, "a WorkerFigures(rate, mtbf, startup)")


@define(kw_only=True)
class _Watchful(ScalingPolicy):
    """Replaces slow workers, and says once that the deadline is lost."""

    confidence: float = field(default=0.99, validator=is_confidence)
    replace_slow: bool = field(default=False, validator=_is_flag)
    known: WorkerFigures = field(factory=WorkerFigures, validator=_are_figures)
    _aim: tuple[int | None, float | None, int] | None = field(default=None, init=False)
    _is_losing: bool = field(default=False, init=False)
    _has_said_so: bool = field(default=False, init=False)

    def _note_aim(self, view: RunView) -> None:
        """Judge anew if the goal, the deadline or the number of allowed workers has changed."""
        aim = (view.goal, view.deadline_s, view.most)
        if self._aim != aim:
            self._aim = aim
            self._is_losing = self._has_said_so = False

    def _slow(self, view: RunView, estimate: Estimate) -> tuple[int, ...]:
        return slow_workers(view, estimate) if self.replace_slow else ()

    def _lost(self, view: RunView, estimate: Estimate, chance: float) -> DeadlineLost | None:
        """Say it once: twice in a row even all workers would miss the deadline, most likely.

        `chance` is that of the workers that there will be. The last word have streams that this
        run has seen, and not what was known before: runs give up for it.
        """
        lost_at = 1 - self.confidence
        if chance > lost_at:  # at best it is no less
            self._is_losing = False
        if chance > lost_at or self._has_said_so or view.goal is None:
            return None
        best = estimate.at_best(view)
        if best is None:
            return None
        gaps_early = max(_EARLY, sqrt(best.irregularity(BY_CONTRACT)))
        early = evolve(best, left_s=best.left_s + gaps_early / best.rate)
        chance = early.chance_of(view.goal - view.samples, self._of_all(view, early))
        was_losing, self._is_losing = self._is_losing, chance <= lost_at
        self._has_said_so = self._is_losing and was_losing
        if not self._has_said_so:
            return None
        coming = self._of_all(view, best) * best.share
        expected = min(view.samples + round(coming), view.goal - 1)
        return DeadlineLost(expected, view.goal - expected)

    def _of_all(self, view: RunView, estimate: Estimate) -> float:
        """Return the samples until the deadline of all workers that there may be."""
        of_new = estimate.of_new()
        coming = max(0, view.most - len(view.workers)) * of_new
        for of_worker in estimate.of_workers(view.workers):
            more = max(of_worker, of_new if self.replace_slow else 0.0)
            coming += more + _HALF if more else 0.0
        return coming


@define(kw_only=True)
class FixedPolicy(_Watchful):
    """Starts all the workers that a run may have, at once.

    Args:
        confidence: how sure it is that the deadline is lost when it says so, from 0.5 to less
            than 1.
        replace_slow: whether slow workers are replaced.
        known: of the workers, before the run; what the run shows counts more and more.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    @property
    def only_starts(self) -> bool:
        return not self.replace_slow

    def decide(self, view: RunView) -> Decision:
        self._note_aim(view)
        start = view.most - len(view.workers)
        if self.only_starts and (view.goal is None or view.deadline_s is None):
            return Decision(start=start)
        estimate = Estimate.of(view, self.known)
        lost = None
        if view.goal is not None and view.deadline_s is not None and not self._has_said_so:
            coming = sum(estimate.of_workers(view.workers)) + max(0, start) * estimate.of_new()
            chance = estimate.chance_of(view.goal - view.samples, coming)
            lost = self._lost(view, estimate, chance)
        return Decision(start=start, replace=self._slow(view, estimate), lost=lost)


@define(kw_only=True)
class DeadlinePolicy(_Watchful):
    """Starts as few workers as keep the deadline, adds some when these fall short, and ends none.

    Of the samples that will have come by the deadline the lower confidence limit has to reach the
    goal. It is that of a Poisson distribution (F. Garwood, Biometrika 1936), whose variance is
    scaled to what was measured: gaps between samples may be steadier than chance, and crashes cost
    start-ups. If the deadline may take all workers, since nothing but the contract tells how long a
    start takes, or if there is none, or the goal is no number of samples, all workers start.

    Args:
        confidence: how sure the deadline is to be kept, from 0.5 to less than 1; as sure it is that
            the deadline is lost when it says so.
        replace_slow: whether slow workers are replaced.
        known: of the workers, before the run; what the run shows counts more and more.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    replace_slow: bool = field(default=True, validator=_is_flag)

    def decide(self, view: RunView) -> Decision:
        self._note_aim(view)
        present, estimate = len(view.workers), Estimate.of(view, self.known)
        slow = self._slow(view, estimate)
        all_are_up_and_late = self._has_said_so and present >= view.most
        if view.goal is None or view.deadline_s is None or all_are_up_and_late:
            return Decision(start=view.most - present, replace=slow)
        if self._is_tight(view, estimate):
            return Decision(start=view.most)
        needed = (view.goal - view.samples) / estimate.share
        wanted = max(present, view.least)
        of_new, dispersion = estimate.of_new(), estimate.dispersion()
        staying = (worker for worker in view.workers if worker.id not in slow)
        coming = sum(estimate.of_workers(staying)) + len(slow) * of_new
        while True:
            expected = coming + (wanted - present) * of_new
            chance = chance_of(needed, expected, dispersion)
            if chance >= self.confidence or wanted >= view.most:
                break
            wanted += 1
        lost = self._lost(view, estimate, chance)
        return Decision(start=wanted - present, replace=slow, lost=lost)

    def _is_tight(self, view: RunView, estimate: Estimate) -> bool:
        """Return whether it takes all workers from the beginning if a start takes long.

        As long as nobody has seen one, it may take x times as long as the contract says with a
        probability of 1/x (J. R. Gott, Nature 1993). Who waits to see has lost what the others
        would have sent meanwhile.
        """
        begins = not view.workers and not view.measured.first_samples
        if not begins or view.goal is None or self.known != _BY_CONTRACT:
            return False
        longest = evolve(estimate, startup_s=estimate.startup_s / (1 - self.confidence))
        chance = longest.chance_of(view.goal - view.samples, view.most * longest.of_new())
        return chance < self.confidence


def policy_for(
    scale: Scaling, *, confidence: float, replace_slow: bool | None, known: WorkerFigures
) -> ScalingPolicy:
    """Return the installed policy of this name; `replace_slow` None: as it does by default."""
    settings: dict[str, Any] = {"confidence": confidence, "known": known}
    if replace_slow is not None:
        settings["replace_slow"] = replace_slow
    return _INSTALLED[scale](**settings)


_INSTALLED: Final[dict[Scaling, type[_Watchful]]] = {
    Scaling.FIXED: FixedPolicy,
    Scaling.DEADLINE: DeadlinePolicy,
}
