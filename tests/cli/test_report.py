"""The command `report`."""

import json
from pathlib import Path

import pytest

from rnd_actors import cli, store
from rnd_actors.store import RunHistory
from tests.reporting.histories import a_run


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, int | None]]:
    """What the store is asked for, which gives the same run for everything."""
    asked = []

    def read_run(path: Path, run: int | None) -> RunHistory:
        asked.append((path, run))
        return a_run()

    monkeypatch.setattr(store, "read_run", read_run, raising=False)
    return asked


@pytest.mark.parametrize(("run", "number"), [([], None), (["7"], 7)])
def test_it_writes_a_report_of_the_run_that_is_asked_for(
    run: list[str], number: int | None, asked: list[object], tmp_path: Path
) -> None:
    output = tmp_path / "report.json"
    assert cli.main(["report", "runs.db", *run, "-o", str(output)]) == 0
    assert asked == [(Path("runs.db"), number)]
    assert json.loads(output.read_text())["run"]["id"] == 7


@pytest.mark.parametrize("name", ["report.pdf", "missing/report.md"])
def test_what_it_cannot_write_is_exit_code_2_and_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / name
    assert cli.main(["report", "runs.db", f"--output={output}"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("rnd-actors: --output takes ")
    assert line.endswith(f"; got {str(output)!r}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["runs.db"], "Missing option '--output' / '-o'."),
        (["runs.db", "last", "-o", "report.md"], "RUN takes the id of a run, a whole number"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert told in line
