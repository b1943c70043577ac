import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from gevent.event import Event as Flag

from rnd_actors import cli
from rnd_actors.cli import _session
from rnd_actors.collectors import Outcome, Result
from rnd_actors.errors import SettingsError, SinkError
from rnd_actors.events import ActorStarted, ChildRestarting, Event
from rnd_actors.running import RunSettings
from tests.cli.results import COMPLETE, ended

Subscriber = Callable[[Event], object]
FakeRun = Callable[[RunSettings, Subscriber, Flag], Result]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeRun], None]:
    """Replace `run` by what a test thinks of."""

    def replace(fake_run: FakeRun) -> None:
        def run(
            settings: RunSettings,
            collector: None,
            *,
            subscriber: Subscriber,
            interrupted: Flag,
            control: object,
        ) -> Result:
            return fake_run(settings, subscriber, interrupted)

        monkeypatch.setattr(_session, "run", run)

    return replace


def failing_with(error: Exception) -> FakeRun:
    def run(*_: Any) -> Result:
        raise error

    return run


def with_events(settings: RunSettings, tell: Subscriber, interrupted: Flag) -> Result:
    tell(ActorStarted("workers/1", 1))
    tell(ChildRestarting("workers/1", 0.0))
    return COMPLETE


@pytest.mark.parametrize(
    ("outcome", "exit_code"),
    [(Outcome.COMPLETE, 0), (Outcome.FAILED, 1), (Outcome.DEADLINE, 3), (Outcome.INTERRUPTED, 130)],
)
def test_the_outcome_is_the_exit_code_and_the_result_is_reported(
    fake: Callable[[FakeRun], None],
    capsys: pytest.CaptureFixture[str],
    outcome: Outcome,
    exit_code: int,
) -> None:
    fake(lambda *_: ended(outcome, "because of that"))
    assert cli.main(["run"]) == exit_code
    assert "10 20 33" in capsys.readouterr().out


def test_a_terminal_without_a_width_gets_the_result_nevertheless(
    fake: Callable[[FakeRun], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake(lambda *_: COMPLETE)
    monkeypatch.setenv("COLUMNS", "0")
    cli.main(["run"])
    assert "10 20 33" in capsys.readouterr().out


def test_json_is_all_there_is_on_stdout(
    fake: Callable[[FakeRun], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(with_events)
    assert cli.main(["run", "--json", "-vv"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out)["samples"] == 3


@pytest.mark.parametrize(("flags", "told"), [([], ["10 20 33"]), (["--quiet"], [])])
def test_with_samples_on_stdout_the_summary_goes_elsewhere(
    fake: Callable[[FakeRun], None],
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    told: list[str],
) -> None:
    fake(lambda *_: COMPLETE)
    assert cli.main(["run", "--output=-", *flags]) == 0
    out, err = capsys.readouterr()
    assert (out, [line.strip() for line in err.splitlines()[:1]]) == ("", told)


@pytest.mark.parametrize(
    ("flags", "told"),
    [([], "worker 2 was given up; the last words:\n  panic\n  out of luck\n"), (["--quiet"], "")],
)
def test_what_is_no_part_of_the_json_result_is_told_on_stderr(
    fake: Callable[[FakeRun], None],
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    told: str,
) -> None:
    worker = evolve(COMPLETE.workers[1], given_up=True, last_words=("panic", "out of luck"))
    fake(lambda *_: evolve(COMPLETE, workers=(worker,)))
    assert cli.main(["run", "--json", *flags]) == 0
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("flags", [["--json"], ["--quiet"]])
def test_why_a_run_is_not_complete_is_an_error_even_when_quiet(
    fake: Callable[[FakeRun], None], capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    fake(lambda *_: ended(Outcome.FAILED, "no worker is left;\n  panic"))
    assert cli.main(["run", *flags]) == 1
    assert capsys.readouterr().err == "rnd-actors: no worker is left; panic\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [([], 0), (["-v"], 1), (["-vv"], 2), (["--quiet"], 0), (["--quiet", "-vv"], 0)],
)
def test_events_are_told_when_asked_for(
    fake: Callable[[FakeRun], None],
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    told: int,
) -> None:
    fake(with_events)
    assert cli.main(["run", *flags]) == 0
    assert len(capsys.readouterr().err.splitlines()) == told


def test_an_error_of_the_run_is_one_line_and_exit_code_1(
    fake: Callable[[FakeRun], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(failing_with(SinkError("the disk\nis full")))
    assert cli.main(["run"]) == 1
    assert capsys.readouterr() == ("", "rnd-actors: the disk is full\n")


def test_an_error_of_the_run_has_its_traceback_when_asked_for(
    fake: Callable[[FakeRun], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(failing_with(SinkError("the disk is full")))
    assert cli.main(["run", "-v"]) == 1
    first, *_, last = capsys.readouterr().err.splitlines()
    assert (first, last) == (
        "Traceback (most recent call last):",
        "rnd-actors: the disk is full",
    )


def test_a_setting_that_only_the_run_can_judge_is_exit_code_2(
    fake: Callable[[FakeRun], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(failing_with(SettingsError("base_port", "a free port", 3001)))
    assert cli.main(["run"]) == 2
    assert capsys.readouterr().err == "rnd-actors: --base-port takes a free port; got 3001\n"
