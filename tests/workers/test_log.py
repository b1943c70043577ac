"""The log of a worker: everything in order, bounded, and never in the way."""

import errno
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event

from rnd_actors import RunSettings, run
from rnd_actors.errors import SettingsError
from rnd_actors.workers import STANDIN, WorkerLogLost
from rnd_actors.workers._log import WorkerLog
from tests.processes import PATIENCE_S, until
from tests.sinks.writers import RealLock

MIB = 2**20


@pytest.fixture(autouse=True)
def _patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up no log because the machine is busy, but in tests of a disk that hangs."""
    if "hanging_disk" not in request.fixturenames:
        for limit in ("_DISK_PATIENCE_S", "_LAST_PATIENCE_S"):
            monkeypatch.setattr(f"rnd_actors.workers._log.{limit}", PATIENCE_S)


def fail(error: OSError) -> None:
    pytest.fail(str(error))


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_a_run_keeps_all_that_its_workers_write_and_marks_each_incarnation(tmp_path: Path) -> None:
    flags = ("-interval", "0.001", "-crash-at", "30", "-noise", "1")
    folder = tmp_path / "new" / "logs"
    settings = RunSettings(
        samples=100, workers=2, base_port=0, worker_args=flags, worker_log=folder
    )
    result = run(settings)
    assert result.restarts > 0
    logs = texts(folder)
    assert list(logs) == ["worker-1.log", "worker-2.log"]
    assert sum(text.count(" started") for text in logs.values()) >= result.restarts
    for worker, text in enumerate(logs.values(), 1):
        begins = [line for line in text.splitlines() if " pid " in line]
        for number, line in enumerate(begins, 1):
            assert line.startswith("--- 20")
            assert f" worker {worker}, incarnation {number}: pid " in line
        crashes = text.count(": crashed: WorkerExitedError: ")
        assert crashes <= text.count("panic: out of luck after 29 numbers\n") <= len(begins)
        end = "shutdown" if crashes < len(begins) else "crashed: "
        assert f"incarnation {len(begins)}: {end}" in text.splitlines()[-1]
        assert text.count("noise") > 12 * 16 * 29 * (len(begins) - 1)


def test_a_second_run_goes_on_in_the_same_files(tmp_path: Path) -> None:
    settings = RunSettings(
        samples=2, workers=1, base_port=0, worker_args=["-interval", "0"], worker_log=tmp_path
    )
    run(settings)
    first = (tmp_path / "worker-1.log").read_text()
    run(settings)
    assert (tmp_path / "worker-1.log").read_text().startswith(first)


def test_what_a_worker_writes_while_it_stops_is_kept(tmp_path: Path) -> None:
    script = 'trap "echo good bye; exit" TERM; echo started; while :; do sleep 0.01; done'
    log, interrupted = tmp_path / "worker-1.log", Event()

    def interrupt() -> None:
        until(lambda: log.exists() and "started" in log.read_text())
        interrupted.set()

    gevent.spawn(interrupt)
    worker = ("/bin/sh", "-c", script, "sh")
    settings = RunSettings(workers=1, worker=worker, base_port=0, worker_log=tmp_path)
    run(settings, interrupted=interrupted)
    assert "\ngood bye\n" in log.read_text()


def test_it_is_bounded_in_size_and_number(tmp_path: Path) -> None:
    log = WorkerLog(tmp_path, 3, fail)
    for number in range(66):
        log.write(b"%02d" % number * (MIB // 2))
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        "worker-3.log",
        *(f"worker-3.log.{age}" for age in range(1, 5)),
    ]
    assert max(file.stat().st_size for file in files) == 10 * MIB
    assert [file.read_bytes()[:2] for file in files] == [b"60", b"50", b"40", b"30", b"20"]


def test_a_mark_has_a_line_of_its_own(tmp_path: Path) -> None:
    log = WorkerLog(tmp_path, 3, fail)
    log.write(b"half a line")
    log.mark("worker 3 ended")
    log.close()
    first, second = (tmp_path / "worker-3.log").read_text().splitlines()
    assert first == "half a line"
    assert second.endswith("+00:00 worker 3 ended ---")


def test_so_has_one_after_an_unfinished_line_of_an_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "worker-3.log").write_bytes(b"killed in the mid")
    log = WorkerLog(tmp_path, 3, fail)
    log.mark("worker 3 begins")
    log.close()
    first, second = (tmp_path / "worker-3.log").read_text().splitlines()
    assert first == "killed in the mid"
    assert second.endswith("+00:00 worker 3 begins ---")


@pytest.fixture
def hanging_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk that takes nothing before the test is over; then all files are closed."""
    opened: list[FileIO] = []

    class HangingFile(FileIO):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            opened.append(self)

        def write(self, piece: Any) -> int:
            with lock:
                return super().write(piece)

    monkeypatch.setattr("rnd_actors.workers._log.FileIO", HangingFile)
    lock = RealLock()
    with lock:
        yield
    assert opened
    until(lambda: all(file.closed for file in opened))


