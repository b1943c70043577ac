import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from socket import socket
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag

from rnd_actors.collectors import (
    Collector,
    Outcome,
    Result,
    Sample,
    SamplesAccepted,
    WorkerGivenUp,
)
from rnd_actors.errors import SettingsError
from rnd_actors.events import Event
from rnd_actors.running import RunSettings, run
from rnd_actors.workers import STANDIN, WorkerSpawned
from tests.processes import PATIENCE_S, alive


def settings(*flags: str, interval: float = 0.005, **others: Any) -> RunSettings:
    worker_args = ("-interval", str(interval), *flags)
    return RunSettings(**{"workers": 4, **others}, base_port=0, worker_args=worker_args)


def assert_balanced(result: Result) -> None:
    lines = result.lines
    assert result.samples == lines.accepted == len(result.values)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert result.samples == sum(worker.samples for worker in result.workers)


class Until(Collector):
    """Ends when `reached` says so of the samples."""

    def __init__(self, reached: Callable[[list[Sample]], bool]) -> None:
        self.samples: list[Sample] = []
        self.reached = reached

    def accepts(self, sample: Sample) -> bool:
        self.samples.append(sample)
        return True

    def is_reached(self, sample: Sample) -> bool:
        return self.reached(self.samples)


def test_a_run_returns_exactly_the_samples_asked_for() -> None:
    result = run(settings(samples=150, workers=16))
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 150)
    assert all(0 <= value <= 99 for value in result.values)
    assert 0 < result.elapsed_s < PATIENCE_S
    assert result.restarts == 0
    assert_balanced(result)


def test_every_worker_contributes() -> None:
    result = run(settings("-hang-at", "31", samples=100, workers=4))  # three have 90 together
    assert [worker.id for worker in result.workers] == [1, 2, 3, 4]
    assert all(worker.samples > 0 for worker in result.workers)


def test_workers_that_crash_are_restarted_and_the_count_is_exact() -> None:
    result = run(settings("-crash-every", "6", "-cut", samples=150))
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 150)
    assert result.restarts > 0
    assert_balanced(result)


def test_a_number_cut_off_by_a_crash_is_never_counted() -> None:
    result = run(settings("-consecutive", "-cut", "-crash-at", "12", samples=60, workers=2))
    assert set(result.values) <= set(range(11))
    assert result.lines.malformed > 0
    assert_balanced(result)


def test_malformed_lines_are_in_the_ledger() -> None:
    result = run(settings("-malformed-every", "4", samples=50))
    assert result.lines.malformed > 0
    assert_balanced(result)


def test_nothing_is_lost_at_full_speed() -> None:
    result = run(settings("-lines-per-chunk", "50", interval=0, samples=20_000))
    assert result.samples == 20_000
    assert_balanced(result)


def test_the_deadline_ends_the_run_with_what_has_arrived() -> None:
    result = run(settings(samples=10**6, deadline=5.0))
    assert result.outcome is Outcome.DEADLINE
    assert 0 < result.samples < 10**6
    assert_balanced(result)


def test_an_interruption_ends_the_run_with_what_has_arrived() -> None:
    interrupted = Flag()

    def interrupt(event: Event) -> None:
        if isinstance(event, SamplesAccepted):
            interrupted.set()

    result = run(settings(samples=10**6), subscriber=interrupt, interrupted=interrupted)
    assert result.outcome is Outcome.INTERRUPTED
    assert result.samples > 0
    assert_balanced(result)


def test_an_interruption_does_not_wait_for_a_collector_that_is_slow_or_down() -> None:
    interrupted = Flag()

    def slow_or_down(samples: list[Sample]) -> bool:
        if len(samples) == 20:
            gevent.spawn_later(0, interrupted.set)
        if len(samples) == 22:
            raise ValueError("down")
        gevent.sleep(0.01)
        return False

    began = time.monotonic()
    asked = settings("-lines-per-chunk", "1000", interval=0, samples=10**6)
    result = run(asked, Until(slow_or_down), interrupted=interrupted)
    assert time.monotonic() - began < PATIENCE_S
    assert result.outcome is Outcome.INTERRUPTED
    assert result.samples >= 20
    assert_balanced(result)


