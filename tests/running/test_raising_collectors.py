"""Collectors that raise: what they had accepted is kept, and there is an end to their restarts."""

import json
from pathlib import Path

import pytest

from rnd_actors.actors import ExitReason
from rnd_actors.collectors import Outcome, Result, Sample, SampleCount
from rnd_actors.events import ChildRestarting, Event, MessageFailed
from rnd_actors.running import RunSettings, run
from rnd_actors.workers import Samples


class Raising(SampleCount):
    """A count that one of its methods spoils when it is called for the n-th time."""

    def __init__(self, method: str, *calls: int) -> None:
        super().__init__(60)
        self.method = method
        self.calls = calls
        self.called = 0

    def accepts(self, sample: Sample) -> bool:
        self.perhaps("accepts")
        return super().accepts(sample)

    def is_reached(self, sample: Sample) -> bool:
        reached = super().is_reached(sample)
        self.perhaps("is_reached")
        return reached

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        self.perhaps("restarts")
        return super().restarts(worker, reason)

    def progress(self) -> float:
        self.perhaps("progress")
        return super().progress()

    def perhaps(self, method: str) -> None:
        self.called += method == self.method
        if method == self.method and self.called in self.calls:
            raise ValueError("unlucky")


def collect(collector: SampleCount, output: Path, *flags: str) -> tuple[Result, list[Event]]:
    """Do a run; return its result and what was told of failures."""
    events: list[Event] = []
    arguments = ("-interval", "0.002", "-consecutive", "-lines-per-chunk", "3", *flags)
    settings = RunSettings(workers=1, base_port=0, worker_args=arguments, outputs=output)
    result = run(settings, collector, subscriber=events.append)
    lines = result.lines
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    written = [json.loads(line)["value"] for line in output.read_text().splitlines()]
    assert written == list(result.values)
    return result, [event for event in events if isinstance(event, MessageFailed | ChildRestarting)]


def test_the_message_counts_as_failed_and_the_run_goes_on(tmp_path: Path) -> None:
    result, told = collect(Raising("accepts", 5, 12), tmp_path / "out.jsonl")
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 60)
    failed = [event for event in told if isinstance(event, MessageFailed)]
    restarted = [event for event in told if isinstance(event, ChildRestarting)]
    assert [event.actor for event in failed] == ["collector"] * 2
    assert [event.child for event in restarted] == ["collector"] * 2
    messages = [event.message for event in failed if isinstance(event.message, Samples)]
    lost = {value for message in messages for value in message.values} - set(result.values)
    assert min(lost) == 4
    assert result.values == tuple(value for value in range(200) if value not in lost)[:60]


@pytest.mark.parametrize("method", ["is_reached", "progress", "restarts"])
def test_what_was_accepted_is_kept_whatever_raises(method: str, tmp_path: Path) -> None:
    result, told = collect(Raising(method, 1, 3), tmp_path / "out.jsonl", "-crash-at", "16")
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 60)
    assert len([event for event in told if isinstance(event, MessageFailed)]) == 2


def test_over_its_restart_intensity_the_run_fails_with_traceback_and_partial_result(
    tmp_path: Path,
) -> None:
    result, told = collect(Raising("accepts", *range(11, 1000)), tmp_path / "out.jsonl")
    assert (result.outcome, result.values) == (Outcome.FAILED, tuple(range(10)))
    assert result.reason.startswith("Traceback (most recent call last):\n")
    assert "in perhaps" in result.reason
    assert result.reason.endswith("\nValueError: unlucky")
    assert len([event for event in told if isinstance(event, MessageFailed)]) == 4


def test_findings_that_raise_fail_the_run_and_keep_its_result() -> None:
    class Speechless(SampleCount):
        def findings(self) -> dict[str, int]:
            raise OSError("out of luck")

    fast = RunSettings(workers=1, base_port=0, worker_args=("-interval", "0"))
    result = run(fast, Speechless(5))
    assert (result.outcome, result.samples) == (Outcome.FAILED, 5)
    assert result.reason == "the collector's findings failed: OSError('out of luck')"
