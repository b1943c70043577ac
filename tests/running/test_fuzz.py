"""Random runs with random signals, and that their judge notices what it is there to notice."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from signal import Signals
from typing import Any

import pytest
from attrs import evolve

from rnd_actors import RunSettings, run
from tests.benchmarks.fuzz._case import Case
from tests.benchmarks.fuzz._judge import judge_run, judge_session
from tests.benchmarks.fuzz._session import Session

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sixty_random_runs_are_exact_and_leave_nothing() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.fuzz", "--runs", "60", "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.startswith("60 runs in ")
    assert done.stdout.endswith(": 0 wrong\n")


def result(outcome: str = "complete", received: int = 3) -> str:
    lines = {"received": received, "accepted": 2, "surplus": 1, "malformed": 0}
    return json.dumps({"outcome": outcome, "samples": 2, "values": [0, 1], "lines": lines})


FINE = Session(
    code=0,
    stdout=result(),
    stderr="",
    struck=frozenset(),
    seconds=1.0,
    descriptors=20,
    left=(),
    orphans=0,
)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"code": None}, "it did not end"),
        ({"left": ("worker -workerId 1",)}, "1 processes are left: worker"),
        ({"stderr": "Traceback (most recent call last):"}, "a traceback"),
        ({"descriptors": 1000}, "1000 descriptors"),
        ({"code": -9}, "signal 9 ended it, which nobody had sent"),
        ({"orphans": 2}, "it left 2 processes"),
        ({"code": 1, "stdout": ""}, "exit code 1 and no result"),
        ({"stdout": "{"}, "what it printed is no JSON"),
        ({"code": 3}, "exit code 3 for a run that is complete"),
        ({"code": 130, "stdout": result("interrupted")}, "interrupted with exit code 130"),
        ({"stdout": result(received=4)}, "the ledger does not balance"),
    ],
)
def test_what_is_wrong_with_a_session_is_a_problem(changes: dict[str, Any], problem: str) -> None:
    case = Case.of(1)
    assert list(judge_session(case, FINE)) == []
    [found] = judge_session(case, evolve(FINE, **changes))
    assert found.startswith(problem)


def test_a_signal_that_was_sent_explains_an_end() -> None:
    case = Case.of(1)
    killed = evolve(FINE, code=-9, stdout="", struck=frozenset({Signals.SIGKILL}))
    interrupted = evolve(
        FINE, code=143, stdout=result("interrupted"), struck=frozenset({Signals.SIGTERM})
    )
    assert [*judge_session(case, killed), *judge_session(case, interrupted)] == []


def test_a_program_that_is_ended_at_once_need_not_wait_for_its_processes() -> None:
    struck = frozenset({Signals.SIGTERM, Signals.SIGHUP})
    at_once = evolve(FINE, code=129, stdout="", struck=struck, orphans=4)
    assert list(judge_session(Case.of(1), at_once)) == []


@pytest.fixture
def played(tmp_path: Path) -> Session:
    """A run of 20 samples, with a store and a file."""
    files = [tmp_path / "runs.db", tmp_path / "samples.csv"]
    flags = ("-interval", "0", "-consecutive")
    settings = RunSettings(samples=20, workers=2, base_port=0, worker_args=flags, outputs=files)
    return evolve(FINE, stdout=run(settings).to_json())


def problems(folder: Path, session: Session, samples: int = 20) -> list[str]:
    case = evolve(Case.of(1), samples=samples)
    return list(judge_run(case, folder / "runs.db", [folder / "samples.csv"], session))


def test_a_run_that_is_right_has_no_problem(played: Session, tmp_path: Path) -> None:
    assert problems(tmp_path, played) == []


def test_a_total_that_is_wrong_is_a_problem(played: Session, tmp_path: Path) -> None:
    [problem] = problems(tmp_path, played, samples=21)
    assert problem == "the store has 20 samples of 21, complete"


def test_a_result_that_is_not_that_of_the_store_is_a_problem(
    played: Session, tmp_path: Path
) -> None:
    [problem] = problems(tmp_path, evolve(played, stdout='{"values": [1, 2]}'))
    assert problem == "the values of the result are not those of the store"


def test_a_file_that_lacks_a_sample_is_a_problem(played: Session, tmp_path: Path) -> None:
    file = tmp_path / "samples.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    [problem] = problems(tmp_path, played)
    assert problem == "samples.csv is not what the store is"


def test_numbers_with_gaps_are_a_problem(played: Session, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "runs.db") as store:
        store.execute('UPDATE samples SET seq = seq + 1 WHERE "index" = 19')
    store.close()
    assert any("numbers are not consecutive" in each for each in problems(tmp_path, played))


def test_a_seed_makes_the_same_case_again() -> None:
    assert Case.of(7) == Case.of(7)
    assert len({Case.of(seed) for seed in range(50)}) == 50
