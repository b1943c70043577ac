from math import inf
from typing import Any

import pytest
from attrs import evolve

from rnd_actors.errors import SettingsError
from rnd_actors.planning import (
    Forecast,
    PlannedRun,
    PlanSettings,
    PolicyForecast,
    Proportion,
    WorkerProfile,
    compare,
    forecast,
)
from rnd_actors.planning._run import planned_run
from rnd_actors.scaling import DeadlinePolicy, Decision, FixedPolicy, RunView, ScalingPolicy


def plan(
    samples: int = 30,
    deadline: float = 10.0,
    workers: int = 4,
    mtbf: float | None = None,
    startup: float = 0.0,
) -> PlanSettings:
    profile = WorkerProfile(mtbf=mtbf, startup=startup)
    return PlanSettings(
        samples=samples, deadline=deadline, workers=workers, profile=profile, runs=10
    )


def seen(*times: float, deadline: float = 10.0) -> Forecast:
    runs = tuple(PlannedRun(time, 4, 0, None) for time in times)
    return Forecast(plan(deadline=deadline), runs, None)


def test_workers_that_do_not_crash_need_as_many_ticks_as_there_are_numbers_each() -> None:
    outlook = forecast(plan(samples=30, workers=4, startup=0.5))
    assert set(outlook.times) == {7.5}


@pytest.mark.parametrize(
    ("samples", "deadline", "needed"), [(30, 10.0, 3), (31, 9.9, 4), (100, 9.5, 10), (1, 0.5, 1)]
)
def test_the_least_number_of_workers_is_found(samples: int, deadline: float, needed: int) -> None:
    assert forecast(plan(samples, deadline)).workers_needed == needed


def test_a_deadline_before_the_first_number_is_kept_by_no_number_of_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PlanSettings, "most_sought", 20)
    outlook = forecast(plan(samples=1, deadline=0.5, startup=1.0))
    assert (outlook.kept.estimate, outlook.workers_needed) == (0.0, None)


def test_the_same_plan_gives_the_same_forecast() -> None:
    flaky = plan(mtbf=3.0, startup=1.0)
    outlook = forecast(flaky)
    assert outlook == forecast(flaky)
    assert len(set(outlook.times)) > 5


def test_workers_that_take_long_to_start_again_make_it_later() -> None:
    slow, steady = (forecast(plan(mtbf=mtbf, startup=3.0, deadline=30.0)) for mtbf in (3.0, None))
    assert slow.percentile(50) > steady.percentile(50)


def test_a_run_without_a_sample_in_ten_times_the_deadline_is_never_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PlanSettings, "most_sought", 2)
    profile = WorkerProfile(rate=0.1, mtbf=1e-3, startup=10.0)
    hopeless = PlanSettings(samples=100, deadline=0.5, workers=1, profile=profile, runs=10)
    outlook = forecast(hopeless)
    assert outlook.times == (inf,) * 10
    assert (outlook.histogram(), outlook.percentile(1)) == ((), inf)


def test_percentiles_are_of_the_nearest_rank() -> None:
    outlook = seen(1.0, 2.0, 3.0, 4.0)
    assert [outlook.percentile(p) for p in (0, 25, 26, 50, 100)] == [1.0, 1.0, 2.0, 2.0, 4.0]


def test_more_workers_are_needed_if_a_tenth_of_the_runs_is_late() -> None:
    times = forecast(plan(mtbf=3.0, startup=1.0)).times
    outlook = forecast(plan(mtbf=3.0, startup=1.0, deadline=times[8]))
    assert outlook.kept.estimate == 0.9
    assert outlook.workers_needed is not None
    assert outlook.workers_needed > 4


def test_the_deadline_divides_two_bars_and_belongs_to_the_first() -> None:
    bars = seen(9.75, 9.9, 10.0, 10.05, 10.3, inf).histogram()
    assert sum(bar.runs for bar in bars) == 5
    assert sum(bar.runs for bar in bars if bar.up_to_s <= 10.0) == 3


def test_runs_that_all_take_the_same_time_make_one_bar() -> None:
    [bar] = seen(9.05, 9.05).histogram()
    assert (round(bar.above_s, 9), round(bar.up_to_s, 9), bar.runs) == (9.04, 9.05, 2)


