"""Plans beside the real actors in virtual time."""

from math import sqrt
from statistics import fmean, pvariance, stdev

import pytest

from rnd_actors.collectors import Outcome
from rnd_actors.planning import PlanSettings, Proportion, WorkerProfile, forecast
from rnd_actors.running import RunSettings, run
from rnd_actors.scaling import Scaling, WorkerFigures, policy_for
from rnd_actors.simulation import simulate

RUNS = 120
Z = 3.3
"""One in a thousand comparisons differs by more standard errors than that."""
CELLS = [
    WorkerProfile(mtbf=5.0, startup=1.0),
    WorkerProfile(mtbf=5.0, startup=3.0, slow_share=0.2),
    WorkerProfile(mtbf=15.0, startup=0.1, slow_share=0.1),
    WorkerProfile(mtbf=60.0, startup=1.0, slow_share=0.2, slow_factor=3.0),
    WorkerProfile(mtbf=8.0, startup=0.5, irregular=True),
    WorkerProfile(rate=3.0, mtbf=2.0, startup=0.2),
]


def actors(profile: WorkerProfile) -> list[float]:
    """The times that the real actors take, in virtual time."""
    settings = RunSettings(samples=150, workers=16, start_timeout=60.0, stall_timeout=60.0)
    model = profile.simulated()
    return [
        simulate(lambda _: run(settings, spawn=model), seed).result.elapsed_s
        for seed in range(RUNS)
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", CELLS, ids=lambda cell: f"{cell.mtbf:g}-{cell.startup:g}")
def test_a_plan_takes_as_long_as_the_real_actors(profile: WorkerProfile) -> None:
    real = actors(profile)
    outlook = forecast(
        PlanSettings(samples=150, deadline=sorted(real)[RUNS // 2], profile=profile, runs=5 * RUNS)
    )
    error = sqrt(stdev(real) ** 2 / len(real) + stdev(outlook.times) ** 2 / len(outlook.times))
    assert abs(fmean(real) - fmean(outlook.times)) < Z * error
    assert stdev(outlook.times) == pytest.approx(stdev(real), rel=0.25)
    kept = Proportion(sum(time <= outlook.plan.deadline for time in real), RUNS)
    assert outlook.kept.agrees_with(kept)


POLICED = [
    (20.0, "deadline", WorkerProfile(mtbf=5.0, startup=1.0, slow_share=0.1)),
    (40.0, "deadline", WorkerProfile(mtbf=15.0, startup=3.0, slow_share=0.2)),
    (12.0, "fixed", WorkerProfile(mtbf=60.0, startup=1.0, slow_share=0.2)),
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("deadline", "scale", "profile"), POLICED, ids=["5", "15", "60"])
def test_a_policy_does_in_a_plan_what_it_does_in_a_run(
    deadline: float, scale: str, profile: WorkerProfile
) -> None:
    settings = RunSettings(
        deadline=deadline, scale=scale, replace_slow=True, start_timeout=60.0, stall_timeout=60.0
    )
    model = profile.simulated()
    real = [
        simulate(lambda _: run(settings, spawn=model), seed).result for seed in range(RUNS // 2)
    ]
    policy = policy_for(Scaling(scale), confidence=0.99, replace_slow=True, known=WorkerFigures())
    plan = PlanSettings(samples=150, deadline=deadline, profile=profile, policy=policy, runs=RUNS)
    outlook = forecast(plan)
    kept = Proportion(sum(result.outcome is Outcome.COMPLETE for result in real), len(real))
    assert outlook.kept.agrees_with(kept)
    workers = [len(result.workers) for result in real]
    planned = [planned.most_workers for planned in outlook.runs]
    error = sqrt(pvariance(workers) / len(workers) + pvariance(planned) / len(planned))
    assert abs(fmean(workers) - fmean(planned)) < Z * error + 0.03 * fmean(planned)
    replaced = [sum(worker.replaced for worker in result.workers) for result in real]
    planned = [planned.replaced for planned in outlook.runs]
    error = sqrt(pvariance(replaced) / len(replaced) + pvariance(planned) / len(planned))
    assert abs(fmean(replaced) - fmean(planned)) < Z * error + 0.1
