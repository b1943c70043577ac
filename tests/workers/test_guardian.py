"""Whoever dies, and in whatever way: no worker is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import gevent
import psutil
import pytest

from rnd_actors.errors import WorkerStartError
from rnd_actors.workers import WorkerProcess
from rnd_actors.workers import _guardian as guardian
from tests.processes import PATIENCE_S, alive, until

SCRIPT: Final = Path(guardian.__file__).with_suffix(".sh")


def open_files() -> list[str]:
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


def guardian_pipe() -> str:
    """What `open_files` calls the pipe to the guardian of this program."""
    process = guardian.guardian().process
    assert process is not None
    return str(Path(f"/proc/self/fd/{process._pipe}").readlink())


class Program:
    """A run in a process of its own, whose workers can be told from those of others."""

    def __init__(self, *flags: str, workers: int = 16, shown: bool = False) -> None:
        seed = int.from_bytes(os.urandom(6))
        self.tag = f"-seed={seed}"
        arguments = ("--samples", str(10**6), "--workers", str(workers), "--base-port", "0")
        given = (f"--worker-arg={flag}" for flag in (self.tag, *flags))
        command = [sys.executable, "-m", "rnd_actors", "run", "-vv", *arguments, *given]
        stderr = subprocess.PIPE if shown else subprocess.DEVNULL
        self.process = subprocess.Popen(command, stderr=stderr, text=True)

    def workers(self) -> list[psutil.Process]:
        return [process for process in alive(self.tag) if process.pid != self.process.pid]

    def guardians(self) -> list[psutil.Process]:
        return alive(SCRIPT.name, f"={self.process.pid}-")

    def kill(self) -> None:
        """Kill it with SIGKILL, and see that all has gone when its guardian has."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        until(lambda: not self.guardians())
        assert self.workers() == []

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        for process in [*self.guardians(), *self.workers()]:
            process.kill()


@contextmanager
def program(*flags: str, **others: Any) -> Iterator[Program]:
    running = Program(*flags, **others)
    try:
        yield running
    finally:
        running.end()


@pytest.mark.slow
def test_no_worker_lives_one_second_after_sigkill() -> None:
    with program("-interval=0.01", "-ignore-term", "-child") as running:
        until(lambda: len(running.workers()) == 32)
        running.kill()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 6, 16])
def test_nor_if_it_comes_while_workers_are_started(workers: int) -> None:
    with program() as running:
        until(lambda: len(running.workers()) >= workers)
        running.kill()


SPAWNING: Final = """
import gevent.monkey; gevent.monkey.patch_all()
import sys
from rnd_actors.workers import WorkerProcess

kept = []
while True:
    kept.append(WorkerProcess(["/bin/sleep", "60", sys.argv[1]]))
    if len(kept) == int(sys.argv[2]):
        print(flush=True)
    gevent.sleep(0)
"""


