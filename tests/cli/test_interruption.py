import os
import signal

import pytest

from rnd_actors.cli._session import Interruption, interruption
from rnd_actors.workers import WorkerProcess
from tests.processes import PATIENCE_S


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_sets_the_event_and_is_the_exit_code(number: int, exit_code: int) -> None:
    with interruption() as told:
        assert not told.event.is_set()
        os.kill(os.getpid(), number)
        assert told.event.wait(PATIENCE_S)
    assert told.exit_code == exit_code


def test_the_second_signal_ends_it_at_once_with_the_exit_code_of_that_one() -> None:
    codes: list[int] = []
    told = Interruption(codes.append)
    told.interrupt(signal.SIGINT)
    assert codes == []
    told.interrupt(signal.SIGTERM)
    assert codes == [143]


def test_sighup_ends_nothing_at_once_since_a_closed_terminal_sends_several() -> None:
    codes: list[int] = []
    told = Interruption(codes.append)
    told.interrupt(signal.SIGHUP)
    told.interrupt(signal.SIGHUP)
    assert (codes, told.exit_code) == ([], 129)
    told.interrupt(signal.SIGTERM)
    assert codes == [143]


def test_sighup_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruption() as told:
            os.kill(os.getpid(), signal.SIGHUP)
        assert not told.event.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ending_at_once_kills_the_workers_before_it_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(WorkerProcess, "kill_all", lambda: done.append("killed"))
    monkeypatch.setattr(os, "_exit", done.append)
    with interruption() as told:
        told.give_up(130)
    assert done == ["killed", 130]


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with interruption():
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