@pytest.mark.usefixtures("hanging_disk")
def test_a_disk_that_hangs_holds_up_no_run(tmp_path: Path) -> None:
    events: list[object] = []
    settings = RunSettings(
        samples=200,
        workers=12,
        base_port=0,
        worker_args=["-interval", "0.01", "-noise", "1"],
        worker_log=tmp_path,
    )
    assert run(settings, subscriber=events.append).samples == 200
    lost = [event for event in events if isinstance(event, WorkerLogLost)]
    assert sorted(event.worker for event in lost) == list(range(1, 13))
    assert {event.why for event in lost} == {"[Errno 110] its disk has taken nothing for 0.5 s"}


@pytest.mark.usefixtures("hanging_disk")
def test_a_log_that_waits_for_its_disk_is_given_up_once_too_much_waits(tmp_path: Path) -> None:
    lost: list[OSError] = []
    log = WorkerLog(tmp_path, 3, lost.append)
    log.write(bytes(MIB))
    assert not lost
    log.write(b"1")
    [error] = lost
    assert error.errno == errno.ETIMEDOUT
    log.write(bytes(2 * MIB))
    log.mark("the end")
    log.close()
    assert lost == [error]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_written_and_told_once(kind: str, tmp_path: Path) -> None:
    path, other = tmp_path / "worker-3.log", tmp_path / "other"
    other.touch()
    if kind == "link":
        path.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    lost: list[OSError] = []
    log = WorkerLog(tmp_path, 3, lost.append)
    log.write(b"some")
    log.mark("more")
    log.close()
    assert len(lost) == 1
    assert other.read_bytes() == b""


def test_a_log_that_cannot_be_written_disturbs_no_run(tmp_path: Path) -> None:
    (tmp_path / "worker-1.log").mkdir()
    events: list[WorkerLogLost] = []

    def note(event: object) -> None:
        if isinstance(event, WorkerLogLost):
            events.append(event)

    settings = RunSettings(
        samples=5,
        workers=1,
        base_port=0,
        worker_args=["-interval", "0", "-noise", "1"],
        worker_log=tmp_path,
    )
    assert run(settings, subscriber=note).samples == 5
    [event] = events
    assert (event.worker, event.incarnation) == (1, 1)
    assert "Is a directory" in event.why


@pytest.mark.parametrize("name", ["file/logs", "file"])
def test_a_folder_that_cannot_be_made_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="worker_log takes a folder that is there, or can be"):
        run(RunSettings(worker_log=tmp_path / name, worker=STANDIN, base_port=0))


def test_a_log_whose_writing_is_interrupted_goes_on(tmp_path: Path) -> None:
    log = WorkerLog(tmp_path, 3, fail)
    log.write(b"one\n")
    assert log._writing is not None
    log._writing.kill()
    log.write(b"two\n")
    log.close()
    assert "two\n" in (tmp_path / "worker-3.log").read_text()
