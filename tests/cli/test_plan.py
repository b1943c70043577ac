"""The command `plan`, and what it says of a forecast."""

import json
from io import StringIO
from itertools import repeat
from math import inf
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rnd_actors import cli
from rnd_actors.cli import _ticking
from rnd_actors.cli._plan import forecast_as_json
from rnd_actors.cli._views import forecast_report
from rnd_actors.planning import Forecast, PlanSettings, WorkerProfile
from tests.cli.commands import call
from tests.cli.results import COMPLETE

PLAN = PlanSettings(samples=150, deadline=10.0, runs=10, profile=WorkerProfile(mtbf=30.0))
OUTLOOK = Forecast(PLAN, times=(9.5,) * 6 + (9.9, 10.2, 10.4, inf), workers_needed=17)


def told(outlook: Forecast) -> list[str]:
    console = Console(file=StringIO(), width=100, record=True)
    console.print(forecast_report(outlook))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def plan(*flags: str) -> int:
    return cli.main(["plan", "--runs", "10", *flags])


def test_it_tells_the_probability_the_figures_and_the_distribution() -> None:
    assert told(OUTLOOK) == [
        "70.0% of 10 simulated runs keep the deadline of 10 s (95 % confidence: 39.7% to 89.2%).",
        "It takes 17 workers to keep it in 99 % of the runs.",
        "",
        "samples 150 from 16 workers",
        "each worker 1/s, the first after 0.05 s, crashes after 30 s on average",
        "1 % of the runs within 9.50 s",
        "10 % of the runs within 9.50 s",
        "50 % of the runs within 9.50 s",
        "90 % of the runs within 10.40 s",
        "99 % of the runs not even at ten times the deadline",
        "",
        "complete within runs",
        "9.50 s 6 ████████████████████████████████████████",
        "9.60 s 0",
        "9.70 s 0",
        "9.80 s 0",
        "9.90 s 1 ███████",
        "10.00 s 0",
        "10.10 s 0",
        "10.20 s 1 ███████",
        "10.30 s 0",
        "10.40 s 1 ███████",
        "never 1",
    ]


def test_it_says_if_no_number_of_workers_is_enough() -> None:
    assert told(Forecast(PLAN, (inf,) * 10, None))[1] == (
        "No number of workers up to 1000 keeps it in 99 % of the runs."
    )


def test_json_has_the_documented_keys_and_null_for_never() -> None:
    outlook = json.loads(forecast_as_json(OUTLOOK))
    assert list(outlook) == [
        "samples",
        "deadline_s",
        "workers",
        "figures",
        "runs",
        "kept",
        "probability",
        "confidence_95",
        "workers_needed",
        "percentiles_s",
        "histogram",
        "never",
    ]
    assert outlook["figures"] == {"rate": 1.0, "mtbf": 30.0, "startup": 0.05}
    assert (outlook["probability"], outlook["never"], outlook["workers_needed"]) == (0.7, 1, 17)
    assert (outlook["percentiles_s"]["50"], outlook["percentiles_s"]["99"]) == (9.5, None)


def test_it_plans(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--samples=150", "--deadline=9", "--startup=0", "--workers=16") == 0
    out, err = capsys.readouterr()
    assert out.startswith("100.0% of 10 simulated runs keep the deadline of 9 s")
    assert all(line.startswith("simulating run ") for line in err.splitlines())  # a slow machine


def test_json_is_all_that_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--samples=8", "--deadline=2", "--workers=4", "--mtbf=1", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"] == 10
    assert all(line.startswith("simulating run ") for line in err.splitlines())


def test_figures_come_from_a_result_unless_they_are_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result: dict[str, Any] = json.loads(COMPLETE.to_json())
    result["workers"][1] |= {"crashes": 2, "startup_s": 0.25, "streamed_s": 9.0, "rate_per_s": 4.0}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert plan("--samples=8", "--deadline=2", f"--result={path}", "--mtbf=7", "--json") == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert figures == {"rate": 4.0, "mtbf": 7.0, "startup": 0.25}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--deadline=1"], "Missing option '--samples'."),
        (["--samples=0", "--deadline=1"], "--samples takes a whole number from 1 to "),
        (["--samples=1", "--deadline=soon"], "--deadline takes seconds > 0; got 'soon'"),
        (["--samples=1", "--deadline=1", "--mtbf=0"], "--mtbf takes seconds > 0; got 0.0"),
        (["--samples=1", "--deadline=1", "--rate=-1"], "--rate takes a number a second, > 0"),
        (["--samples=1", "--deadline=1", "--startup=-1"], "--startup takes seconds, 0 or more"),
        (["--samples=1", "--deadline=1", "--result=no.json"], "--result takes a file that "),
    ],
)
def test_what_is_not_accepted_is_said_in_one_line(
    flags: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(*flags) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"rnd-actors: {complaint}")


def test_a_file_that_is_no_result_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    path.write_text("[1]")
    assert plan("--samples=1", "--deadline=1", f"--result={path}") == 2
    assert "(this is none)" in capsys.readouterr().err


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
