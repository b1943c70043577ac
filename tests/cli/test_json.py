"""What `run --json` prints can be read again, by programs and by rnd-actors."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from rnd_actors import cli
from rnd_actors.cli import _session
from rnd_actors.collectors import Result
from tests.cli.results import COMPLETE

WORKERS = [evolve(worker, streamed_s=9.0, rate_per_s=4.0) for worker in COMPLETE.workers]
RESULT = evolve(COMPLETE, workers=tuple(WORKERS))


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    def run(*_: Any, **__: Any) -> Result:
        return RESULT

    monkeypatch.setattr(_session, "run", run)
    assert cli.main(["run", "--json"]) == 0
    return capsys.readouterr().out


def test_it_is_one_line_that_a_result_can_be_made_of(printed: str) -> None:
    assert printed.count("\n") == 1
    assert Result.from_json(printed) == RESULT


def test_a_plan_takes_its_figures_from_it(
    printed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "result.json"
    path.write_text(printed)
    flags = ["--samples=2", "--deadline=2", "--workers=2", "--runs=10", "--json"]
    assert cli.main(["plan", *flags, f"--figures={path}"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["rate"] == 4.0