def test_workers_that_exit_at_once_are_given_up_and_the_run_fails_with_their_words() -> None:
    worker = ("/bin/sh", "-c", "echo no luck; exit 3")
    began = time.monotonic()
    result = run(
        RunSettings(worker=worker, workers=2, base_port=0, deadline=3600, start_timeout=3600)
    )
    assert time.monotonic() - began < PATIENCE_S
    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith("no worker is left; the last one: worker ")
    assert result.reason.endswith(" exited with code 3; its last words:\n  no luck")
    assert [worker.starts for worker in result.workers] == [6, 6]
    assert [worker.crashes for worker in result.workers] == [6, 6]


def test_a_worker_that_is_given_up_is_shown_with_its_last_20_lines_and_the_others_go_on() -> None:
    events: list[Event] = []
    first_fails = '[ "$6" = 1 ] && seq 30 && exit 7; exec "$@"'
    given_up_and_20_more = Until(
        lambda samples: any(isinstance(event, WorkerGivenUp) for event in events[:-20])
    )
    worker = ("/bin/sh", "-c", first_fails, "worker", *STANDIN)
    asked = settings(worker=worker, workers=3)
    result = run(asked, given_up_and_20_more, subscriber=events.append)
    [told] = [event for event in events if isinstance(event, WorkerGivenUp)]
    first, *others = result.workers
    assert result.outcome is Outcome.COMPLETE
    assert (first.starts, first.crashes, first.given_up) == (6, 6, True)
    assert first.last_words == told.last_words == tuple(str(number) for number in range(11, 31))
    assert str(told).startswith("worker 1 is given up: worker 1 exited with code 7; its last words")
    assert all(other.samples > 0 and not other.given_up for other in others)
    assert_balanced(result)


def test_no_process_of_a_worker_is_left_after_a_run_nor_its_children_if_they_are_stubborn() -> None:
    tag = f"-seed={int.from_bytes(os.urandom(6))}"
    result = run(settings(tag, "-child", "-crash-at", "20", samples=100, workers=3))
    assert result.restarts > 0
    assert alive(tag) == []


def test_no_process_is_left_after_a_run_nor_while_its_result_is_made() -> None:
    spawned: list[int] = []

    def note(event: Event) -> None:
        if isinstance(event, WorkerSpawned):
            spawned.append(event.pid)

    run(settings(samples=20), subscriber=note)
    assert len(spawned) == 4
    for pid in spawned:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_result_names_the_port_that_was_used_if_another_program_has_its_own() -> None:
    events: list[Event] = []
    with socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = stranger.getsockname()[1]
        flags = ("-interval", "0.005")
        asked = RunSettings(samples=20, workers=1, base_port=taken, worker_args=flags)
        result = run(asked, subscriber=events.append)
    [spawned] = [event for event in events if isinstance(event, WorkerSpawned)]
    assert result.samples == 20
    assert [worker.port for worker in result.workers] == [spawned.port] != [taken]


def test_samples_are_written_as_they_arrive(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    result = run(settings(samples=50, outputs=path))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["value"] for row in rows] == list(result.values)
    assert [row["index"] for row in rows] == list(range(50))
    assert len({(row["worker"], row["incarnation"], row["seq"]) for row in rows}) == 50


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Event] = []
    with pytest.raises(SettingsError, match="outputs takes files in folders that exist, and there"):
        run(settings(outputs=tmp_path / "missing" / "samples.jsonl"), subscriber=events.append)
    assert (events, caplog.text) == ([], "")


