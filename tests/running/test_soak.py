"""The short soak, and that its checker notices what it is there to notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from rnd_actors.actors import Crashed
from rnd_actors.collectors import Sample
from rnd_actors.errors import StreamCutError, WorkerExitedError
from tests.benchmarks.soak._checker import Checker

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_lost_nor_left_while_workers_die_all_the_time() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.soak", "--samples", "50000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.count("\nok ") == 7
    assert "50,000 samples in " in done.stdout


@pytest.fixture
def checker() -> Checker:
    """Has had 0, 1, 2 from the second incarnation of worker 3."""
    checker = Checker(goal=100)
    for number in range(3):
        take(checker, 2, number)
    assert checker.faults == []
    return checker


def take(checker: Checker, incarnation: int, seq: int, value: int | None = None) -> None:
    number = seq if value is None else value
    checker.accepts(Sample(checker.accepted, number, 3, incarnation, seq, received_at=0.5))


def die(checker: Checker, sent: int) -> None:
    words = ("worker 3 started", f"panic: out of luck after {sent} numbers")
    assert checker.restarts(3, Crashed(WorkerExitedError("worker 3 exited", words)))


@pytest.mark.parametrize(
    ("incarnation", "seq", "value"),
    [(2, 2, 2), (2, 4, 4), (2, 3, 4), (2, 4, 3), (1, 3, 3), (3, 0, 0)],
    ids=["twice", "missing", "misread", "miscounted", "from the life before", "from the next life"],
)
def test_a_sample_out_of_order_is_a_fault(
    checker: Checker, incarnation: int, seq: int, value: int
) -> None:
    take(checker, incarnation, seq, value)
    [fault] = checker.faults
    assert fault.startswith("Sample(index=3, ")


def test_a_sample_after_the_end_of_its_worker_is_a_fault(checker: Checker) -> None:
    die(checker, sent=3)
    take(checker, 2, 3)
    assert len(checker.faults) == 1


def test_a_restarted_worker_counts_anew(checker: Checker) -> None:
    die(checker, sent=3)
    die(checker, sent=0)
    take(checker, 4, 0)
    assert (checker.faults, checker.ends, checker.ends_told) == ([], 2, 2)


@pytest.mark.parametrize("sent", [2, 4])
def test_a_worker_that_sent_less_or_more_than_came_is_a_fault(checker: Checker, sent: int) -> None:
    die(checker, sent)
    [fault] = checker.faults
    assert fault.startswith(f"worker 3 sent {sent} numbers and 3 came")


def test_a_worker_that_dies_without_a_word_is_counted(checker: Checker) -> None:
    checker.restarts(3, Crashed(StreamCutError("worker 3: the connection was cut")))
    assert (checker.faults, checker.ends, checker.ends_told) == ([], 1, 0)


def test_what_has_to_be_kept_is_known(checker: Checker) -> None:
    assert (checker.kept_bytes, checker.kept_objects) == (3 * 8, 0)
    take(checker, 2, 3, value=1000)
    assert (checker.kept_bytes, checker.kept_objects) == (4 * 8 + 32, 1)
