"""The child of a shard, without Dask: the test is at the other ends of its pipes."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import gevent
import psutil
import pytest
from gevent import subprocess
from gevent.os import make_nonblocking, nb_read

from rnd_actors.cluster._children import SHARD
from rnd_actors.cluster._frames import FrameReader, decode, encode
from rnd_actors.cluster._messages import (
    WINDOW,
    Beat,
    End,
    Ended,
    Handled,
    Hello,
    LinesRead,
    StartWorker,
    StopWorker,
    lines_in_window,
)
from rnd_actors.cluster._placement import SILENCE_S
from rnd_actors.workers import Samples, WorkerSpawned, choose_ports
from tests.processes import PATIENCE_S, lives, until

pytestmark = pytest.mark.slow
T = TypeVar("T")
FAST: Final = ("-interval", "0.002", "-consecutive")
_MAIN: Final = "main()"
_PATIENT: Final = "from rnd_actors.cluster import _shard; _shard.SILENCE_S = {}; main()"


class Shard:
    """A child that hears of its driver; it ends after so many seconds in which it does not."""

    def __init__(self, silence_s: float) -> None:
        pipe = subprocess.PIPE
        assert SHARD[-1].endswith(_MAIN)
        command = [*SHARD[:-1], SHARD[-1].removesuffix(_MAIN) + _PATIENT.format(silence_s)]
        process: Any = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0)
        self.process = process
        make_nonblocking(process.stdout.fileno())
        self._messages = self._read()
        self.pid = self.expect(Hello).pid

    def tell(self, message: object) -> None:
        self.process.stdin.write(encode(message))

    def start(self, *flags: str, incarnation: int = 1, program: Any = None) -> None:
        [port], patience = choose_ports(0, 1), (PATIENCE_S, PATIENCE_S)
        self.tell(StartWorker(3, incarnation, port, program, flags, *patience, 2.0, None))

    def expect(self, kind: type[T] | tuple[type[T], ...]) -> T:
        """Return the next message of this type; others before it are passed over."""
        with gevent.Timeout(PATIENCE_S, TimeoutError(f"no {kind}")):
            return next(message for message in self._messages if isinstance(message, kind))

    def rest(self) -> list[Any]:
        with gevent.Timeout(PATIENCE_S, TimeoutError("it does not end")):
            return list(self._messages)

    def _read(self) -> Iterator[Any]:
        reader = FrameReader()
        while piece := nb_read(self.process.stdout.fileno(), 65536):
            yield from map(decode, reader.feed(piece))


@contextmanager
def shard(silence_s: float = PATIENCE_S) -> Iterator[Shard]:
    made = Shard(silence_s)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        made.process.stdin.close()
        made.process.stdout.close()


def test_a_worker_starts_sends_and_ends_in_order() -> None:
    with shard() as child:
        assert child.pid == child.process.pid
        child.start(*FAST, incarnation=4)
        spawned = child.expect(WorkerSpawned)
        assert (spawned.worker, spawned.incarnation) == (3, 4)
        first = child.expect(Samples)
        child.tell(StopWorker(3, 4))
        batches = [first]
        while isinstance(message := child.expect((Samples, Ended)), Samples):
            batches.append(message)
        assert message == Ended(3, 4, None)
        values = [value for each in batches for value in each.values]
        assert values == list(range(len(values)))
        child.tell(End())
        assert not any(isinstance(each, Samples) for each in child.rest())
        assert child.process.wait(PATIENCE_S) == 0
        assert not lives(spawned.pid)


def test_the_end_of_a_worker_is_told_with_its_reason() -> None:
    with shard() as child:
        child.start(*FAST, "-crash-at", "5")
        failure = child.expect(Ended).failure
        assert failure is not None
        assert failure.error == "WorkerExitedError"
        assert any("crash" in line or "panic" in line for line in failure.last_words)
        child.start(program=("/no/such/program",), incarnation=2)
        failure = child.expect(Ended).failure
        assert failure is not None
        assert failure.error == "WorkerStartError"
        child.tell(End())
        child.rest()


@pytest.mark.parametrize("lines", ["1", "100"])
def test_it_sends_no_more_than_its_window_until_it_is_told_what_is_handled(lines: str) -> None:
    with shard() as child:
        child.start("-interval", "0", "-lines-per-chunk", lines)
        sent = [each for each in until_quiet(child) if isinstance(each, Samples)]
        assert sum(map(lines_in_window, sent[:-1])) < WINDOW <= sum(map(lines_in_window, sent))
        assert sum(len(each.values) for each in sent[:-1]) < WINDOW
        child.tell(Handled(sum(map(lines_in_window, sent[:10]))))
        assert [child.expect(Samples) for _ in range(5)]
        child.tell(End())
        child.rest()


def test_it_tells_how_many_lines_were_read_that_it_cannot_send_yet() -> None:
    with shard() as child:
        child.start("-interval", "0", "-consecutive")
        told = [*until_quiet(child)]
        sent = max(each.received for each in told if isinstance(each, Samples))
        read = max(each.lines for each in told if isinstance(each, LinesRead))
        assert read > sent
        child.tell(End())
        assert max(each.received for each in child.rest() if isinstance(each, Samples)) == read


def until_quiet(child: Shard) -> Iterator[Any]:
    """Give what comes until the window is full, and then until two beats follow each other."""
    lines = beats = 0
    while lines < WINDOW or beats < 2:
        message = child.expect(object)
        lines += lines_in_window(message) if isinstance(message, Samples) else 0
        beats = beats + 1 if isinstance(message, Beat) else 0
        child.tell(Beat())
        yield message


@pytest.mark.parametrize("how", ["the driver dies", "silence"])
def test_nothing_is_left_when_nothing_is_heard_of_the_driver(how: str) -> None:
    with shard(SILENCE_S) as child:
        child.start("-interval", "0", "-lines-per-chunk", "100")  # more than anybody reads
        worker = child.expect(WorkerSpawned).pid
        if how == "the driver dies":
            child.process.stdin.close()
        until(lambda: not lives(child.pid) and not lives(worker))


def test_nothing_is_left_of_it_when_it_is_killed() -> None:
    with shard() as child:
        child.start(*FAST)
        worker = child.expect(WorkerSpawned).pid
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: not lives(worker))


def test_beats_keep_it_alive() -> None:
    with shard(SILENCE_S) as child:
        for _ in range(8):  # beats come every half second, and three seconds are its patience
            child.expect(Beat)
            child.tell(Beat())
        assert psutil.pid_exists(child.pid)
        child.tell(End())
        child.rest()
        assert child.process.wait(PATIENCE_S) == 0
