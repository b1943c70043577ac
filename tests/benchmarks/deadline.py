"""Deadlines kept, and workers needed for that, by scaling policy, in 27 kinds of workers.

Their mean life is 5, 15 or 60 s, exponentially distributed, their start-up 0.1, 1 or 3 s, and 0, 10
or 20 % of their incarnations send a sample in 4 s, the others in one. A run needs 150 samples and
may have 16 workers. "With figures" means that the policy was given those of an earlier run, as
`--figures` does; "without" it begins with the contract: a sample a second, the first at once.

`--actors N` has the real actors do N runs of each in virtual time, in place of the plan's 200.
"""

from gevent import monkey

monkey.patch_all()

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from itertools import product
from math import inf
from statistics import fmean
from typing import Final

from attrs import frozen

from rnd_actors.collectors import Outcome, Result, SampleCount
from rnd_actors.planning import PlannedRun, PlanSettings, WorkerProfile
from rnd_actors.planning._run import planned_run
from rnd_actors.running import RunSettings, run
from rnd_actors.scaling import (
    DeadlineLost,
    DeadlinePolicy,
    Decision,
    FixedPolicy,
    RunView,
    ScalingPolicy,
    WorkerFigures,
)
from rnd_actors.simulation import simulate

DEADLINES_S: Final = (10.0, 12.0, 20.0, 40.0)
CELLS: Final = tuple(
    WorkerProfile(mtbf=mtbf, startup=startup, slow_share=slow)
    for mtbf, startup, slow in product((5.0, 15.0, 60.0), (0.1, 1.0, 3.0), (0.0, 0.1, 0.2))
)
RULES: Final = (
    "always 16",
    "always 16, slow ones replaced",
    "fewest that keep it, without figures",
    "fewest that keep it, with figures",
)
RUNS: Final = 200
WORKERS: Final = 16


@frozen
class Kept:
    """The runs of one kind of workers by one rule, within one deadline."""

    profile: WorkerProfile
    deadline_s: float
    runs: tuple[PlannedRun, ...]

    @property
    def share(self) -> float:
        """The share of the runs that keep the deadline."""
        return fmean(run.elapsed_s <= self.deadline_s for run in self.runs)

    @property
    def most_workers(self) -> float:
        """The most workers at once, on average."""
        return fmean(run.most_workers for run in self.runs)

    @property
    def said(self) -> list[PlannedRun]:
        """The runs whose deadline was said to be lost."""
        return [run for run in self.runs if run.lost_at_s is not None]


Once = Callable[[PlanSettings, ScalingPolicy, int], PlannedRun]
"""Does one run of a plan with a policy and a seed."""


