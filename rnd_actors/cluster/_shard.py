"""The child of a shard: workers as in any run, whose samples and ends go to the driver as frames.

Its process is patched before this is imported. Frames come on stdin and leave on stdout.
"""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import gevent
from gevent.event import Event as Flag
from gevent.os import make_nonblocking, nb_read, nb_write
from gevent.queue import Queue

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Crashed, Killed
from rnd_actors.cluster._frames import FrameReader, decode, encode, write_all
from rnd_actors.cluster._messages import (
    WINDOW,
    Beat,
    End,
    Ended,
    Failure,
    Handled,
    Hello,
    LinesRead,
    StartWorker,
    StopWorker,
    lines_in_window,
)
from rnd_actors.cluster._placement import BEAT_S, SILENCE_S
from rnd_actors.errors import WorkerError
from rnd_actors.supervision import (
    INFINITY,
    ChildDown,
    ChildSpec,
    Delegated,
    DeleteChild,
    Restart,
    ShutdownOrder,
    StartChild,
    Supervisor,
    SupervisorMessage,
    WhichChildren,
)
from rnd_actors.workers import (
    STANDIN,
    Samples,
    WorkerActor,
    WorkerEvent,
    WorkerProcess,
    WorkerSettings,
)

_CAPACITY: Final = 16
"""Batches that wait for the window; at more the workers wait."""
_PIECE: Final = 64 * 1024


def main() -> None:
    """Do what the frames on stdin say until they end."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())  # the driver tells
    out = _Out()
    with WorkerProcess.guarded(), ActorSystem() as system:
        system.events.subscribe(out.put, to=WorkerEvent)
        backlog = _Backlog()
        uplink = system.start(
            ChildSpec("uplink", partial(_Uplink, out, backlog), capacity=_CAPACITY, drain=True)
        )
        supervisor: ChildSpec = ChildSpec(
            "workers", lambda: Supervisor(shutdown_order=ShutdownOrder.PARALLEL)
        )
        workers: ActorRef[SupervisorMessage] = system.start(supervisor)
        out.put(Hello(os.getpid()))
        beats = gevent.spawn(_beat, out, backlog)
        for message in _commands():
            match message:
                case StartWorker():
                    workers.tell(StartChild(_spec(message, uplink, backlog)))
                case StopWorker(worker, incarnation):
                    _stop(workers, _child_id(worker, incarnation))
                case Handled(lines):
                    out.handled(lines)
                case End():
                    break
        beats.kill()
        out.open()
    out.close()


def _child_id(worker: int, incarnation: int) -> str:
    return f"{worker}.{incarnation}"


def _stop(workers: ActorRef[SupervisorMessage], child_id: str) -> None:
    for child in workers.ask(WhichChildren()):
        if child.id == child_id:
            child.ref.stop()


def _commands() -> Iterator[Any]:
    """Give what comes; when nothing is heard any more, kill all at once: nobody wants it."""
    make_nonblocking(0)
    reader, piece = FrameReader(), b"-"
    while piece:
        try:
            with gevent.Timeout(SILENCE_S, TimeoutError()):
                piece = nb_read(0, _PIECE)
        except TimeoutError:
            break
        yield from map(decode, reader.feed(piece))
    WorkerProcess.kill_all()
    os._exit(1)


def _beat(out: "_Out", backlog: "_Backlog") -> None:
    """Send a sign of life again and again, and what waits meanwhile."""
    while True:
        gevent.sleep(BEAT_S)
        out.put(Beat())
        for news in backlog.news():
            out.put(news)


def _spec(start: StartWorker, uplink: ActorRef[Any], backlog: "_Backlog") -> ChildSpec:
    log = None if start.log is None else Path(start.log)
    settings = WorkerSettings(
        id=start.worker,
        port=start.port,
        program=STANDIN if start.program is None else _found(start.program),
        arguments=start.arguments,
        start_timeout=start.start_timeout,
        stall_timeout=start.stall_timeout,
        grace=start.grace,
        earlier_incarnations=start.incarnation - 1,
        log=log,
    )

    def make() -> WorkerActor:
        if log is not None:
            log.mkdir(parents=True, exist_ok=True)
        worker = WorkerActor(settings, uplink)
        backlog.add(start.worker, start.incarnation, worker)
        return worker

    child_id = _child_id(start.worker, start.incarnation)
    return ChildSpec(child_id, make, restart=Restart.DELEGATED, decider=uplink)


def _found(program: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command line with the path of its program on this host, if it has one."""
    name, *arguments = program
    return (shutil.which(name) or name, *arguments)


