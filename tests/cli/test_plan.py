"""The command `plan`, and what it says of a forecast."""

import json
from io import StringIO
from itertools import repeat
from math import inf
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from rich.console import Console

from rnd_actors import cli
from rnd_actors.cli import _ticking
from rnd_actors.cli._plan import forecast_as_json
from rnd_actors.cli._views import forecast_report
from rnd_actors.planning import (
    Forecast,
    PlannedRun,
    PlanSettings,
    PolicyForecast,
    Proportion,
    WorkerProfile,
)
from rnd_actors.scaling import DeadlinePolicy, Decision, RunView, ScalingPolicy
from tests.cli.commands import call
from tests.cli.results import COMPLETE
from tests.cli.terminals import Terminal

PLAN = PlanSettings(samples=150, deadline=10.0, runs=10, profile=WorkerProfile(mtbf=30.0))


def seen(*times: float, plan: PlanSettings = PLAN, needed: int | None = 17) -> Forecast:
    runs = tuple(PlannedRun(time, 16, 0, None) for time in times)
    return Forecast(plan, runs, workers_needed=needed)


OUTLOOK = seen(*[9.5] * 6, 9.9, 10.2, 10.4, inf)
OTHER = PolicyForecast(
    DeadlinePolicy(), Proportion(9, 10), most_workers=14, mean_workers=12.34, mean_replaced=1.5
)


def told(outlook: Forecast, *others: PolicyForecast) -> list[str]:
    console = Console(file=StringIO(), width=100, record=True)
    console.print(forecast_report(outlook, others))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def plan(*flags: str) -> int:
    return cli.main(["plan", "--runs", "10", *flags])


def test_it_tells_the_probability_the_figures_and_the_distribution() -> None:
    assert told(OUTLOOK, OTHER) == [
        "70.0% of 10 simulated runs keep the deadline of 10 s (95 % confidence: 39.7% to 89.2%).",
        "It takes 17 workers to keep it in 99 % of the runs.",
        "",
        "policy kept workers at most on average replaced",
        "fixed 70.0% 16 16.0 0.0",
        "deadline, slow ones replaced 90.0% 14 12.3 1.5",
        "",
        "samples 150 from 16 workers (fixed)",
        "each worker 1/s, the first after 0.05 s, crashes after 30 s on average",
        "1 % of the runs within 9.50 s",
        "10 % of the runs within 9.50 s",
        "50 % of the runs within 9.50 s",
        "90 % of the runs within 10.40 s",
        "99 % of the runs not even at ten times the deadline",
        "",
        "complete within runs",
        "9.50 s 6 ████████████████████████████████████",
        "9.60 s 0",
        "9.70 s 0",
        "9.80 s 0",
        "9.90 s 1 ██████",
        "10.00 s 0",
        "10.10 s 0",
        "10.20 s 1 ██████",
        "10.30 s 0",
        "10.40 s 1 ██████",
        "never 1",
    ]


def test_it_says_if_no_number_of_workers_is_enough() -> None:
    assert told(seen(*[inf] * 10, needed=None))[1] == (
        "No number of workers up to 1000 keeps it in 99 % of the runs."
    )
    few = evolve(PLAN, policy=DeadlinePolicy())  # others may keep it with as many
    assert told(seen(*[inf] * 10, plan=few, needed=None))[1] == (
        "No number of workers up to 1000 keeps it in 99 % of the runs with this policy."
    )


def test_json_has_the_documented_keys_and_null_for_never() -> None:
    outlook = json.loads(forecast_as_json(OUTLOOK, [OTHER]))
    assert list(outlook) == [
        "samples",
        "deadline_s",
        "workers",
        "least_workers",
        "policy",
        "figures",
        "runs",
        "kept",
        "probability",
        "confidence_95",
        "workers_needed",
        "percentiles_s",
        "histogram",
        "never",
        "policies",
    ]
    assert outlook["figures"] == {
        "rate": 1.0,
        "mtbf": 30.0,
        "startup": 0.05,
        "slow_share": 0.0,
        "slow_factor": 4.0,
        "irregular": False,
    }
    assert outlook["policies"] == [
        {
            "policy": "fixed",
            "kept": 7,
            "most_workers": 16,
            "mean_workers": 16.0,
            "mean_replaced": 0.0,
        },
        {
            "policy": "deadline, slow ones replaced",
            "kept": 9,
            "most_workers": 14,
            "mean_workers": 12.34,
            "mean_replaced": 1.5,
        },
    ]
    assert (outlook["probability"], outlook["never"], outlook["workers_needed"]) == (0.7, 1, 17)
    assert (outlook["percentiles_s"]["50"], outlook["percentiles_s"]["99"]) == (9.5, None)