def main(arguments: Sequence[str] = ()) -> None:
    """Simulate, and print a table, what was said of lost deadlines, and the worst cells."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--actors", type=int, metavar="N", help="runs of each by the real actors")
    actors = parser.parse_args(arguments).actors
    runs, once = (RUNS, planned) if actors is None else (actors, by_actors)
    print("| deadline | rule | kept, mean of cells | worst cell | most workers at once |")
    print("| --- | --- | --- | --- | --- |")
    by_rule = {}
    for deadline, rule in product(DEADLINES_S, RULES):
        cells = by_rule[deadline, rule] = [kept(cell, deadline, rule, runs, once) for cell in CELLS]
        shares = f"{fmean(cell.share for cell in cells):.1%} | {min(c.share for c in cells):.1%}"
        workers = fmean(cell.most_workers for cell in cells)
        print(f"| {deadline:g} s | {rule} | {shares} | {workers:.1f} |", flush=True)
    print("\n| deadline | rule | points lost to always 16 in the worst cell | part of 16 workers |")
    print("| --- | --- | --- | --- |")
    for deadline, rule in product(DEADLINES_S, RULES[1:]):
        cells = by_rule[deadline, rule]
        workers = fmean(cell.most_workers for cell in cells) / WORKERS
        lost = _lost_by(by_rule[deadline, RULES[0]], cells)
        print(f"| {deadline:g} s | {rule} | {lost} | {workers:.0%} |")
    if actors is None:
        print(f"\n{replaced_though_steady()}")
    for rule in RULES[2:]:
        of_rule = [cell for (_, name), cells in by_rule.items() if name == rule for cell in cells]
        print(f"\n{rule}: {_said_of_lost(of_rule)}")


def planned(plan: PlanSettings, policy: ScalingPolicy, seed: int) -> PlannedRun:
    """Do a run as a plan does, in which the workers of a seed have the same fate by all rules."""
    return planned_run(plan, policy, seed, latest_s=plan.deadline)


def by_actors(plan: PlanSettings, policy: ScalingPolicy, seed: int) -> PlannedRun:
    """Do a run with the real actors, in virtual time."""
    settings = RunSettings(
        samples=plan.samples,
        workers=plan.workers,
        deadline=plan.deadline,
        start_timeout=60.0,
        stall_timeout=60.0,
    )
    collector = SampleCount(plan.samples)
    collector.policy = policy
    lost_at: list[float] = []

    def note(event: object) -> None:
        if isinstance(event, DeadlineLost):
            lost_at.append(time.monotonic())

    began_at = []

    def main(_: object) -> Result:
        began_at.append(time.monotonic())
        return run(settings, collector, spawn=plan.profile.simulated(), subscriber=note)

    result = simulate(main, seed).result
    return PlannedRun(
        elapsed_s=result.elapsed_s if result.outcome is Outcome.COMPLETE else inf,
        most_workers=len(result.workers),
        replaced=sum(worker.replaced for worker in result.workers),
        lost_at_s=lost_at[0] - began_at[0] if lost_at else None,
    )


def replaced_though_steady() -> str:
    """Return in words how many steady workers were replaced in ten thousand runs."""
    replaced = 0
    for mtbf, startup in ((None, 0.05), (5.0, 0.1), (5.0, 3.0), (60.0, 1.0)):
        profile = WorkerProfile(mtbf=mtbf, startup=startup)
        plan = PlanSettings(samples=150, deadline=40.0, workers=WORKERS, profile=profile)
        for seed in range(2500):
            replaced += planned(plan, FixedPolicy(replace_slow=True), seed).replaced
    return f"{replaced} steady workers replaced in 10,000 runs"


def kept(
    profile: WorkerProfile, deadline: float, rule: str, runs: int, once: Once = planned
) -> Kept:
    """Simulate so many runs by a rule."""
    plan = PlanSettings(samples=150, deadline=deadline, workers=WORKERS, profile=profile)
    simulated = (once(plan, policy(rule, profile), seed) for seed in range(runs))
    return Kept(profile, deadline, tuple(simulated))


def policy(rule: str, profile: WorkerProfile) -> ScalingPolicy:
    """Return a new policy by a rule for such workers."""
    if rule == RULES[3]:
        return DeadlinePolicy(known=figures_of_earlier_run(profile))
    made = (FixedPolicy(), FixedPolicy(replace_slow=True), DeadlinePolicy())
    return made[RULES.index(rule)]


class _Observer(FixedPolicy):
    """Keeps the last view of the run that it serves."""

    view: RunView

    def decide(self, view: RunView) -> Decision:
        self.view = view
        return super().decide(view)


_figures: dict[WorkerProfile, WorkerFigures] = {}


def figures_of_earlier_run(profile: WorkerProfile) -> WorkerFigures:
    """Return what one earlier run of 16 workers, with slow ones replaced, told of its workers."""
    if profile not in _figures:
        observer = _Observer(replace_slow=True)
        plan = PlanSettings(samples=150, deadline=60.0, workers=WORKERS, profile=profile)
        planned_run(plan, observer, seed=1_000_000, latest_s=60.0)
        seen = observer.view.measured
        _figures[profile] = WorkerFigures(
            rate=seen.paced / seen.paced_s,
            mtbf=seen.streamed_s / seen.crashes if seen.crashes else None,
            startup=seen.starting_s / seen.first_samples,
        )
    return _figures[profile]


def _lost_by(one: Sequence[Kept], other: Sequence[Kept]) -> str:
    """Return how many points the other rule keeps less than the one, in the worst cell."""
    lost = {b: a.share - b.share for a, b in zip(one, other, strict=True)}
    cell = max(lost, key=lost.__getitem__)
    where = f"{cell.profile.mtbf:g} s, {cell.profile.startup:g} s, {cell.profile.slow_share:.0%}"
    return f"{100 * lost[cell]:.1f} ({where})"


def _said_of_lost(cells: Sequence[Kept]) -> str:
    """Return in words how often deadlines were said to be lost, and how often that was right."""
    said = [(cell, run) for cell in cells for run in cell.said]
    right = [(cell, run) for cell, run in said if run.elapsed_s > cell.deadline_s]
    missed = sum(run.elapsed_s > cell.deadline_s for cell in cells for run in cell.runs)
    early = fmean(cell.deadline_s - (run.lost_at_s or 0.0) for cell, run in right)
    words = (
        f"{len(said)} deadlines said to be lost, {len(right)} of them rightly, of {missed} misses"
    )
    return f"{words}; {early:.1f} s before the deadline on average"


if __name__ == "__main__":
    main(sys.argv[1:])