@pytest.mark.parametrize("name", ["samples.csv", "samples.jsonl", "samples.parquet"])
def test_a_file_that_holds_something_is_not_overwritten_unless_that_is_wanted(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text("dear to its owner\n")
    with pytest.raises(SettingsError, match="outputs takes files that are not there yet or hold"):
        run(settings(outputs=path))
    assert path.read_text() == "dear to its owner\n"
    result = run(settings(outputs=path, existing="overwrite", samples=3))
    assert result.outcome is Outcome.COMPLETE
    assert b"dear" not in path.read_bytes()


def test_runs_are_appended_one_after_the_other_under_one_header(tmp_path: Path) -> None:
    rows, lines = tmp_path / "samples.csv", tmp_path / "samples.jsonl"
    for _ in range(2):
        run(settings(outputs=[rows, lines], existing="append", samples=3))
    written = rows.read_text().splitlines()
    assert [row.split(",")[0] for row in written] == ["index", "0", "1", "2", "0", "1", "2"]
    assert [json.loads(line)["index"] for line in lines.read_text().splitlines()] == [0, 1, 2] * 2


@pytest.mark.parametrize(
    ("name", "held", "trouble"),
    [
        ("samples.csv", "a,b\n1,2\n", "begin with the line index,value,"),
        ("samples.jsonl", '{"index": 0', "whose last line is whole"),
        ("samples.parquet", "", r"\.parquet can only be replaced"),
    ],
)
def test_what_cannot_be_appended_to_is_said_and_stays_as_it_is(
    name: str, held: str, trouble: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(held)
    with pytest.raises(SettingsError, match=trouble):
        run(settings(outputs=path, existing="append"))
    assert path.read_text() == held


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    path = tmp_path / "full.jsonl"
    path.symlink_to("/dev/full")
    return path


def test_a_disk_that_is_full_fails_the_run_with_what_has_arrived(full_disk: Path) -> None:
    result = run(settings(samples=10**6, outputs=full_disk))
    assert result.outcome is Outcome.FAILED
    assert result.reason == f"output: cannot write {full_disk}: No space left on device"
    assert result.samples > 0
    assert_balanced(result)


def test_a_disk_that_is_full_fails_even_a_run_whose_goal_is_reached(
    full_disk: Path,
) -> None:
    result = run(settings(samples=1, outputs=full_disk))
    assert result.outcome is Outcome.FAILED
    assert result.reason == f"output: cannot write {full_disk}: No space left on device"
    assert result.samples == 1


def test_a_custom_collector_sets_the_goal() -> None:
    result = run(settings(), Until(lambda samples: samples[-1].value > 90))
    assert result.outcome is Outcome.COMPLETE
    assert result.values[-1] > 90
    assert all(value <= 90 for value in result.values[:-1])
    assert result.goal is None


SCRIPT = """
from gevent import monkey; monkey.patch_all()
import logging
from rnd_actors import RunSettings, run
LOGGING
flags = ["-interval=0.005", "-crash-at=3"]
result = run(RunSettings(samples=10, workers=1, base_port=0, worker_args=flags))
print(result.workers[0].crashes)
"""


@pytest.mark.parametrize(
    ("set_up", "traced"),
    [pytest.param("", 0, marks=pytest.mark.slow), ("logging.basicConfig(level=logging.DEBUG)", 1)],
)
def test_a_crash_of_a_worker_is_one_line_of_the_log_and_its_traceback_for_debugging(
    set_up: str, traced: int
) -> None:
    command = [sys.executable, "-c", SCRIPT.replace("LOGGING", set_up)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    crashes = int(done.stdout)
    told = [line for line in done.stderr.splitlines() if "workers/1 failed" in line]
    assert crashes >= 3
    assert len(told) == crashes * (1 + traced)
    assert done.stderr.count("WorkerExitedError: worker 1 exited") == crashes * (1 + 2 * traced)
    if not traced:
        assert done.stderr.splitlines() == told


def test_the_logs_of_workers_on_other_hosts_need_no_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_connected = nullcontext()
    monkeypatch.setattr("rnd_actors.running._prepare.connected", lambda *_: not_connected)
    result = run(RunSettings(cluster="tcp://127.0.0.1:9", worker_log=tmp_path / "logs"))
    assert result.outcome is Outcome.INTERRUPTED
    assert not (tmp_path / "logs").exists()
