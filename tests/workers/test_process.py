import itertools
import os
import posix
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import gevent
import psutil
import pytest

from rnd_actors._descriptors import open_descriptors
from rnd_actors.errors import StreamCutError, WorkerStartError
from rnd_actors.workers import WorkerSettings, _family, choose_ports
from rnd_actors.workers._family import Family
from rnd_actors.workers._guardian import Guardian
from rnd_actors.workers._process import WorkerProcess
from tests.processes import PATIENCE_S, lives, until


@contextmanager
def running(program: str, grace: float = PATIENCE_S) -> Iterator[WorkerProcess]:
    """Run a Python program as a worker, with its output read."""
    process = WorkerProcess([sys.executable, "-I", "-S", "-c", program])
    reader = gevent.spawn(process.read_output, bool)
    try:
        yield process
    finally:
        process.end(grace)
        reader.kill()


def test_its_exit_code_is_known_once_it_has_exited() -> None:
    with running("raise SystemExit(7)") as process:
        assert process.exited.wait(PATIENCE_S)
        assert process.exit_code == 7


def test_the_signal_that_ended_it_is_known() -> None:
    with running("import time; time.sleep(60)") as process:
        os.kill(process.pid, signal.SIGKILL)
        assert process.exited.wait(PATIENCE_S)
        assert process.exit_code == -signal.SIGKILL


def test_all_workers_of_the_program_can_be_killed_at_once() -> None:
    with running("import time; time.sleep(60)") as one, running("while True: pass") as other:
        WorkerProcess.kill_all()
        for process in (one, other):
            assert process.exited.wait(PATIENCE_S)
            assert process.exit_code == -signal.SIGKILL


def test_it_says_started_on_stderr_or_stdout() -> None:
    with running("import time, sys; print('now started', file=sys.stderr); time.sleep(60)") as p:
        assert p.said_started.wait(PATIENCE_S)
        assert not p.exited.is_set()


def test_its_last_words_are_the_last_twenty_lines_of_both_outputs() -> None:
    program = "import sys\nfor i in range(30): print('line', i, file=sys.stderr, flush=True)"
    with running(program + "\nprint('the end')") as process:
        process.exited.wait(PATIENCE_S)
        words = process.last_words()
    assert words == (*(f"line {i}" for i in range(11, 30)), "the end")


@pytest.mark.parametrize("line", ["b'x' * 65536", "b'x' * 65535 + b'\\n'", "b'x\\n' * 32768"])
def test_a_flood_of_output_neither_blocks_it_nor_fills_the_memory(line: str) -> None:
    with running(f"import os\nfor i in range(200): os.write(1 + i % 2, {line})") as process:
        assert process.exited.wait(PATIENCE_S)
        assert process.exit_code == 0
        assert 0 < sum(map(len, process.last_words())) <= 20 * 500


def test_a_flood_of_output_leaves_others_their_turn() -> None:
    with running("import os\nwhile True: os.write(1, b'x' * 2**20)"):
        for _ in range(1000):
            gevent.sleep(0)


def test_it_has_started_if_it_says_so_among_much_else() -> None:
    program = "import os, time\nos.write(1, b'noise\\n' * 10**4 + b'started' + b'\\nnoise' * 10**4)"
    with running(program + "; time.sleep(60)") as process:
        assert process.said_started.wait(PATIENCE_S)
        assert not process.exited.is_set()


def test_a_kill_while_it_is_being_ended_ends_it_by_force() -> None:
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print('started', flush=True)"
    process = WorkerProcess([sys.executable, "-I", "-S", "-c", program + "; time.sleep(60)"])
    gevent.spawn(process.read_output, bool)
    process.said_started.wait(PATIENCE_S)
    ending = gevent.spawn(process.end, 3600)
    gevent.sleep(0)
    ending.kill()
    assert process.exited.wait(PATIENCE_S)
    assert process.exit_code == -signal.SIGKILL


def test_output_that_is_no_text_is_shown_escaped() -> None:
    with running(r"import os; os.write(1, b'\xff!\n')") as process:
        process.exited.wait(PATIENCE_S)
        assert process.last_words() == (r"\xff!",)


def test_ending_it_ends_it_politely() -> None:
    with running("import time; print('started', flush=True); time.sleep(60)") as process:
        process.said_started.wait(PATIENCE_S)
    assert process.exit_code == -signal.SIGTERM


def test_one_that_ignores_the_polite_end_is_killed() -> None:
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print('started', flush=True)"
    with running(program + "; time.sleep(60)", grace=0.1) as process:
        process.said_started.wait(PATIENCE_S)
    assert process.exit_code == -signal.SIGKILL


def test_one_that_has_been_stopped_is_ended_politely() -> None:
    with running("import time; print('started', flush=True); time.sleep(60)") as process:
        process.said_started.wait(PATIENCE_S)
        os.kill(process.pid, signal.SIGSTOP)
    assert process.exit_code == -signal.SIGTERM


