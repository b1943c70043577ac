"""Collectors that raise or answer nonsense.

What they had accepted is kept, and there is an end to their restarts.
"""

import json
from fractions import Fraction
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from rnd_actors.actors import ExitReason
from rnd_actors.collectors import (
    Collector,
    Outcome,
    Result,
    Sample,
    SampleCount,
    SamplesAccepted,
)
from rnd_actors.errors import SettingsError
from rnd_actors.events import ChildRestarting, Event, MessageFailed
from rnd_actors.running import RunSettings, run
from rnd_actors.store import read_run
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
    sent = range(result.values[-1] + 1)
    assert result.values == tuple(value for value in sent if value not in lost)


@pytest.mark.parametrize("method", ["is_reached", "progress", "restarts"])
def test_what_was_accepted_is_kept_whatever_raises(method: str, tmp_path: Path) -> None:
    result, told = collect(Raising(method, 1, 3), tmp_path / "out.jsonl", "-crash-at", "16")
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 60)
    assert len([event for event in told if isinstance(event, MessageFailed)]) == 2


def test_over_its_restart_intensity_the_run_fails_with_one_line_and_partial_result(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result, told = collect(Raising("accepts", *range(11, 1000)), tmp_path / "out.jsonl")
    assert (result.outcome, result.values) == (Outcome.FAILED, tuple(range(10)))
    assert result.reason == (
        "collector needs more than 3 restarts within 5 s; last: crashed: ValueError: unlucky"
    )
    assert caplog.text.count(", in perhaps\n") > 1
    assert len([event for event in told if isinstance(event, MessageFailed)]) == 4


def test_findings_that_raise_fail_the_run_and_keep_its_result() -> None:
    class Speechless(SampleCount):
        def findings(self) -> dict[str, int]:
            raise OSError("out of luck")

    fast = RunSettings(workers=1, base_port=0, worker_args=("-interval", "0"))
    result = run(fast, Speechless(5))
    assert (result.outcome, result.samples) == (Outcome.FAILED, 5)
    assert result.reason == "the collector's findings failed: OSError('out of luck')"


FAST = RunSettings(workers=1, base_port=0, worker_args=("-interval", "0"))


class Answering(SampleCount):
    """A count with findings and a progress that it is given."""

    def __init__(self, findings: Any = None, progress: Any = 0.5, goal: int = 5) -> None:
        super().__init__(goal)
        self.found = {} if findings is None else findings
        self.share = progress

    def findings(self) -> Any:
        return self.found

    def progress(self) -> Any:
        return self.share


@pytest.mark.parametrize(
    "findings", ["text", 3, [("a", 1)], {1: 2}, {"a": [1]}, {"a": object()}, {"a": 10**5000}]
)
def test_findings_that_are_none_fail_the_run_and_keep_its_result(
    findings: object, tmp_path: Path
) -> None:
    store = tmp_path / "runs.db"
    result = run(evolve(FAST, outputs=store), Answering(findings))
    assert (result.outcome, result.samples, result.findings) == (Outcome.FAILED, 5, {})
    assert "the collector's findings failed: TypeError" in result.reason
    assert json.loads(result.to_json())["samples"] == 5
    assert read_run(store).result.values == result.values


def test_findings_of_other_kinds_of_numbers_become_those_of_python() -> None:
    result = run(
        FAST, Answering({"quarter": Fraction(1, 4), "yes": True, "none": None, "nan": nan})
    )
    assert result.outcome is Outcome.COMPLETE
    assert result.findings["quarter"] == 0.25
    assert type(result.findings["quarter"]) is float
    told = json.loads(result.to_json())["findings"]
    assert told == {"quarter": 0.25, "yes": True, "none": None, "nan": None}


@pytest.mark.parametrize(
    ("progress", "told"), [(nan, 0.0), (inf, 1.0), (-3, 0.0), (Fraction(1, 4), 0.25)]
)
def test_progress_is_told_as_a_share(progress: object, told: float) -> None:
    events: list[Event] = []
    assert run(FAST, Answering(progress=progress), subscriber=events.append).samples == 5
    shares = {event.progress for event in events if isinstance(event, SamplesAccepted)}
    assert shares == {told}
    assert {type(share) for share in shares} == {float}


def test_progress_that_is_no_number_fails_the_run_and_says_so() -> None:
    result = run(FAST, Answering(progress="half", goal=10**6))
    assert result.outcome is Outcome.FAILED
    assert result.reason.endswith("progress() returns a number from 0.0 to 1.0; got 'half'")


@pytest.mark.parametrize(
    ("attribute", "value", "accepted"),
    [
        ("goal", "150", "a whole number from 1 to 1000000000, or None"),
        ("goal", nan, "a whole number from 1 to 1000000000, or None"),
        ("goal", -3, "a whole number from 1 to 1000000000, or None"),
        ("duration", nan, "seconds > 0"),
        ("duration", "60", "seconds > 0"),
        ("policy", lambda view: None, "a ScalingPolicy, or None"),
    ],
)
def test_what_no_run_can_have_is_refused_before_a_worker_starts(
    attribute: str, value: object, accepted: str
) -> None:
    events: list[Event] = []
    odd = type("Odd", (Collector,), {"is_reached": lambda *_: True, attribute: value})
    with pytest.raises(SettingsError) as caught:
        run(FAST, odd(), subscriber=events.append)
    assert str(caught.value).startswith(f"Odd.{attribute} takes {accepted}; got ")
    assert events == []