def test_it_plans(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--samples=150", "--deadline=9", "--startup=0", "--workers=16") == 0
    out, err = capsys.readouterr()
    assert out.startswith("100.0% of 10 simulated runs keep the deadline of 9 s")
    assert all(line.startswith("simulating ") for line in err.splitlines())  # a slow machine


def test_the_policy_of_the_options_is_simulated_and_others_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = ("--samples=150", "--deadline=40", "--slow-share=0.1", "--json")
    assert plan(*job, "--scale=deadline", "--workers=6..12", "--confidence=0.9") == 0
    outlook = json.loads(capsys.readouterr().out)
    assert (outlook["workers"], outlook["least_workers"]) == (12, 6)
    assert outlook["policy"] == "deadline, slow ones replaced"
    policies = [(each["policy"], each["most_workers"]) for each in outlook["policies"]]
    assert policies == [
        ("deadline, slow ones replaced", 6),
        ("fixed", 12),
        ("deadline", 6),
        ("fixed, slow ones replaced", 12),
    ]


@pytest.mark.parametrize(
    ("flags", "policy"),
    [
        ((), "fixed"),
        (("--replace-slow",), "fixed, slow ones replaced"),
        (("--scale=deadline",), "deadline, slow ones replaced"),
        (("--scale=deadline", "--keep-slow"), "deadline"),
    ],
)
def test_slow_ones_are_replaced_if_that_is_wanted(
    flags: tuple[str, ...], policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan("--samples=8", "--deadline=4", "--workers=4", "--json", *flags) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == policy


def test_the_figures_of_an_earlier_run_are_known_to_the_policy_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result: dict[str, Any] = json.loads(COMPLETE.to_json())
    for worker in result["workers"]:
        worker |= {"rate_per_s": 4.0, "streamed_s": 9.0}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    job = ("--samples=150", "--deadline=40", "--scale=deadline", "--json")
    assert plan(*job, f"--figures={path}") == 0
    known = json.loads(capsys.readouterr().out)["policies"][0]["most_workers"]
    assert plan(*job, "--rate=4") == 0
    assert known < json.loads(capsys.readouterr().out)["policies"][0]["most_workers"]


def test_no_policy_is_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    job = ("--samples=20", "--deadline=9", "--confidence=0.9", "--json")
    for flags, number in (((), 2), (("--slow-share=0.1",), 4), (("--replace-slow",), 2)):
        assert plan(*job, *flags) == 0
        policies = json.loads(capsys.readouterr().out)["policies"]
        assert len({each["policy"] for each in policies}) == len(policies) == number


def test_a_policy_of_ones_own_is_told_by_its_name() -> None:
    class OneMore(ScalingPolicy):
        def decide(self, view: RunView) -> Decision:
            return Decision(start=1)

    mine = Forecast(evolve(PLAN, policy=OneMore()), OUTLOOK.runs, 17)
    assert told(mine)[4] == "OneMore 70.0% 16 16.0 0.0"


def test_slow_ones_are_told() -> None:
    slow = evolve(PLAN, profile=WorkerProfile(slow_share=0.2))
    told_of = told(Forecast(slow, OUTLOOK.runs, 17))
    assert "slow ones 20% need 4 times as long for a number" in told_of


def test_a_number_of_workers_that_differs_is_told_as_a_mean() -> None:
    runs = (PlannedRun(9.0, 7, 0, None), PlannedRun(9.0, 8, 0, None))
    assert "samples 150 from 7.5 workers on average, 8 at most (fixed)" in told(
        Forecast(PLAN, runs, 17)
    )


def test_json_is_all_that_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--samples=8", "--deadline=2", "--workers=4", "--mtbf=1", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"] == 10
    assert all(line.startswith("simulating ") for line in err.splitlines())


def test_figures_come_from_a_result_unless_they_are_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result: dict[str, Any] = json.loads(COMPLETE.to_json())
    result["workers"][1] |= {"crashes": 2, "startup_s": 0.25, "streamed_s": 9.0, "rate_per_s": 4.0}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert plan("--samples=8", "--deadline=2", f"--figures={path}", "--mtbf=7", "--json") == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert (figures["rate"], figures["mtbf"], figures["startup"]) == (4.0, 7.0, 0.25)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--deadline=1"], "Missing option '--samples'."),
        (["--samples=0", "--deadline=1"], "--samples takes a whole number from 1 to "),
        (["--samples=1", "--deadline=soon"], "--deadline takes seconds > 0; got 'soon'"),
        (["--samples=1", "--deadline=1", "--mtbf=0"], "--mtbf takes seconds > 0; got 0.0"),
        (["--samples=1", "--deadline=1", "--rate=-1"], "--rate takes a number a second, > 0"),
        (["--samples=1", "--deadline=1", "--startup=-1"], "--startup takes seconds, 0 or more"),
        (["--samples=1", "--deadline=1", "--figures=no.json"], "--figures takes a file that "),
        (["--samples=1", "--deadline=1", "--slow-share=2"], "--slow-share takes a probability "),
        (["--samples=1", "--deadline=1", "--slow-factor=0"], "--slow-factor takes a number, 1 "),
        (["--samples=1", "--deadline=1", "--scale=up"], "--scale takes fixed or deadline; "),
        (["--samples=1", "--deadline=1", "--workers=0"], "--workers takes a whole number from 1 "),
        (["--samples=1", "--deadline=1", "--workers=9..4"], "--workers takes a whole number from "),
        (["--samples=1", "--deadline=1", "--workers=..4"], "--workers takes a whole number from 1"),
        (
            ["--samples=1", "--deadline=1", "--workers=4..9"],
            "--workers 4..9 needs --scale deadline",
        ),
        (
            ["--samples=1", "--deadline=1", "--scale=deadline", "--confidence=1"],
            "--confidence takes a probability of at least 0.5, and less than 1; got 1.0",
        ),
    ],
)
def test_what_is_not_accepted_is_said_in_one_line(
    flags: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(*flags) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"rnd-actors: {complaint}")


