"""Runs in a process of their own, started by real programs that are not patched."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rnd_actors import Collector, EveryValue, RunSettings, Sample, SettingsError, StoreError
from rnd_actors.errors import RunProcessError
from rnd_actors.notebook import run_in_process, run_in_process_async
from tests.processes import PATIENCE_S, alive, until

SETTINGS = """
from rnd_actors import *
from rnd_actors.notebook import run_in_process, run_in_process_async
settings = RunSettings(
    samples=1_000_000, workers=2, base_port=0, worker_args=["-interval=0.01", "{tag}"]
)
"""
WAITS = (
    SETTINGS
    + """
result = run_in_process(settings, on_progress=lambda line: print(line, flush=True))
print("END", result.outcome.value, result.samples > 0)
"""
)
CANCELS = (
    SETTINGS
    + """
import asyncio

async def main():
    lines = []
    run = asyncio.create_task(run_in_process_async(settings, on_progress=lines.append))
    while not any(" of 1000000 samples" in line for line in lines):
        await asyncio.sleep(0.01)
    run.cancel()
    try:
        await run
    except asyncio.CancelledError:
        print("END cancelled")

asyncio.run(main())
"""
)


@pytest.fixture
def tag() -> str:
    """A flag that tells the workers of a test from those of others."""
    return f"-seed={int.from_bytes(os.urandom(6))}"


@contextmanager
def program(text: str, tag: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", text.replace("{tag}", tag)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def when_it_streams(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if " of 1000000 samples" in line and not line.startswith("0 "):
            return
    pytest.fail("it never streamed")


def test_an_interrupt_ends_the_run_in_order_with_what_it_has(tag: str) -> None:
    with program(WAITS, tag) as process:
        when_it_streams(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "END interrupted True"
    assert alive(tag) == []


@pytest.mark.slow
def test_a_second_interrupt_ends_it_at_once(tag: str) -> None:
    with program(WAITS.replace('"{tag}"', '"{tag}", "-ignore-term"'), tag) as process:
        when_it_streams(process)
        process.send_signal(signal.SIGINT)

        def interrupted_to_its_end() -> bool:
            process.send_signal(signal.SIGINT)
            return process.poll() is not None

        until(interrupted_to_its_end)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in err
    until(lambda: not alive(tag))


@pytest.mark.slow
def test_nothing_is_left_when_the_program_is_killed(tag: str) -> None:
    with program(WAITS, tag) as process:
        when_it_streams(process)
        assert alive(tag)
        process.kill()
    until(lambda: not alive(tag))


@pytest.mark.slow
def test_the_death_of_the_process_is_a_clear_error(tag: str) -> None:
    with program(WAITS, tag) as process:
        when_it_streams(process)
        [run] = alive("_child", tag)
        run.kill()
        _, err = process.communicate(timeout=PATIENCE_S)
    assert (
        "RunProcessError: the process of the run was killed by SIGKILL before it had a result; "
        "it wrote nothing.\n" in err
    )
    until(lambda: not alive(tag))


@pytest.mark.slow
def test_a_cancelled_task_ends_the_run_in_order(tag: str) -> None:
    with program(CANCELS, tag) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, "END cancelled\n", "")
    assert alive(tag) == []


def test_a_collector_is_made_again_and_its_findings_come_back() -> None:
    settings = RunSettings(workers=2, base_port=0, worker_args=["-interval=0.001"])
    result = run_in_process(settings, EveryValue(range(5)))
    assert result.goal is None
    assert set(range(5)) <= set(result.values)
    assert result.findings == {"missing": 0}


class Broken(Collector):
    def is_reached(self, sample: Sample) -> bool:
        os.write(1, b"the stdout of others\n")
        os._exit(7)


def test_what_a_dead_process_has_written_is_told() -> None:
    settings = RunSettings(workers=1, base_port=0, worker_args=["-interval=0.01"])
    with pytest.raises(RunProcessError, match=r"exited with 7 .*\n  the stdout of others\n"):
        run_in_process(settings, Broken())


def test_a_collector_of_the_notebook_itself_is_refused_with_what_to_do() -> None:
    class Mine(Broken):
        pass

    with pytest.raises(SettingsError, match=r"move its class to a module \(a \.py file\)"):
        run_in_process(RunSettings(), Mine())


def test_stdout_is_no_output() -> None:
    with pytest.raises(SettingsError, match="outputs takes files"):
        run_in_process(RunSettings(outputs="-"))


@pytest.mark.slow
def test_an_error_of_the_run_is_raised_here(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    store.write_text("no store\n" * 1000)
    with pytest.raises(StoreError):
        run_in_process(RunSettings(outputs=store))


@pytest.mark.slow
def test_many_samples_come_back() -> None:
    settings = RunSettings(samples=50_000, workers=2, base_port=0, worker_args=["-interval=0"])
    result = run_in_process(settings)
    assert json.loads(result.to_json())["samples"] == 50_000


QUICK = RunSettings(samples=20, workers=2, worker_args=("-interval", "0"), base_port=0)


def test_the_last_that_is_told_of_a_run_however_quick_is_its_end() -> None:
    lines = list[str]()
    run_in_process(QUICK, on_progress=lines.append)
    assert lines[-1].startswith("20 of 20 samples in ")


@pytest.mark.slow
def test_in_asyncio_too_the_last_that_is_told_of_a_run_is_its_end() -> None:
    lines = list[str]()
    asyncio.run(run_in_process_async(QUICK, on_progress=lines.append))
    assert lines[-1].startswith("20 of 20 samples in ")
