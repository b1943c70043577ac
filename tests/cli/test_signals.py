"""SIGINT, SIGTERM and SIGHUP, sent to the real command in every phase of a run."""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import psutil
import pytest

from rnd_actors.store import list_runs
from rnd_actors.workers import STANDIN
from tests.cli.commands import FAST, MODULE, PATIENCE_S, PATIENT, SCRIPT, started
from tests.cli.terminals import Terminal
from tests.processes import alive, until

STUBBORN: Final = "--worker-arg=-ignore-term"
SLOW: Final = pytest.mark.slow
ENDLESS: Final = ("--samples=1000000", "--workers=2", "--start-timeout=600", "--json", "-vv")


def new_tag() -> str:
    """A flag that tells the workers of a test from those of others."""
    return f"-seed={int.from_bytes(os.urandom(6))}"


def wait_for(words: str, stream: IO[str] | None) -> None:
    assert stream is not None
    for line in stream:
        if words in line:
            return
    pytest.fail(f"it never said {words!r}")


@pytest.mark.parametrize(
    ("number", "exit_code", "sign", "options"),
    [
        pytest.param(2, 130, "worker 1 spawned", ["--workers=100"], id="spawning", marks=SLOW),
        pytest.param(
            15, 143, "worker 2 spawned", ["--worker-arg=-deaf"], id="connecting", marks=SLOW
        ),
        pytest.param(
            2, 130, "is restarted in", ["--worker-arg=-crash-at-once"], id="backoff", marks=SLOW
        ),
        pytest.param(2, 130, "50 in all", ["--workers=16"], id="streaming"),
        pytest.param(1, 129, "50 in all", ["--workers=16"], id="hung-up", marks=SLOW),
        pytest.param(
            15, 143, "50 in all", ["--workers=16", STUBBORN], id="streaming-stubborn", marks=SLOW
        ),
    ],
)
def test_a_signal_in_any_phase_gives_the_partial_result_in_time_and_leaves_nothing(
    number: int, exit_code: int, sign: str, options: list[str]
) -> None:
    tag = new_tag()
    with started(*FAST, *ENDLESS, f"--worker-arg={tag}", *options) as process:
        wait_for(sign, process.stderr)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    result = json.loads(out)
    assert process.returncode == exit_code
    assert result["outcome"] == "interrupted"
    assert result["samples"] == len(result["values"]) == result["lines"]["accepted"]
    assert "Traceback" not in err
    assert alive(tag) == []


def test_a_signal_while_workers_are_stopped_changes_no_result() -> None:
    tag = new_tag()
    options = (STUBBORN, f"--worker-arg={tag}", "--samples=5")
    with started(*FAST, *ENDLESS, *options, command=PATIENT) as process:
        wait_for("5 in all", process.stderr)
        process.send_signal(signal.SIGINT)

        def over_without_workers() -> bool:
            for worker in alive(tag, "-workerId"):
                with suppress(psutil.NoSuchProcess):
                    worker.kill()
            return process.poll() is not None

        until(over_without_workers)
        out, err = process.communicate(timeout=PATIENCE_S)
    result = json.loads(out)
    assert (process.returncode, result["outcome"], result["samples"]) == (130, "complete", 5)
    assert "Traceback" not in err
    assert alive(tag) == []


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=SLOW), signal.SIGTERM])
def test_a_second_signal_ends_it_at_once_and_leaves_no_orphans(number: int, tmp_path: Path) -> None:
    tag, mark = new_tag(), tmp_path / "told to stop"
    script = f'trap \'touch "{mark}"\' TERM; "$@" & while true; do wait; done'
    stubborn = tmp_path / "worker"
    stubborn.write_text(f'#!/bin/sh\nset -- {" ".join(STANDIN)} "$@"\n{script}\n')
    stubborn.chmod(0o755)
    options = (f"--worker={stubborn}", STUBBORN, f"--worker-arg={tag}")
    with started(*FAST, *ENDLESS, *options, command=PATIENT) as process:
        wait_for("50 in all", process.stderr)
        process.send_signal(number)
        until(mark.exists)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (130, "")  # it did not wait to have a result
    until(lambda: not alive(tag))


@pytest.mark.slow
def test_a_terminal_that_is_closed_ends_the_run_in_order_and_all_is_kept(tmp_path: Path) -> None:
    tag, store, csv = new_tag(), tmp_path / "runs.db", tmp_path / "out.csv"
    outputs = (f"--output={store}", f"--output={csv}", f"--worker-arg={tag}")
    with Terminal(*FAST, "--samples=1000000", "--workers=2", *outputs) as terminal:
        terminal.wait_for("streaming")
        until(lambda: csv.exists() and csv.read_text().count("\n") > 10)
        terminal.close()
        assert terminal.process.wait(PATIENCE_S) == 129
    [run] = list_runs(store)
    assert (run.state, run.samples) == ("interrupted", csv.read_text().count("\n") - 1)
    assert alive(tag) == []


@pytest.mark.slow
def test_nohup_is_respected(tmp_path: Path) -> None:
    ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *MODULE)
    flags = ("--samples=1000", "--workers=2", "--json", "-vv")
    with started(*FAST, *flags, command=ignoring) as process:
        wait_for(" in all", process.stderr)
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, json.loads(out)["samples"]) == (0, 1000)


@pytest.mark.slow
def test_a_second_signal_helps_even_if_the_loop_never_gets_its_turn() -> None:
    busy = """
from gevent import monkey; monkey.patch_all()
from rnd_actors.cli._session import interruption
with interruption():
    print("busy", flush=True)
    while True: pass
"""
    with started("-c", busy, command=(sys.executable,)) as process:
        wait_for("busy", process.stdout)

        def signalled_to_its_end() -> bool:
            process.send_signal(signal.SIGINT)
            return process.poll() is not None

        until(signalled_to_its_end)
        assert process.returncode == 130


def test_before_the_run_there_is_nothing_to_report(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    os.mkfifo(config)
    # `open` waits until the command has opened the file as well, to read its options.
    with started("run", f"--config={config}", command=SCRIPT) as process, config.open("w"):
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE_S) == ("", "")
    assert process.returncode == 130


def test_imports_that_are_interrupted_print_no_traceback() -> None:
    command = (sys.executable, "-X", "importtime", "-m", "rnd_actors", "run")
    with started(command=command) as process:
        wait_for("gevent", process.stderr)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "Traceback" in err) == (143, False)