def test_a_run_without_a_sample_tells_nothing_of_its_workers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result: dict[str, Any] = json.loads(COMPLETE.to_json())
    for worker in result["workers"]:
        worker |= {"crashes": 5, "startup_s": None, "streamed_s": 0.0, "rate_per_s": None}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert plan("--samples=8", "--deadline=2", f"--figures={path}", "--json") == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert (figures["rate"], figures["mtbf"], figures["startup"]) == (1.0, None, 0.05)


def test_a_result_with_a_figure_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result: dict[str, Any] = json.loads(COMPLETE.to_json())
    result["workers"][0] |= {"starts": 1, "startup_s": -3.0}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert plan("--samples=1", "--deadline=1", f"--figures={path}") == 2
    err = capsys.readouterr().err
    assert err.startswith("rnd-actors: --figures takes a file that ")
    assert "(in this one, startup takes seconds from 1e-12 to 1e+12, or 0; got -" in err


def test_a_file_that_is_no_result_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    result: dict[str, Any] = json.loads(COMPLETE.to_json())
    result["workers"][0] |= {"crashes": 10**400, "streamed_s": 9.0}
    for text in ("[1]", "", json.dumps(result)):
        path.write_text(text)
        assert plan("--samples=1", "--deadline=1", f"--figures={path}") == 2
        assert "(this is none)" in capsys.readouterr().err


def test_a_narrow_terminal_cuts_no_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    job = ("--samples=15", "--deadline=9", "--workers=4", "--slow-share=0.2", "--runs=10")
    assert plan(*job) == 0
    said = capsys.readouterr().out
    assert "…" not in said
    assert "complete within  runs" in said


def test_without_a_terminal_a_long_plan_says_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_ticking, "pauses_s", lambda: repeat(0.0))  # as if it took long
    done = call("plan", "--samples=8", "--deadline=2", "--workers=4", "--mtbf=5", "--runs=10")
    lines = done.stderr.splitlines()
    assert done.returncode == 0
    assert lines
    assert all(line.startswith(("simulating ", "looking ")) for line in lines)
    assert "keep the deadline" in done.stdout


def test_on_a_terminal_a_bar_shows_how_far_it_is_and_goes_without_a_trace() -> None:
    job = ("plan", "--samples=150", "--deadline=10", "--mtbf=5", "--slow-share=0.2", "--runs=40")
    with Terminal(*job) as terminal:
        assert terminal.end() == 0
    drawn = [line for line in terminal.written.split("\r") if "simulating 40 runs" in line]
    assert drawn
    assert all("━" in line and "%" in line for line in drawn)
    assert "\x1b[?25l" not in terminal.written
    assert not any("simulating" in line for line in terminal.screen.display)
