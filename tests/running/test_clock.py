"""The clock on the wall decides nothing, and a machine that sleeps makes no worker look hung."""

import json
import re
import time
from pathlib import Path
from typing import Any, Final

import pytest

import rnd_actors
from rnd_actors.collectors import Outcome, Result, SamplesAccepted
from rnd_actors.events import Event
from rnd_actors.running import RunSettings, run

DAY_S: Final = 86400.0


def run_with_a_jump(
    clock: str, by: float, monkeypatch: pytest.MonkeyPatch, *flags: str, **others: Any
) -> Result:
    """Do a run in whose middle a clock jumps."""
    real, seen = getattr(time, clock), 0

    def jump(event: Event) -> None:
        nonlocal seen
        if isinstance(event, SamplesAccepted):
            seen = event.total
        if seen >= 40:
            monkeypatch.setattr(time, clock, lambda: real() + by)

    arguments = ("-interval", "0.01", *flags)
    settings = RunSettings(samples=100, workers=4, base_port=0, worker_args=arguments, **others)
    result = run(settings, subscriber=jump)
    assert seen > 40
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 100)
    return result


@pytest.mark.parametrize("by", [DAY_S, -DAY_S])
def test_a_wall_clock_that_is_set_changes_nothing(
    by: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "samples.jsonl"
    result = run_with_a_jump("time", by, monkeypatch, "-crash-at", "9", deadline=60, outputs=output)
    assert result.elapsed_s < 60
    assert result.restarts > 0
    received = [json.loads(line)["received_at"] for line in output.read_text().splitlines()]
    assert max(received) - min(received) < 60


def test_a_machine_that_sleeps_makes_no_worker_look_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_with_a_jump("monotonic", DAY_S, monkeypatch).restarts == 0


def test_the_wall_clock_is_read_for_nothing_but_time_stamps() -> None:
    root = Path(rnd_actors.__file__).parent
    readers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(
            r"\btime\.(time|localtime|gmtime)\(|datetime\.(now|today)\(\)\.|utcnow",
            path.read_text(),
        )
    }
    assert readers == {
        "cli/_log.py",
        "cli/_stores.py",
        "collectors/_collection.py",
        "control/_events.py",
        "control/_operations.py",
        "control/_run_operations.py",
        "control/_snapshots.py",
        "metrics/_run.py",
        "store/_recording.py",
        "standin.py",
    }