def test_its_own_children_end_with_it() -> None:
    program = (
        "import os, time\n"
        "pid = os.fork()\n"
        "if pid: print('started', pid, flush=True)\n"
        "time.sleep(60)"
    )
    with running(program) as process:
        process.said_started.wait(PATIENCE_S)
        child = int(process.last_words()[0].split()[1])
        assert lives(child)
    until(lambda: not lives(child))


def test_nothing_is_remembered_of_one_that_has_ended() -> None:
    with running("") as process:
        assert process.exited.wait(PATIENCE_S)
    with pytest.raises(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)


def test_a_command_that_does_not_exist_is_a_clear_error() -> None:
    with pytest.raises(WorkerStartError, match="cannot start /no/such/worker: No such file"):
        WorkerProcess(["/no/such/worker"])


def test_a_guardian_that_cannot_be_started_harms_no_other_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Guardian) -> str:
        raise WorkerStartError("cannot start a guardian: Resource temporarily unavailable")

    monkeypatch.setattr(Guardian, "mark", fail)
    before = open_descriptors()
    with psutil.Popen(["/bin/sleep", "60"], start_new_session=True) as other:
        with pytest.raises(WorkerStartError, match="cannot start a guardian"):
            WorkerProcess(["/bin/sleep", "60"])
        assert other.status() != psutil.STATUS_ZOMBIE
        other.kill()
    assert open_descriptors() == before


def test_the_loop_has_its_turn_between_the_starts_and_the_ends_of_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns, begun, ended = 0, [], []
    ports = choose_ports(0, 20)
    idle = (sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)")

    def count() -> None:
        nonlocal turns
        turns += 1

    def begin(worker: int, port: int) -> WorkerProcess:
        settings = WorkerSettings(id=worker, port=port, program=idle)
        process = WorkerProcess.spawn(settings)
        begun.append(turns)
        return process

    def note(family: Family, number: signal.Signals) -> set[int]:
        if number == signal.SIGTERM:
            ended.append(turns)
        return send(family, number)

    send = Family.signal
    monkeypatch.setattr(Family, "signal", note)
    watcher = gevent.get_hub().loop.check()
    watcher.start(count)
    beginning = [gevent.spawn(begin, *each) for each in enumerate(ports, 1)]
    gevent.joinall(beginning, raise_error=True)
    ending = [gevent.spawn(each.value.end, PATIENCE_S) for each in beginning if each.value]
    gevent.joinall(ending, raise_error=True)
    watcher.close()
    assert len(set(begun)) == len(set(ended)) == 20


@pytest.mark.parametrize("blind", [0, 50])
@pytest.mark.parametrize("step", ["posix_spawn", "watch"])
def test_nothing_is_left_of_a_start_that_a_signal_handler_interrupts(
    step: str, blind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, pids = posix.posix_spawn, []
    reads, read = itertools.count(), _family._read

    def empty_during_its_exec(pid: int, name: str) -> bytes:
        return b"" if next(reads) < blind else read(pid, name)

    def interrupted(program: str, arguments: list[str], *rest: Any, **options: Any) -> int:
        pids.append(start(program, arguments, *rest, **options))
        if "time.sleep" in arguments[-1]:
            raise KeyboardInterrupt
        return pids[-1]

    def interrupted_later(*_: object) -> None:
        raise KeyboardInterrupt

    if step == "posix_spawn":
        monkeypatch.setattr(posix, "posix_spawn", interrupted)
    else:
        monkeypatch.setattr("rnd_actors.workers._process._watch_exit", interrupted_later)
    monkeypatch.setattr(_family, "_read", empty_during_its_exec)
    before = open_descriptors()
    with pytest.raises(KeyboardInterrupt):
        WorkerProcess([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
    assert psutil.Process().children() == []
    assert open_descriptors() == before


def test_the_answer_of_a_worker_that_dies_while_it_is_looked_at_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, look = [], Family.serves

    def seen_too_late(family: Family, port: int, client_port: int) -> bool:
        looks.append(port)
        return len(looks) > 1 and look(family, port, client_port)

    monkeypatch.setattr(Family, "serves", seen_too_late)
    monkeypatch.setattr("rnd_actors.workers._process._EXIT_PATIENCE_S", PATIENCE_S)
    [port] = choose_ports(0, 1)
    flags = ("-interval", "0", "-crash-at", "50")
    settings = WorkerSettings(id=3, port=port, arguments=flags)
    process = WorkerProcess.spawn(settings)
    reader = gevent.spawn(process.read_output, bool)
    try:
        assert process.said_started.wait(PATIENCE_S)
        with closing(process.open_stream(settings)) as stream, suppress(StreamCutError):
            lines = 0
            for piece in stream:
                lines += piece.count(b"\n")
    finally:
        process.end(PATIENCE_S)
        reader.kill()
    assert lines == 49
    assert len(looks) == 2
