"""Runs commands from a queue in an SQLite file, the most urgent first, two at a time.

    job_queue.py jobs.db add "make report" --priority 5
    job_queue.py jobs.db list
    job_queue.py jobs.db work

A job that fails is run again, three times in all. If the program is killed, what was added is kept,
and what is done stays done. What was running is run again: it may do its work twice, and that is
one of its three times, since it may be what kills the program.
"""

from gevent import monkey

monkey.patch_all()  # before any other import

import fcntl
import shlex
import signal
import sqlite3
import subprocess
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Normal, Restart, Terminated

ATTEMPTS = 3
AT_ONCE = 2
FIRST_PAUSE_S = 1.0
JOB_PATIENCE_S = 3600.0
LOOK_EVERY_S = 0.2
TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY, priority INTEGER, command TEXT NOT NULL, state TEXT DEFAULT 'waiting',
    attempts INTEGER DEFAULT 0, due REAL DEFAULT 0, outcome TEXT DEFAULT '')"""


@frozen
class Look:  # for what has been added
    pass


@frozen
class Job:
    id: int
    command: str
    attempts: int


class JobFailedError(Exception):
    is_expected = True  # one line of the log, not a traceback


class Queue(Actor[Look | Terminated]):
    def __init__(self, system: ActorSystem, path: Path, work: Callable[[str], object]) -> None:
        self.system = system
        self.db = opened(path)
        self.work = work
        self.running: dict[ActorRef[Any], Job] = {}

    def on_start(self) -> None:
        self.db.execute(
            "UPDATE jobs SET outcome = 'interrupted', state = iif(attempts < ?, 'waiting', "
            "'given up') WHERE state = 'running'",
            (ATTEMPTS,),
        )
        self.tell_first(Look())

    def receive(self, message: Look | Terminated) -> None:
        match message:
            case Look():
                self.after(LOOK_EVERY_S, Look())
                self.start_jobs()
            case Terminated(ref, reason) if ref in self.running:
                self.note(self.running.pop(ref), reason)
                self.start_jobs()

    def start_jobs(self) -> None:
        while len(self.running) < AT_ONCE and (job := self.take()):
            task = self.system.task(self.work, job.command, timeout=JOB_PATIENCE_S)
            self.running[task.ref] = job
            self.watch(task.ref)

    def take(self) -> Job | None:
        taken = self.db.execute(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = (SELECT id "
            "FROM jobs WHERE state = 'waiting' AND due <= ? ORDER BY priority DESC, id LIMIT 1) "
            "RETURNING id, command, attempts",
            (time.time(),),
        ).fetchall()
        return Job(*taken[0]) if taken else None

    def note(self, job: Job, reason: object) -> None:
        may_wait = "waiting" if job.attempts < ATTEMPTS else "given up"
        state = "done" if reason == Normal() else may_wait
        due = time.time() + FIRST_PAUSE_S * 2 ** (job.attempts - 1)
        change = "UPDATE jobs SET state = ?, outcome = ?, due = ? WHERE id = ?"
        self.db.execute(change, (state, str(reason), due, job.id))

    def on_stop(self, reason: object) -> None:
        if reason == Normal():  # it was told to stop: that is no attempt
            change = "UPDATE jobs SET state = 'waiting', attempts = attempts - 1 WHERE id = ?"
            self.db.executemany(change, [(job.id,) for job in self.running.values()])
        self.db.close()


def opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)  # each statement is a transaction
    return db.execute(TABLE).connection


def run(command: str) -> None:
    done = subprocess.run(shlex.split(command), check=False, start_new_session=True)  # noqa: S603
    if done.returncode:
        raise JobFailedError(f"exit code {done.returncode}")


def work(path: Path) -> None:
    with Path(f"{path}.lock").open("w") as lock, ActorSystem() as system:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # or another program works on it
        spec = ChildSpec("queue", lambda: Queue(system, path, run), restart=Restart.TRANSIENT)
        queue = system.start(spec)
        gevent.signal_handler(signal.SIGINT, queue.drain)
        queue.join()


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("action", choices=["add", "list", "work"])
    parser.add_argument("command", nargs="?")
    parser.add_argument("--priority", type=int, default=0)
    given = parser.parse_args()
    if given.action == "work":
        work(given.store)
    elif given.action == "add":
        job = (given.command, given.priority)
        opened(given.store).execute("INSERT INTO jobs (command, priority) VALUES (?, ?)", job)
    else:
        for job in opened(given.store).execute("SELECT * FROM jobs ORDER BY id"):
            print(*job, sep="\t")


if __name__ == "__main__":
    main()