class OneMoreEachSecond(ScalingPolicy):
    """Counts how often it was asked, as a policy with a state of its own."""

    asked = 0

    def decide(self, view: RunView) -> Decision:
        self.asked += 1
        return Decision(start=1 + self.asked // 3 - len(view.workers))


def test_each_run_asks_a_copy_of_the_policy_until_the_deadline() -> None:
    policy = OneMoreEachSecond()
    growing = evolve(plan(samples=1000, deadline=20.0, workers=100), policy=policy)
    [seen] = compare(growing, [policy])
    assert (seen.most_workers, seen.mean_workers, policy.asked) == (21, 21.0, 0)


def test_after_the_deadline_nobody_asks_the_policy() -> None:
    policy = OneMoreEachSecond()
    planned_run(plan(samples=1000, deadline=20.0, workers=2), policy, seed=1, latest_s=100.0)
    assert policy.asked == 61


class Observer(FixedPolicy):
    """Keeps the last view, and counts them."""

    view: RunView
    asked = 0

    def decide(self, view: RunView) -> Decision:
        self.view = view
        self.asked += 1
        return super().decide(view)


def test_a_policy_that_only_starts_workers_is_asked_once() -> None:
    for replaces, asked in ((False, 1), (True, 61)):
        policy = Observer(replace_slow=replaces)
        planned_run(plan(samples=1000, deadline=20.0), policy, seed=1, latest_s=100.0)
        assert policy.asked == asked


def test_a_policy_sees_what_has_happened() -> None:
    policy, job = Observer(replace_slow=True), plan(5000, 600.0, 16, mtbf=8.0, startup=1.0)
    job = evolve(job, profile=evolve(job.profile, slow_share=0.1))
    run = planned_run(job, policy, seed=1, latest_s=600.0)
    view, seen = policy.view, policy.view.measured
    assert len(view.workers) == 16
    assert 20 < view.replaced <= run.replaced
    assert view.starts == 16 + seen.crashes + view.replaced
    assert view.samples == seen.first_samples + seen.paced
    assert seen.streamed_s / seen.crashes == pytest.approx(8.0, rel=0.1)
    assert seen.starting_s / seen.first_samples == pytest.approx(1.0)
    assert 0.9 < seen.paced / seen.paced_s < 1.0
    for worker in view.workers:
        if worker.paced and worker.first_s is not None:
            gap = (worker.last_s - worker.first_s) / worker.paced
            assert worker.squares == pytest.approx(worker.paced * gap * gap)
            assert worker.started_s + 1.0 == pytest.approx(worker.first_s)


def test_there_are_never_more_workers_than_allowed() -> None:
    growing = plan(samples=1000, deadline=20.0, workers=7)
    [seen] = compare(growing, [OneMoreEachSecond()])
    assert seen.most_workers == 7


@pytest.mark.parametrize(("workers", "sought"), [(16, 1000), (1000, 1000), (3000, 3000)])
def test_workers_are_sought_up_to_those_of_one_machine_or_of_the_plan(
    workers: int, sought: int
) -> None:
    assert plan(workers=workers).most_sought == sought


def test_policies_are_compared_on_workers_of_the_same_fate() -> None:
    slow = evolve(plan(150, 12.0, 16, mtbf=60.0, startup=1.0), runs=40)
    slow = evolve(slow, profile=evolve(slow.profile, slow_share=0.2))
    stay, replace, again = compare(slow, [FixedPolicy(), FixedPolicy(replace_slow=True)] * 2)[:3]
    assert stay == again
    assert stay.kept.hits < replace.kept.hits
    assert (stay.mean_replaced, round(replace.mean_replaced)) == (0.0, 4)
    assert (replace.most_workers, replace.mean_workers) == (16, 16.0)


def test_a_deadline_far_away_takes_few_workers() -> None:
    [few] = compare(plan(150, 40.0, 16, mtbf=15.0, startup=1.0), [DeadlinePolicy()])
    assert few.kept.estimate == 1.0
    assert few.mean_workers < 6


def test_as_many_start_as_there_have_to_be() -> None:
    at_least = evolve(plan(150, 40.0, 16), least_workers=9, policy=DeadlinePolicy())
    assert forecast(at_least).policy.mean_workers == 9.0


def test_a_forecast_tells_of_its_policy() -> None:
    runs = (PlannedRun(9.0, 12, 3, None), PlannedRun(11.0, 16, 0, 8.0))
    assert Forecast(plan(), runs, None).policy == PolicyForecast(
        FixedPolicy(), Proportion(1, 2), most_workers=16, mean_workers=14.0, mean_replaced=1.5
    )


def test_a_lost_deadline_is_noted_with_its_time() -> None:
    lost_at_s = planned_run(plan(1000, 10.0, 4), DeadlinePolicy(), seed=1, latest_s=10.0).lost_at_s
    assert lost_at_s is not None
    assert lost_at_s < 1.0
    assert planned_run(plan(), DeadlinePolicy(), seed=1, latest_s=10.0).lost_at_s is None


@pytest.mark.parametrize(
    "setting", ["samples", "deadline", "workers", "least_workers", "policy", "runs"]
)
def test_settings_out_of_range_are_refused(setting: str) -> None:
    settings: dict[str, Any] = {"samples": 1, "deadline": 1.0} | {setting: 0}
    with pytest.raises(SettingsError, match=f"^{setting} takes "):
        PlanSettings(**settings)


def test_there_cannot_be_more_workers_at_least_than_at_most() -> None:
    with pytest.raises(SettingsError, match=r"^least_workers takes .* up to that of workers"):
        PlanSettings(samples=1, deadline=1.0, workers=3, least_workers=4)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_limits_are_those_of_wilson(hits: int, trials: int, low: float, high: float) -> None:
    assert Proportion(hits, trials).limits == pytest.approx((low, high), abs=5e-5)


def test_proportions_agree_if_their_limits_overlap() -> None:
    assert Proportion(50, 100).agrees_with(Proportion(180, 300))
    assert not Proportion(50, 100).agrees_with(Proportion(240, 300))
    assert not Proportion(240, 300).agrees_with(Proportion(50, 100))
