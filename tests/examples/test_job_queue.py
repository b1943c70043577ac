"""The job queue: in virtual time with made-up work, and as a program that is killed."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import gevent
import pytest
from attrs import define, field

from docs.examples import job_queue
from docs.examples.job_queue import ATTEMPTS, FIRST_PAUSE_S, Queue, opened
from rnd_actors import ActorRef, ActorSystem, ChildSpec, Restart
from rnd_actors.simulation import VirtualTime
from tests.examples.conftest import Start
from tests.processes import PATIENCE_S, alive, until

LONG_S: Final = 60.0


@define
class Office:
    """A queue, its store, and work that is a note of what began and ended."""

    path: Path
    system: ActorSystem
    takes_s: float = 10.0
    fails: set[str] = field(factory=set)
    began: list[tuple[float, str]] = field(factory=list)
    ended: list[str] = field(factory=list)

    def work(self, command: str) -> None:
        self.began.append((time.monotonic(), command))
        gevent.sleep(self.takes_s)
        if command in self.fails:
            raise OSError(command)
        self.ended.append(command)

    def add(self, command: str, priority: int = 0) -> None:
        with opened(self.path) as db:
            db.execute("INSERT INTO jobs (command, priority) VALUES (?, ?)", (command, priority))
        db.close()

    def open(self) -> ActorRef[Any]:
        return self.system.start(
            ChildSpec(
                "queue",
                lambda: Queue(self.system, self.path, self.work),
                restart=Restart.TRANSIENT,
            )
        )

    def states(self) -> dict[str, str]:
        return {command: state for command, state, _ in self.rows()}

    def rows(self) -> list[tuple[str, str, int]]:
        with opened(self.path) as db:
            rows = db.execute("SELECT command, state, attempts FROM jobs ORDER BY id").fetchall()
        db.close()
        return rows


@pytest.fixture
def office(simulated_system: ActorSystem, tmp_path: Path) -> Office:
    return Office(tmp_path / "jobs.db", simulated_system)


def test_the_most_urgent_job_is_next_and_the_oldest_of_those(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "AT_ONCE", 1)
    for command, priority in [("a", 0), ("b", 5), ("c", -1), ("d", 5)]:
        office.add(command, priority)
    office.open()
    gevent.sleep(15.0)
    office.add("e", 9)
    gevent.sleep(LONG_S)
    assert office.ended == ["b", "d", "e", "a", "c"]


def test_no_more_jobs_run_at_a_time_than_allowed(office: Office) -> None:
    for command in "abcde":
        office.add(command)
    office.open()
    gevent.sleep(LONG_S)
    assert [round(at, -1) for at, _ in office.began] == [0, 0, 10, 10, 20]


def test_a_job_that_fails_is_run_again_after_a_pause_and_given_up_in_the_end(
    office: Office,
) -> None:
    office.fails = {"bad"}
    office.add("bad")
    office.add("good")
    office.open()
    gevent.sleep(LONG_S)
    assert office.rows() == [("bad", "given up", ATTEMPTS), ("good", "done", 1)]
    first, second, third = [at for at, command in office.began if command == "bad"]
    assert second - first == pytest.approx(10 + FIRST_PAUSE_S, abs=0.3)
    assert third - second == pytest.approx(10 + 2 * FIRST_PAUSE_S, abs=0.3)


def test_a_job_that_takes_too_long_has_failed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "JOB_PATIENCE_S", 10.0)
    office.takes_s = 1000.0
    office.add("endless")
    office.open()
    gevent.sleep(LONG_S)
    assert office.rows() == [("endless", "given up", ATTEMPTS)]


def test_jobs_that_run_when_the_queue_is_told_to_stop_are_not_begun_for_it(office: Office) -> None:
    office.add("a")
    queue = office.open()
    gevent.sleep(5.0)
    queue.drain()
    queue.join()
    assert office.rows() == [("a", "waiting", 0)]
    gevent.sleep(LONG_S)
    assert office.ended == []


def test_a_job_that_kills_the_queue_each_time_is_given_up(office: Office) -> None:
    office.add("a")
    queue = office.open()
    for _ in range(ATTEMPTS):
        gevent.sleep(5.0)
        queue.kill()
    gevent.sleep(LONG_S)
    assert office.rows() == [("a", "given up", ATTEMPTS)]
    assert (len(office.began), office.ended) == (ATTEMPTS, [])


@pytest.mark.parametrize("virtual_time", range(10), indirect=True)
def test_no_job_is_lost_or_run_again_once_it_is_done_whenever_the_queue_dies(
    office: Office, virtual_time: VirtualTime
) -> None:
    for number in range(10):
        office.add(str(number))
    queue = office.open()
    for pause in (7, 13, 10, 10):
        gevent.sleep(pause)
        done = {command for command, state in office.states().items() if state == "done"}
        queue.kill()
        begun = len(office.began)
        gevent.sleep(1.0)
        assert not done & {command for _, command in office.began[begun:]}
    gevent.sleep(LONG_S)
    assert set(office.states().values()) == {"done"}
    assert set(office.ended) == {str(number) for number in range(10)}


@define
class Program:
    """The program, its store, and jobs that wait until they may end."""

    folder: Path
    start: Start

    def command(self, action: str, *arguments: object) -> "subprocess.Popen[str]":
        return self.start("job_queue.py", self.folder / "jobs.db", action, *arguments)

    def add(self, command: str, priority: int = 0) -> None:
        adding = self.command("add", command, "--priority", priority)
        assert (*adding.communicate(timeout=PATIENCE_S), adding.returncode) == ("", "", 0)

    def add_waiting(self, name: str, priority: int = 0) -> None:
        """Add a job that notes that it has begun, waits to be let go on, and notes its end."""
        go_on = f"while [ ! -e {self.folder}/go-on ]; do sleep 0.02; done"
        log = self.folder / "log"
        self.add(f"sh -c 'echo {name} >> {log}; {go_on}; echo end of {name} >> {log}'", priority)

    def let_go_on(self) -> None:
        (self.folder / "go-on").touch()

    def log(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def states(self) -> list[tuple[str, int]]:
        db = opened(self.folder / "jobs.db")
        states = db.execute("SELECT state, attempts FROM jobs ORDER BY id").fetchall()
        db.close()
        return states

    def all_are(self, *wanted: str) -> bool:
        return {state for state, _ in self.states()} <= set(wanted)

    def jobs_run(self) -> bool:
        return bool(alive(str(self.folder / "go-on")))


@pytest.fixture
def program(tmp_path: Path, start: Start) -> Iterator[Program]:
    program = Program(tmp_path, start)
    yield program
    program.let_go_on()
    until(lambda: not program.jobs_run())


@pytest.mark.slow
def test_the_program_runs_jobs_by_priority_and_gives_up_those_that_fail(program: Program) -> None:
    program.add("sh -c 'exit 3'")
    program.add_waiting("low")
    program.add_waiting("high", priority=5)
    program.add_waiting("higher", priority=6)
    working = program.command("work")
    until(lambda: len(program.log()) == 2)
    assert set(program.log()) == {"high", "higher"}
    program.let_go_on()
    until(lambda: program.all_are("done", "given up"))
    assert program.states() == [("given up", 3), *[("done", 1)] * 3]
    listing = program.command("list")
    assert listing.communicate(timeout=PATIENCE_S)[0].count("\tdone\t") == 3
    working.send_signal(signal.SIGINT)
    _, said = working.communicate(timeout=PATIENCE_S)
    assert working.returncode == 0
    assert said.count("JobFailedError: exit code 3") == len(said.splitlines()) == ATTEMPTS


@pytest.mark.slow
def test_jobs_survive_a_kill_of_the_program_and_none_is_done_twice(program: Program) -> None:
    program.add(f"sh -c 'echo quick >> {program.folder}/log'", priority=9)
    for name in ("one", "two", "three"):
        program.add_waiting(name)
    first = program.command("work")
    until(lambda: len(program.log()) == 3)
    first.kill()
    first.wait(timeout=PATIENCE_S)
    assert program.states() == [("done", 1), ("running", 1), ("running", 1), ("waiting", 0)]
    second = program.command("work")
    until(lambda: len(program.log()) == 5)  # one and two have begun a second time
    program.let_go_on()
    until(lambda: program.all_are("done"))
    assert program.states() == [("done", 1), ("done", 2), ("done", 2), ("done", 1)]
    assert program.log().count("quick") == program.log().count("three") == 1
    second.send_signal(signal.SIGINT)
    assert (*second.communicate(timeout=PATIENCE_S), second.returncode) == ("", "", 0)


@pytest.mark.slow
def test_a_signal_ends_the_program_and_its_jobs_in_order(program: Program) -> None:
    program.add_waiting("one")
    working = program.command("work")
    until(program.log)
    working.send_signal(signal.SIGINT)
    assert (*working.communicate(timeout=PATIENCE_S), working.returncode) == ("", "", 0)
    assert program.states() == [("waiting", 0)]
    until(lambda: not program.jobs_run())


@pytest.mark.slow
def test_two_programs_do_not_work_on_one_store(program: Program) -> None:
    program.add_waiting("one")
    first = program.command("work")
    until(program.log)
    second = program.command("work")
    _, said = second.communicate(timeout=PATIENCE_S)
    assert "BlockingIOError" in said
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=PATIENCE_S)
    assert program.log() == ["one"]
