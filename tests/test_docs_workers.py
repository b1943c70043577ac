"""The workers that the guide shows keep the whole contract."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from rnd_actors.workers import WorkerSettings, choose_ports
from rnd_actors.workers import check as _check
from rnd_actors.workers.check import Verdict, check_worker
from tests.processes import PATIENCE_S

GUIDE: Final = Path(__file__).parents[1] / "docs" / "guide" / "workers.md"
SHOWN: Final = dict(
    re.findall(r"```\w+\n(?:#|//) (worker\.\w+)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
)
PACE: Final = {"the first line at once, or after a second", "then one a second"}
"""Points of the contract that a worker may miss on a busy machine."""


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not blame workers for being late."""
    monkeypatch.setattr(_check, "_PATIENCE_S", PATIENCE_S)


@pytest.mark.slow
def test_the_worker_in_python_keeps_the_contract(tmp_path: Path) -> None:
    program = tmp_path / "worker.py"
    program.write_text(SHOWN["worker.py"], encoding="utf-8")
    assert broken_by([sys.executable, str(program)]) <= PACE


@pytest.mark.slow
@pytest.mark.timeout(600)  # the first build on a machine compiles the standard library, too
@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
def test_the_worker_in_go_keeps_the_contract(tmp_path: Path) -> None:
    program = tmp_path / "worker.go"
    program.write_text(SHOWN["worker.go"], encoding="utf-8")
    subprocess.run(["go", "vet", program.name], cwd=tmp_path, check=True)
    subprocess.run(["go", "build", program.name], cwd=tmp_path, check=True)
    assert broken_by([str(tmp_path / "worker")]) <= PACE


def broken_by(program: list[str]) -> set[str]:
    """Return what the contract wants and this worker does not do."""
    [port] = choose_ports(0, 1)
    worker = WorkerSettings(
        id=7,
        port=port,
        program=program,
        start_timeout=PATIENCE_S,
        stall_timeout=PATIENCE_S,
        grace=PATIENCE_S,
    )
    findings = check_worker(worker)
    assert len(findings) == 17, findings
    return {finding.wanted for finding in findings if finding.verdict is not Verdict.OK}
