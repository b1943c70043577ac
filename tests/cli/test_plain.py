"""The view without a terminal: fewer lines as time goes on, and each warning once."""

from itertools import accumulate, takewhile

import gevent
import pytest

from rnd_actors.cli._options import LogFormat
from rnd_actors.cli._session import plain_view
from rnd_actors.cli._ticking import pauses_s
from rnd_actors.running import Progress
from rnd_actors.simulation import VirtualTime
from rnd_actors.workers import MalformedLine, WorkerLogLost, WorkerSpawned


def test_there_is_a_line_a_second_then_every_ten_and_later_one_a_minute() -> None:
    times = list(takewhile(lambda at: at <= 3600, accumulate(pauses_s())))
    assert times[:60] == list(range(1, 61))
    assert times[60:114] == list(range(70, 601, 10))
    assert times[114:] == list(range(660, 3601, 60))


def test_a_warning_is_told_once_and_cut_short(
    capsys: pytest.CaptureFixture[str], virtual_time: VirtualTime
) -> None:
    progress = Progress(goal=10, workers=1)
    progress(WorkerSpawned(1, 1, pid=1, port=3001))
    with plain_view(progress, LogFormat.TEXT):
        gevent.sleep(1.5)
        progress(MalformedLine(1, 1, 300 * b"oops"))
        progress(MalformedLine(1, 1, 300 * b"OOPS"))
        gevent.sleep(2.0)
    first, second, third = capsys.readouterr().err.splitlines()
    assert "warnings" not in first
    assert "warnings: 2, the last: worker 1 sent a malformed line: b'OOPS" in second
    assert len(second) < 170
    assert third.endswith("warnings: 2")


def test_a_warning_after_the_last_report_is_told_at_the_end(
    capsys: pytest.CaptureFixture[str], virtual_time: VirtualTime
) -> None:
    progress = Progress(goal=10, workers=1)
    with plain_view(progress, LogFormat.TEXT):
        gevent.sleep(1.5)
        progress(WorkerLogLost(1, 1, "the disk is full"))
    first, last = capsys.readouterr().err.splitlines()
    assert "warnings" not in first
    assert last.endswith("warnings: 1, the last: the log of worker 1 is given up: the disk is full")
