"""No process of a worker outlives it, wherever it went, and nobody else is taken for it."""

import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import gevent
import psutil
import pytest
from gevent.event import Event

from rnd_actors.errors import WorkerRefusedError, WorkerStartError, WorkerUnreachableError
from rnd_actors.workers import WorkerSettings, _family
from rnd_actors.workers._family import Family
from rnd_actors.workers._process import WorkerProcess
from tests.processes import PATIENCE_S, alive, until
from tests.workers.serving import HEAD, chunk, serving

FLIGHTS: Final = {
    "a job of its own": "set -m; {sleep} & wait",
    "a session of its own": "setsid {sleep} & wait",
    "a foreground session": "setsid --wait {sleep}",
    "without a parent": "(setsid {sleep} &) ; exec {sleep}",
    "twice removed": "(setsid sh -c '(setsid {sleep} & exec {sleep}) & wait' &) ; exec {sleep}",
}


@contextmanager
def fled(how: str, *, then: str = "") -> Iterator[tuple[WorkerProcess, str]]:
    """A worker that has sent its sleepers away; the value tells them from all others."""
    tag = f"6{int.from_bytes(os.urandom(5)):013}"
    script = FLIGHTS[how].format(sleep=f"sleep {tag}")
    process = WorkerProcess(["/bin/bash", "-c", f"{script}{then}"])
    try:
        until(lambda: len(sleepers(tag)) == script.count(tag))
        yield process, tag
    finally:
        process.end(PATIENCE_S)


def sleepers(tag: str) -> list[str]:
    """Return the processes that sleep, without the shells that have yet to send them away."""
    names = []
    for process in alive(tag):
        with suppress(psutil.NoSuchProcess):  # it has ended since
            names.append(process.name())
    return [name for name in names if name == "sleep"]


@pytest.mark.parametrize("how", FLIGHTS)
def test_all_of_it_ends_when_it_is_ended(how: str) -> None:
    with fled(how) as (_, tag):
        pass
    assert alive(tag) == []


@pytest.mark.parametrize("how", FLIGHTS)
def test_what_it_leaves_behind_ends_when_it_exits(how: str) -> None:
    with fled(how) as (process, tag):
        os.kill(process.pid, signal.SIGKILL)
        assert process.exited.wait(PATIENCE_S)
    assert alive(tag) == []


@pytest.mark.parametrize("how", FLIGHTS)
def test_a_process_that_one_look_does_not_see_is_found_by_the_next(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, look = 0, Family._others

    def blind_at_first(family: Family) -> set[int]:
        nonlocal looks
        looks += 1
        return set() if looks == 1 else look(family)

    with fled(how) as (process, tag):
        monkeypatch.setattr(Family, "_others", lambda _: set())
        os.kill(process.pid, signal.SIGKILL)
        assert process.exited.wait(PATIENCE_S)
        monkeypatch.setattr(Family, "_others", blind_at_first)
    assert looks > 1
    assert alive(tag) == []


def test_a_process_whose_mark_cannot_be_read_during_its_exec_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads, read = 0, _family._read

    def empty_at_first(pid: int, name: str) -> bytes:
        nonlocal reads
        reads += 1
        return b"" if reads <= 20 else read(pid, name)

    with fled("without a parent") as (process, tag):
        with monkeypatch.context() as blind:
            blind.setattr(Family, "_others", lambda _: set())
            os.kill(process.pid, signal.SIGKILL)
            assert process.exited.wait(PATIENCE_S)
        monkeypatch.setattr(_family, "_read", empty_at_first)
    assert reads > 20
    assert alive(tag) == []


ASKED: Final = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"asked\\n"))  # it may come in the print
if os.fork() == 0:
    os.setsid()
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_each_of_its_processes_is_asked_to_end_once() -> None:
    process = WorkerProcess([sys.executable, "-I", "-S", "-c", ASKED])
    reader = gevent.spawn(process.read_output, bool)
    until(lambda: process.last_words().count("ready") == 2)
    ending = gevent.spawn(process.end, 3600.0)
    until(lambda: process.last_words().count("asked") >= 2)
    os.kill(process.pid, signal.SIGKILL)
    ending.get(timeout=PATIENCE_S)
    assert process.last_words().count("asked") == 2
    reader.kill()


def test_processes_of_others_are_left_alone() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as mine:
        with fled("without a parent"):
            pass
        assert mine.poll() is None
        mine.kill()


def test_orphans_are_inherited_only_while_there_are_workers() -> None:
    def inherits() -> bool:
        script = "sleep 60 >/dev/null & echo $!"
        done = subprocess.run(["/bin/sh", "-c", script], stdout=subprocess.PIPE, check=True)
        orphan = int(done.stdout)
        status = Path(f"/proc/{orphan}/status").read_text()
        os.kill(orphan, signal.SIGKILL)
        return f"PPid:\t{os.getpid()}\n" in status

    assert not inherits()
    with fled("a job of its own"):
        assert inherits()
    assert not inherits()


def settings(port: int) -> WorkerSettings:
    return WorkerSettings(id=3, port=port, stall_timeout=PATIENCE_S)