class _Out:
    """The frames to the driver: one greenlet writes them, in order."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)  # what others print goes to stderr
        make_nonblocking(self._descriptor)
        self._frames: Queue[bytes | None] = Queue()
        self._sent = self._handled = 0
        self._limit = float(WINDOW)
        self._may_send = Flag()
        self._writer = gevent.spawn(self._write)

    def put(self, message: object) -> None:
        """Send a message; never wait."""
        self._frames.put(encode(message))

    def put_batch(self, batch: Samples) -> None:
        """Send a batch; wait until less than `WINDOW` lines are on their way."""
        while self._sent - self._handled >= self._limit:
            self._may_send.clear()
            self._may_send.wait()
        self._sent += lines_in_window(batch)
        self.put(batch)

    def handled(self, lines: int) -> None:
        """Note how many lines have arrived."""
        self._handled = lines
        self._may_send.set()

    def open(self) -> None:
        """Let all go out, without a limit: it is the end."""
        self._limit = INFINITY
        self._may_send.set()

    def close(self) -> None:
        """Wait until all is written."""
        self._frames.put(None)
        self._writer.join()

    def _write(self) -> None:
        try:
            for frame in iter(self._frames.get, None):
                write_all(self._descriptor, frame, nb_write)
        except OSError:  # nobody reads any more, and stdin ends, too
            sys.exit(1)


class _Backlog:
    """The lines that workers have read and that wait here, because the driver is slow."""

    def __init__(self) -> None:
        self._workers: dict[tuple[int, int], WorkerActor] = {}
        self._told: dict[tuple[int, int], int] = {}
        """Up to which line of each incarnation the driver knows, or soon will."""

    def add(self, worker: int, incarnation: int, actor: WorkerActor) -> None:
        """Watch over an incarnation of a worker."""
        self._workers[worker, incarnation] = actor
        self._told[worker, incarnation] = 0

    def sent(self, batch: Samples) -> None:
        """Note a batch that is on its way."""
        who = batch.worker, batch.incarnation
        self._told[who] = max(self._told[who], batch.received)

    def remove(self, worker: int, incarnation: int) -> None:
        """Forget an incarnation, of which all has been sent."""
        self._workers.pop((worker, incarnation), None)
        self._told.pop((worker, incarnation), None)

    def news(self) -> Iterator[LinesRead]:
        """Give for each incarnation how many lines it has read, if the driver does not know."""
        for who, actor in self._workers.items():
            if actor.lines_read > self._told[who]:
                self._told[who] = actor.lines_read
                yield LinesRead(*who, actor.lines_read)


class _Uplink(Actor[Samples | Delegated]):
    """Collects the samples of the workers; that none is restarted here is its only decision."""

    def __init__(self, out: _Out, backlog: _Backlog) -> None:
        self._out = out
        self._backlog = backlog

    def receive(self, message: Samples | Delegated) -> None:
        match message:
            case Samples():
                self._out.put_batch(message)
                self._backlog.sent(message)
            case ChildDown():
                self._worker_down(message)

    def _worker_down(self, down: ChildDown) -> None:
        down.supervisor.tell(DeleteChild(down.child_id))
        worker, incarnation = map(int, down.child_id.split("."))
        failure = None
        match down.reason:
            case Crashed(error):
                failure = Failure.of(error)
            case Killed():
                failure = Failure.of(WorkerError(f"worker {worker} had to be killed"))
        self._backlog.remove(worker, incarnation)
        self._out.put(Ended(worker, incarnation, failure))
