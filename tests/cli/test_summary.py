from io import StringIO

import pytest
from attrs import evolve
from rich.console import Console

from rnd_actors.cli._views import summary
from rnd_actors.collectors import Ledger, Outcome, Result, WorkerResult
from tests.cli.results import COMPLETE, ended


def told(result: Result) -> list[str]:
    console = Console(file=StringIO(), width=80, record=True)
    console.print(summary(result))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_it_tells_the_numbers_the_workers_and_the_figures() -> None:
    assert told(COMPLETE) == [
        "10 20 33",
        "",
        "worker port samples starts crashes malformed last exit",
        "1 3001 2 1 0 1",
        "2 3002 1 3 2 0 killed",
        "",
        "Complete: the goal is reached",
        "samples 3 of 3",
        "total time 1.50 s",
        "rate 2.0/s",
        "mean 21.00",
        "restarts 2",
        "lines 5 received: 3 accepted, 1 surplus, 1 malformed",
    ]


def test_it_tells_why_a_run_is_not_complete() -> None:
    result = ended(Outcome.FAILED, "no worker is left; its last words:\n\x1b[31m[bold]panic")
    lines = told(result)
    start = lines.index("Failed: no worker is left; its last words:")
    assert lines[start + 1] == "[31m[bold]panic"


def test_it_tells_the_deadline_that_was_missed() -> None:
    lines = told(evolve(ended(Outcome.DEADLINE, "late"), deadline_s=10.0))
    assert "Deadline missed: late" in lines
    assert "total time 1.50 s (deadline 10 s)" in lines


def test_without_samples_there_is_no_mean() -> None:
    nothing = evolve(COMPLETE, values=(), elapsed_s=0.0, lines=Ledger(0, 0, 0, 0))
    assert {"mean -", "rate 0.0/s", "samples 0 of 3"} <= set(told(nothing))


def test_a_goal_that_is_no_number_is_not_told() -> None:
    assert "samples 3" in told(evolve(COMPLETE, goal=None))


def test_of_many_numbers_the_first_and_the_last_are_told() -> None:
    lines = told(evolve(COMPLETE, values=tuple(range(1000, 2000))))
    numbers = " ".join(lines[: lines.index("")])
    assert numbers.startswith("1000 1001 ")
    assert " 1149 ... (700 left out) ... 1850 " in numbers
    assert numbers.endswith(" 1999")


def test_of_many_workers_those_with_trouble_are_told() -> None:
    workers = [WorkerResult(number, 3000, 2, 1, 0, 0, None) for number in range(1, 301)]
    workers[298] = WorkerResult(299, 3000, 0, 6, 6, 0, "exited", given_up=True)
    workers[299] = WorkerResult(300, 3000, 1, 1, 0, 0, None)
    lines = told(evolve(COMPLETE, workers=tuple(workers)))
    rows = lines[lines.index("") + 2 :]
    rows = rows[: rows.index("")]
    assert len(rows) == 201
    assert rows[-3:] == [
        "299 3000 0 6 6 0 exited",
        "300 3000 1 1 0 0",
        "… and 100 more workers",
    ]


def test_markup_in_last_words_is_text() -> None:
    worker = WorkerResult(1, 3001, 0, 1, 1, 0, "exit [red]2")
    assert told(evolve(COMPLETE, workers=(worker,)))[3] == "1 3001 0 1 1 0 exit [red]2"


def test_the_last_words_of_workers_that_were_given_up_are_told_once() -> None:
    def worker(number: int, *words: str, given_up: bool = True) -> WorkerResult:
        return WorkerResult(number, 3000, 0, 6, 6, 0, "exited", given_up, words)

    workers = (
        worker(1, "panic: \x1b[31mout", "of luck"),
        worker(2, "no [bold]port"),
        worker(3, "panic: \x1b[31mout", "of luck"),
        worker(4, "crashed, but goes on", given_up=False),
        worker(5),
    )
    lines = told(evolve(COMPLETE, workers=workers))
    start = lines.index("workers 1, 3 were given up; the last words:")
    assert lines[start - 1 : start + 7] == [
        "",
        "workers 1, 3 were given up; the last words:",
        "panic: [31mout",
        "of luck",
        "",
        "worker 2 was given up; the last words:",
        "no [bold]port",
        "",
    ]
    assert "crashed, but goes on" not in lines


def test_last_words_that_are_told_as_the_reason_are_not_told_twice() -> None:
    worker = WorkerResult(1, 3001, 0, 6, 6, 0, "exited", given_up=True, last_words=("panic", "out"))
    reason = "no worker is left; its last words:\n  panic\n  out"
    assert told(evolve(ended(Outcome.FAILED, reason), workers=(worker,))).count("panic") == 1


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_on_a_terminal_of_any_width_a_worker_has_one_line(width: int) -> None:
    exited = [
        evolve(COMPLETE.workers[0], id=n, port=41549, last_exit=f"worker {n} exited with code 2")
        for n in range(1, 17)
    ]
    terminal = StringIO()
    console = Console(file=terminal, width=width, force_terminal=True, color_system=None)
    console.print(summary(evolve(COMPLETE, workers=tuple(exited))))
    lines = terminal.getvalue().splitlines()
    [header] = [number for number, line in enumerate(lines) if "last exit" in line]
    rows = lines[header + 1 : header + 17]
    assert [row.split()[0] for row in rows] == [str(worker.id) for worker in exited]
    assert all("exited" in row and "worker" not in row for row in rows)
    assert "…" not in lines[header]
    assert max(map(len, lines)) <= width