def test_another_program_on_its_port_is_not_taken_for_it() -> None:
    answer = HEAD + chunk(b"rnd=1\n") + chunk(b"")
    with serving(lambda connection: connection.sendall(answer)) as port:
        process = WorkerProcess(["/bin/sleep", "60"], port)
        try:
            with pytest.raises(WorkerRefusedError, match=f"another program answers on .* {port}"):
                process.open_stream(settings(port))
        finally:
            process.end(0)


SERVER: Final = """
import os, socket, sys, time
family = socket.{family}
server = socket.create_server(
    ("", 0), family=family, dualstack_ipv6=family == socket.AF_INET6
)
for _ in range({forks}):
    if os.fork():
        time.sleep(60)
    os.setsid()
print("started", server.getsockname()[1], flush=True)
connection, _ = server.accept()
connection.recv(1000)
connection.sendall({answer!r})
{then}
"""


@pytest.mark.parametrize("forks", [0, 1, 2])
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_every_process_of_it_may_be_the_one_that_answers(forks: int, family: str) -> None:
    answer = HEAD + chunk(b"rnd=1\n")
    program = SERVER.format(family=family, forks=forks, answer=answer, then="time.sleep(60)")
    process = WorkerProcess([sys.executable, "-I", "-S", "-c", program])
    reader = gevent.spawn(process.read_output, bool)
    try:
        until(process.last_words)
        process.port = int(process.last_words()[0].split()[1])
        stream = process.open_stream(settings(process.port))
        assert next(iter(stream)) == b"rnd=1\n"
        stream.close()
    finally:
        process.end(0)
        reader.kill()


def test_what_it_has_started_and_left_is_not_read_after_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = WorkerProcess(["/bin/sh", "-c", "setsid sleep 60 & exit 1"], port)
    try:
        assert process.exited.wait(PATIENCE_S)
        with pytest.raises(WorkerUnreachableError, match="has ended"):
            process.open_stream(settings(port))
    finally:
        process.end(0)


def test_an_answer_ends_with_its_process_though_others_hold_the_connection() -> None:
    then = (
        "if os.fork(): time.sleep(1); os._exit(7)\n"
        "os.setsid()\n"
        "while True: connection.sendall(b'6\\r\\nrnd=2\\n\\r\\n'); time.sleep(0.01)"
    )
    answer = HEAD + chunk(b"rnd=1\n")
    held = SERVER.format(family="AF_INET", forks=0, answer=answer, then=then)
    process = WorkerProcess([sys.executable, "-I", "-S", "-c", held])
    reader = gevent.spawn(process.read_output, bool)
    over = Event()
    try:
        until(process.last_words)
        process.port = int(process.last_words()[0].split()[1])
        stream = process.open_stream(settings(process.port))

        def read() -> None:
            try:
                for _ in stream:
                    pass
            finally:
                over.set()

        reading = gevent.spawn(read)
        assert over.wait(PATIENCE_S)
        assert process.exit_code == 7
        reading.kill()
        stream.close()
    finally:
        process.end(0)
        reader.kill()


def output_of(*command: str) -> tuple[str, ...]:
    """Return what a worker prints."""
    process = WorkerProcess(command)
    reader = gevent.spawn(process.read_output, bool)
    process.exited.wait(PATIENCE_S)
    reader.join(PATIENCE_S)
    words = process.last_words()
    process.end(0)
    return words


def test_it_gets_no_descriptors_but_its_input_and_outputs() -> None:
    secret = os.dup(0)
    os.set_inheritable(secret, True)  # noqa: FBT003
    try:
        assert output_of("/bin/sh", "-c", "echo /proc/self/fd/*") == (
            "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3",
        )
    finally:
        os.close(secret)


def test_it_starts_also_if_a_descriptor_is_above_the_limit_of_open_files() -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    above = fcntl.fcntl(0, fcntl.F_DUPFD, 500)
    os.set_inheritable(above, True)  # noqa: FBT003
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, most))
    try:
        assert output_of("/bin/sh", "-c", "echo /proc/self/fd/*") == (
            "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3",
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        os.close(above)


def test_its_signals_are_at_their_defaults() -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        words = output_of("/bin/grep", "-E", "Sig(Ign|Blk)", "/proc/self/status")
    finally:
        signal.signal(signal.SIGUSR1, before)
    blocked, ignored = (int(line.split()[1], 16) for line in words)
    assert [s for s in signal.valid_signals() if (blocked | ignored) >> (s - 1) & 1] == []


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (b"#!/no/such/interpreter -x\n", "does not exist, /no/such/interpreter -x"),
        (b"#! \r\n", r"its lines end in CRLF, so that its interpreter would be '\\r'"),
        (b"#!/bin/sh\r\n", r"its lines end in CRLF, so that its interpreter would be '/bin/sh\\r'"),
    ],
)
def test_a_script_that_cannot_start_names_its_interpreter(
    tmp_path: Path, first: bytes, told: str
) -> None:
    script = tmp_path / "worker"
    script.write_bytes(first + b"exit 0\n")
    script.chmod(0o700)
    with pytest.raises(WorkerStartError, match=told):
        WorkerProcess([str(script)])
