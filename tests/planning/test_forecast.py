from math import inf
from typing import Any

import pytest

from rnd_actors import planning
from rnd_actors.errors import SettingsError
from rnd_actors.planning import Forecast, PlanSettings, Proportion, WorkerProfile, forecast


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
    return Forecast(plan(deadline=deadline), times, None)


def test_workers_that_do_not_crash_need_as_many_ticks_as_there_are_numbers_each() -> None:
    outlook = forecast(plan(samples=30, workers=4, startup=0.5))
    assert set(outlook.times) == {7.5}


@pytest.mark.parametrize(
    ("samples", "deadline", "needed"), [(30, 10.0, 3), (31, 10.0, 4), (100, 9.5, 10), (1, 0.5, 1)]
)
def test_the_least_number_of_workers_is_found(samples: int, deadline: float, needed: int) -> None:
    assert forecast(plan(samples, deadline)).workers_needed == needed


def test_a_deadline_before_the_first_number_is_kept_by_no_number_of_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "_MOST_WORKERS", 20)
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


def test_a_run_that_gives_its_workers_up_is_never_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "_MOST_WORKERS", 2)
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


@pytest.mark.parametrize("setting", ["samples", "deadline", "workers", "runs"])
def test_settings_out_of_range_are_refused(setting: str) -> None:
    settings: dict[str, Any] = {"samples": 1, "deadline": 1.0} | {setting: 0}
    with pytest.raises(SettingsError, match=f"^{setting} takes "):
        PlanSettings(**settings)


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
