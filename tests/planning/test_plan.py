from typing import Any

import pytest
from attrs import asdict

from rnd_actors.errors import SettingsError
from rnd_actors.planning import WorkerProfile
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import simulate


def worker(**figures: Any) -> dict[str, Any]:
    return {"starts": 1, "crashes": 0, "startup_s": 0.1, "streamed_s": 10.0, "rate_per_s": 2.0} | (
        figures
    )


def test_the_time_between_crashes_is_all_time_streamed_over_all_crashes() -> None:
    workers = [worker(crashes=3, streamed_s=20.0), worker(crashes=1, streamed_s=40.0)]
    assert WorkerProfile.measured(workers).mtbf == 15.0


def test_workers_that_did_not_crash_are_taken_for_workers_that_do_not() -> None:
    assert WorkerProfile.measured([worker()]).mtbf is None


def test_rate_and_startup_are_means_weighted_by_what_they_were_measured_on() -> None:
    workers = [
        worker(rate_per_s=1.0, streamed_s=30.0, starts=3, startup_s=0.2),
        worker(rate_per_s=2.0, streamed_s=10.0, starts=1, startup_s=0.6),
    ]
    profile = WorkerProfile.measured(workers)
    assert (profile.rate, round(profile.startup, 9)) == (1.25, 0.3)


def test_a_run_tells_the_figures_that_its_workers_have() -> None:
    profile = WorkerProfile(rate=2.0, mtbf=20.0, startup=0.5)
    settings = RunSettings(samples=8_000, workers=8)
    result = simulate(lambda _: run(settings, spawn=profile.simulated())).result
    measured = WorkerProfile.measured(asdict(worker) for worker in result.workers)
    assert measured.rate == pytest.approx(2.0)
    assert measured.startup == pytest.approx(0.5)
    assert measured.mtbf == pytest.approx(20.0, rel=0.2)


def test_a_worker_does_not_crash_before_its_first_number() -> None:
    lifetime = WorkerProfile(mtbf=1e-9, startup=0.5).simulated().lifetime
    assert lifetime is not None
    assert lifetime() == pytest.approx(0.5)


def test_a_figure_that_a_run_cannot_tell_keeps_its_default() -> None:
    silent = worker(startup_s=None, rate_per_s=None, streamed_s=0.0)
    assert WorkerProfile.measured([silent]) == WorkerProfile()


@pytest.mark.parametrize(
    "figures",
    [
        {"rate": 0.0},
        {"mtbf": 0.0},
        {"startup": -1.0},
        {"slow_share": 1.1},
        {"slow_factor": 0.5},
        {"irregular": 1},
    ],
)
def test_figures_out_of_range_are_refused(figures: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"^{next(iter(figures))} takes "):
        WorkerProfile(**figures)