@pytest.mark.parametrize("count", [8, *(pytest.param(n, marks=pytest.mark.slow) for n in (7, 9))])
def test_nor_one_that_is_just_being_started(count: int) -> None:
    tag = f"0.{int.from_bytes(os.urandom(6))}"
    command = [sys.executable, "-c", SPAWNING, tag, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.kill()
        process.wait(PATIENCE_S)
        until(lambda: not alive(SCRIPT.name, f"={process.pid}-"))
    assert alive("/bin/sleep", tag) == []


@pytest.mark.slow
def test_nor_if_it_comes_before_the_first_worker() -> None:
    with program() as running:
        until(running.guardians)
        running.kill()


@pytest.mark.slow
def test_nor_if_it_comes_during_backoff() -> None:
    with program("-crash-at-once", workers=2, shown=True) as running:
        assert running.process.stderr is not None
        assert any("is restarted in" in line for line in running.process.stderr)
        running.kill()


@pytest.mark.slow
def test_a_guardian_that_is_killed_is_replaced() -> None:
    with program(workers=3) as running:
        until(lambda: len(running.workers()) == 3)
        [first] = running.guardians()
        first.kill()
        until(lambda: [found.pid for found in running.guardians()] not in ([], [first.pid]))
        running.kill()


@pytest.mark.slow
def test_one_that_is_killed_again_at_once_is_replaced_in_the_end() -> None:
    with program(workers=3) as running:
        until(lambda: len(running.workers()) == 3)
        killed = set[int]()
        for _ in range(2):
            until(lambda: {found.pid for found in running.guardians()} - killed)
            for found in running.guardians():
                killed.add(found.pid)
                found.kill()
        until(lambda: {found.pid for found in running.guardians()} - killed)
        running.kill()


@pytest.mark.slow
def test_a_guardian_lets_signals_pass_it_by() -> None:
    with program(workers=1) as running:
        until(lambda: running.workers() and running.guardians())
        [process] = running.guardians()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        running.kill()


def test_it_begins_with_the_first_worker_and_ends_with_the_last() -> None:
    def guardians() -> list[psutil.Process]:
        return alive(SCRIPT.name, f"={os.getpid()}-")

    sleeper = ("/bin/sleep", "60")
    assert guardians() == []
    first, second = WorkerProcess(sleeper), WorkerProcess(sleeper)
    until(guardians)  # a process has no command line yet when its start returns
    assert len(guardians()) == 1
    first.end(1.0)
    assert len(guardians()) == 1
    second.end(1.0)
    until(lambda: guardians() == [])


def test_it_does_not_stay_for_a_worker_that_could_not_be_started() -> None:
    with pytest.raises(WorkerStartError):
        WorkerProcess(("/no/such/worker",))
    assert alive(SCRIPT.name, f"={os.getpid()}-") == []


def test_a_worker_does_not_keep_the_pipe_open() -> None:
    process = WorkerProcess(("/bin/ls", "-l", "/proc/self/fd"))
    try:
        gevent.spawn(process.read_output, bool).join(PATIENCE_S)
        pipe = guardian_pipe()
        shown = process.last_words()
        assert any("pipe:" in line for line in shown)
        assert not any(pipe in line for line in shown)
    finally:
        process.end(1.0)


def test_a_fork_of_the_program_does_not_keep_the_pipe_open_either() -> None:
    process = WorkerProcess(("/bin/sleep", "60"))
    try:
        pipe = guardian_pipe()
        child = os.fork()
        if child == 0:
            os._exit(open_files().count(pipe))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert open_files().count(pipe) == 1
    finally:
        process.end(1.0)


# The guardian's own process


@contextmanager
def guarding(mark: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    command, rest = ["/bin/sh", str(SCRIPT), mark], dict(os.environ)
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=rest | environment) as process:
        yield process
        process.kill()


@contextmanager
def sleeper(**environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a session of its own, and so in no group that anybody was told of."""
    command, rest = ["/bin/sleep", "60"], dict(os.environ)
    with subprocess.Popen(command, env=rest | environment, start_new_session=True) as process:
        yield process
        process.kill()


def test_it_kills_the_groups_that_have_not_ended() -> None:
    with sleeper() as left, sleeper() as ended, guarding("MARK=1") as process:
        lines = b"+%d\n+%d\n-%d\n" % (ended.pid, left.pid, ended.pid)
        process.communicate(lines, timeout=PATIENCE_S)
        assert process.returncode == 0
        assert left.wait(PATIENCE_S) == -signal.SIGKILL
        assert ended.poll() is None


def test_it_kills_marked_processes_that_no_line_told_of() -> None:
    with (
        sleeper(MARK="1-a.1") as ours,
        sleeper(MARK="1-a.20") as ours_too,
        sleeper(MARK="1-ab.1") as others,
        guarding("MARK=1-a") as process,
    ):
        process.communicate(timeout=PATIENCE_S)
        assert ours.wait(PATIENCE_S) == -signal.SIGKILL
        assert ours_too.wait(PATIENCE_S) == -signal.SIGKILL
        assert others.poll() is None


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_a_signal_does_not_end_it_while_it_works(number: signal.Signals) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})  # as its program starts it
    with guarding("MARK=1") as process:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0


HIDING: Final = """
import ctypes, struct, sys

PR_SET_MM, PR_SET_MM_MAP, NO_FILE = 35, 14, 2**32 - 1
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
fields = list(map(int, open("/proc/self/stat").read().rpartition(")")[2].split()[1:]))
code, stack, data = fields[22:24], fields[24], fields[41:43]
heap, arguments, environment = fields[43], fields[44:46], fields[46:48]


def show(arguments, environment):
    memory = (*code, *data, heap, libc.sbrk(0), stack, *arguments, *environment, 0, 0, NO_FILE)
    if libc.prctl(PR_SET_MM, PR_SET_MM_MAP, struct.pack("12Q2I", *memory), 104, 0):
        sys.exit()


show(2 * arguments[:1], 2 * environment[:1])
print("hidden", flush=True)
sys.stdin.readline()
show(arguments, environment)
sys.stdin.readline()
"""
"""A process that for a while looks as all do in an `execve`, which no test can make slow."""


@pytest.fixture
def rounds(tmp_path: Path) -> Path:
    """A file that gets a line for each look of a guardian that has the folder in its `PATH`."""
    told, sleep = tmp_path / "rounds", tmp_path / "sleep"
    told.touch()
    sleep.write_text(f'#!/bin/sh\necho >> {told}\nexec /bin/sleep "$@"\n', encoding="utf-8")
    sleep.chmod(0o755)
    return told


def test_it_waits_for_a_process_whose_environment_cannot_be_read_yet(rounds: Path) -> None:
    command, pipe = [sys.executable, "-c", HIDING], subprocess.PIPE
    environment, path = os.environ | {"MARK": "1-a.1"}, f"{rounds.parent}:{os.environ['PATH']}"
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe) as ours:
        assert ours.stdin
        assert ours.stdout
        if not ours.stdout.readline():
            pytest.skip("the arguments of a process cannot be hidden here")
        with guarding("MARK=1-a", PATH=path) as process:
            assert process.stdin
            process.stdin.close()
            until(lambda: process.poll() is not None or len(rounds.read_text("utf-8")) >= 5)
            assert ours.poll() is None
            ours.stdin.write(b"\n")
            ours.stdin.flush()
            assert process.wait(PATIENCE_S) == 0
            assert ours.wait(PATIENCE_S) == -signal.SIGKILL
