import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, Final

import gevent
import pytest
from gevent.event import Event

from rnd_actors.actors import ActorSystem, Crashed
from rnd_actors.errors import (
    WorkerBusyError,
    WorkerError,
    WorkerExitedError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerStartError,
)
from rnd_actors.supervision import (
    ChildDown,
    ChildSpec,
    ChildUp,
    Restart,
    RestartChild,
    ShutDown,
    Supervisor,
)
from rnd_actors.testing import Probe
from rnd_actors.workers import (
    STANDIN,
    MalformedLine,
    PortTaken,
    Samples,
    WorkerActor,
    WorkerProcess,
    WorkerSettings,
    WorkerSpawned,
    choose_ports,
)
from rnd_actors.workers._stream import WorkerStream
from tests.processes import PATIENCE_S, lives, until
from tests.workers.serving import serving

FAST = ("-interval", "0.002", "-consecutive")


class Bench:
    """A supervisor with one worker, and a probe in the place of its collector."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        self.collector = Probe(system, "collector", timeout=PATIENCE_S)
        self.events: list[Any] = []
        system.events.subscribe(self.events.append)

    def start(
        self,
        *flags: str,
        program: tuple[str, ...] = STANDIN,
        spawn: Any = WorkerProcess.spawn,
        **settings: Any,
    ) -> None:
        [port] = choose_ports(0, 1)
        patient = {"start_timeout": PATIENCE_S, "stall_timeout": PATIENCE_S}
        settings = {"port": port, **patient, **settings}
        worker = WorkerSettings(id=3, program=program, arguments=flags, **settings)
        child = ChildSpec(
            "3",
            lambda: WorkerActor(worker, self.collector.ref, spawn),
            restart=Restart.DELEGATED,
            decider=self.collector.ref,
        )
        self.workers = self.system.start(
            ChildSpec("workers", lambda: Supervisor([child]), restart=Restart.TEMPORARY)
        )
        self.collector.expect(ChildUp)

    def crash(self) -> tuple[WorkerError, list[Samples]]:
        """Wait for the worker to go down; return why, and what it sent before."""
        down = self.collector.fish_for(ChildDown)
        samples = [message for message in self.collector.seen if isinstance(message, Samples)]
        assert isinstance(down.reason, Crashed)
        assert isinstance(down.reason.error, WorkerError)
        return down.reason.error, samples

    def seen(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ActorSystem() as system:
        yield Bench(system)


def values(samples: list[Samples]) -> list[int]:
    return [value for batch in samples for value in batch.values]


def test_its_samples_are_numbered_without_gaps(bench: Bench) -> None:
    bench.start(*FAST, "-lines-per-chunk", "3")
    batches = [bench.collector.expect(Samples) for _ in range(5)]
    assert values(batches) == list(range(len(values(batches))))
    assert all(batch.worker == 3 and batch.incarnation == 1 for batch in batches)
    for batch in batches:
        assert batch.values[0] == batch.first_seq
        assert batch.received == batch.first_seq + len(batch.values)


def test_it_asks_again_on_the_same_process_when_the_answer_ends(bench: Bench) -> None:
    bench.start(*FAST, numbers_per_request=2)
    batches = [bench.collector.expect(Samples) for _ in range(7)]
    assert values(batches)[:7] == list(range(7))
    assert len(bench.seen(WorkerSpawned)) == 1


def test_a_crash_is_told_after_all_samples_with_code_and_last_words(bench: Bench) -> None:
    bench.start(*FAST, "-crash-at", "6", "-exit-code", "9")
    error, samples = bench.crash()
    assert values(samples) == [0, 1, 2, 3, 4]
    assert isinstance(error, WorkerExitedError)
    assert str(error) == "worker 3 exited with code 9"
    assert error.last_words[-1] == "panic: out of luck after 5 numbers"


def test_a_number_cut_off_by_a_crash_is_malformed_and_never_a_sample(bench: Bench) -> None:
    bench.start("-interval", "0.002", "-seed", "4", "-crash-at", "4", "-cut")
    _, samples = bench.crash()
    assert len(values(samples)) == 3
    assert sum(batch.malformed for batch in samples) == 1
    assert samples[-1].received == 4
    [event] = bench.seen(MalformedLine)
    assert event.line.startswith(b"rnd=")


def test_malformed_lines_are_counted_and_the_stream_goes_on(bench: Bench) -> None:
    bench.start(*FAST, "-malformed-every", "3", "-crash-at", "10")
    _, samples = bench.crash()
    assert values(samples) == [0, 1, 3, 4, 6, 7]
    ends = [batch.first_seq + len(batch.values) for batch in samples]
    assert [batch.first_seq for batch in samples] == [0, *ends[:-1]]
    assert sum(batch.malformed for batch in samples) == 3
    assert samples[-1].received == 9


def test_a_signal_that_ends_the_worker_is_named(bench: Bench) -> None:
    bench.start(*FAST)
    bench.collector.expect(Samples)
    os.kill(bench.seen(WorkerSpawned)[0].pid, signal.SIGKILL)
    error, _ = bench.crash()
    assert str(error) == "worker 3 was ended by SIGKILL"


def test_a_silent_worker_is_ended(bench: Bench) -> None:
    bench.start(*FAST, "-hang-at", "3", stall_timeout=1.5)
    error, samples = bench.crash()
    assert isinstance(error, WorkerSilentError)
    assert str(error) == "worker 3: silent for 1.5 s"
    assert values(samples) == [0, 1]
    with pytest.raises(ProcessLookupError):
        os.kill(bench.seen(WorkerSpawned)[0].pid, 0)


def test_a_worker_that_is_slow_to_listen_is_waited_for(bench: Bench) -> None:
    bench.start(*FAST, "-start-delay", "0.3")
    assert bench.collector.expect(Samples).first_seq == 0


def test_a_worker_that_listens_without_saying_so_is_found(bench: Bench) -> None:
    quiet = ("/bin/sh", "-c", 'exec "$@" 2>/dev/null', "quiet", *STANDIN)
    bench.start(*FAST, program=quiet)
    assert bench.collector.expect(Samples).first_seq == 0


def test_a_worker_that_never_listens_is_given_up_after_the_start_timeout(bench: Bench) -> None:
    bench.start("-start-delay", "60", start_timeout=0.1)
    error, samples = bench.crash()
    assert isinstance(error, WorkerStartError)
    assert "does not listen on port" in str(error)
    assert "after 0.1 s" in str(error)
    assert samples == []


def test_a_worker_that_exits_at_once_is_noticed_at_once(bench: Bench) -> None:
    bench.start(program=("/bin/sh", "-c", "echo no luck >&2; exit 7"), start_timeout=3600)
    error, _ = bench.crash()
    assert str(error) == "worker 3 exited with code 7"
    assert error.last_words == ("no luck",)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("-exit-code", "0"), "worker 3 exited with code 0"),
        (("-exit-code", "255"), "worker 3 exited with code 255"),
        (("-exit-signal", "11"), "worker 3 was ended by SIGSEGV"),
        (("-exit-signal", "15"), "worker 3 was ended by SIGTERM"),
        (("-exit-signal", "40"), "worker 3 was ended by signal 40"),
    ],
)
def test_the_code_or_signal_of_an_exit_is_told(
    bench: Bench, flags: tuple[str, ...], told: str
) -> None:
    bench.start("-crash-at-once", *flags, start_timeout=3600)
    error, _ = bench.crash()
    assert isinstance(error, WorkerExitedError)
    assert (str(error), error.last_words) == (told, ("panic: out of luck after 0 numbers",))


def test_a_worker_that_cannot_be_started_is_a_crash_too(bench: Bench) -> None:
    bench.start(program=("/no/such/worker",))
    error, _ = bench.crash()
    assert isinstance(error, WorkerStartError)


def test_an_answer_without_a_line_is_refused_instead_of_asked_for_ever(bench: Bench) -> None:
    bench.start(*FAST, numbers_per_request=0)
    error, _ = bench.crash()
    assert isinstance(error, WorkerRefusedError)


def test_one_that_is_busy_is_asked_again_on_the_same_process(bench: Bench) -> None:
    bench.start(*FAST, "-answer", "429", "-answers", "3")
    assert bench.collector.expect(Samples).incarnation == 1
    assert len(bench.seen(WorkerSpawned)) == 1


def test_one_that_is_busy_after_an_answer_is_asked_again_as_well(bench: Bench) -> None:
    bench.start(*FAST, numbers_per_request=2)
    bench.collector.expect(Samples)
    [spawned] = bench.seen(WorkerSpawned)
    with suppress(WorkerBusyError), closing(WorkerStream(spawned.port, 3, 20, 10)) as other:
        assert sum(piece.count(b"\n") for piece in other) == 20
    assert [bench.collector.expect(Samples).incarnation for _ in range(5)] == [1] * 5
    assert bench.seen(WorkerSpawned) == [spawned]


def test_one_that_stays_busy_is_not_waited_for_for_ever(bench: Bench) -> None:
    bench.start(*FAST, "-answer", "429", start_timeout=2)
    error, _ = bench.crash()
    assert isinstance(error, WorkerBusyError)
    told = "worker 3: it has another reader (429 Too Many Requests), for 2 s"
    assert str(error) == told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("500", "status 200 was expected; got 500 Internal Server Error"),
        ("302", "status 200 was expected; got 302 Found"),
        ("type", "Content-Type: application/text or text/plain was expected; got text/html"),
        ("id", "X-Worker-Id: 3 was expected; got 4; somebody else may answer on its port"),
        ("length", "Transfer-Encoding: chunked was expected; got none"),
        ("headers", "it sends more than 64 KiB beside its lines"),
        ("garbage", "it does not speak HTTP: "),
    ],
)
def test_a_wrong_answer_is_refused_with_the_reason(bench: Bench, answer: str, told: str) -> None:
    bench.start(*FAST, "-answer", answer)
    error, samples = bench.crash()
    assert isinstance(error, WorkerRefusedError)
    assert told in str(error)
    assert samples == []


def test_one_that_never_answers_is_silent(bench: Bench) -> None:
    bench.start(*FAST, "-answer", "silence", stall_timeout=0.1)
    error, _ = bench.crash()
    assert isinstance(error, WorkerSilentError)


ACCEPTING: Final = """
import os, socket, sys
port = int(sys.argv[sys.argv.index("-port") + 1])
server = socket.create_server(("127.0.0.1", port))
for _ in range(3):
    connection, _ = server.accept()
    if {reset}:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + 7 * [0]))
    connection.close()
server.close()
os.execv(sys.executable, {standin!r} + sys.argv[1:])
"""


@pytest.mark.parametrize("reset", [False, True], ids=["close", "reset"])
def test_one_that_closes_connections_while_it_starts_is_waited_for(
    bench: Bench,
    reset: bool,  # noqa: FBT001
) -> None:
    program = ACCEPTING.format(reset=reset, standin=list(STANDIN))
    bench.start(*FAST, program=(sys.executable, "-I", "-S", "-c", program))
    assert bench.collector.expect(Samples).values[0] == 0
    assert len(bench.seen(WorkerSpawned)) == 1


def test_one_that_closes_connections_for_ever_has_not_started(bench: Bench) -> None:
    bench.start("-answer", "close", start_timeout=2)
    error, _ = bench.crash()
    assert isinstance(error, WorkerStartError)
    assert "answers no request on port" in str(error)
    assert "after 2 s" in str(error)


def test_a_port_that_is_taken_is_left_to_whom_it_belongs(bench: Bench) -> None:
    with serving(lambda connection: None) as taken:
        bench.start(*FAST, port=taken)
        assert bench.collector.expect(Samples).incarnation == 1
    [event] = bench.seen(PortTaken)
    [spawned] = bench.seen(WorkerSpawned)
    assert (event.worker, event.incarnation, event.port) == (3, 1, taken)
    assert spawned.port == event.instead != taken


def test_the_next_incarnation_tries_its_own_port_again(bench: Bench) -> None:
    with serving(lambda connection: None, 10_000 + os.getpid() % 20_000) as own:
        # nobody gets such a port by chance when it is free again
        bench.start(*FAST, "-crash-at", "3", port=own)
        bench.crash()
    bench.workers.tell(RestartChild("3"))
    bench.collector.fish_for(ChildDown)
    assert [spawned.port == own for spawned in bench.seen(WorkerSpawned)] == [False, True]


class Babbler:
    """A worker that sends bytes for ever, and never the end of a line."""

    pid = 4711
    exit_code = None

    def __init__(self, settings: WorkerSettings) -> None:
        self.port = settings.port
        self.exited, self.said_started = Event(), Event()

    def read_output(self, keep: Callable[[bytes], object]) -> None:
        self.exited.wait()

    def last_words(self) -> tuple[str, ...]:
        return ()

    def open_stream(self, settings: WorkerSettings) -> Iterator[bytes]:
        yield b"rnd=1\n"
        while True:
            gevent.sleep(0.001)
            yield b"rnd=1"

    def end(self, grace: float) -> None:
        self.exited.set()


def test_bytes_that_make_no_line_are_no_sign_of_life(bench: Bench) -> None:
    bench.start(spawn=Babbler, stall_timeout=0.1)
    error, samples = bench.crash()
    assert isinstance(error, WorkerSilentError)
    assert str(error) == "worker 3: no sample for 0.1 s"
    assert (values(samples), samples[-1].malformed) == ([1], 1)


def test_malformed_lines_are_no_sign_of_life(bench: Bench) -> None:
    bench.start(*FAST, "-malformed-every", "1", stall_timeout=1.5)
    error, samples = bench.crash()
    assert isinstance(error, WorkerSilentError)
    assert str(error) == "worker 3: no sample for 1.5 s"
    assert values(samples) == []
    assert sum(batch.malformed for batch in samples) == samples[-1].received


def test_an_answer_of_malformed_lines_alone_is_refused(bench: Bench) -> None:
    bench.start(*FAST, "-malformed-every", "1", numbers_per_request=3)
    error, _ = bench.crash()
    assert isinstance(error, WorkerRefusedError)
    assert str(error) == "worker 3: the answer ended without a sample"


def test_malformed_lines_that_come_together_are_told_together(bench: Bench) -> None:
    lines = ("-malformed-every", "1", "-lines-per-chunk", "100")
    bench.start(*FAST, *lines, numbers_per_request=100)
    _, samples = bench.crash()
    events = bench.seen(MalformedLine)
    assert len(events) == len(samples)
    assert sum(event.number for event in events) == 100
    assert "malformed lines, the last: b" in str(max(events, key=lambda event: event.number))


@pytest.mark.parametrize("kind", ["fraction", "digits", "bytes", "megabytes"])
def test_malformed_lines_of_any_kind_are_shown_in_part(bench: Bench, kind: str) -> None:
    bench.start(*FAST, "-malformed-every", "2", "-malformed", kind, "-crash-at", "6")
    _, samples = bench.crash()
    assert values(samples) == [0, 2, 4]
    assert sum(batch.malformed for batch in samples) == 2
    for event in bench.seen(MalformedLine):
        assert event.line.startswith(b"rnd=")
        assert len(event.line) <= 256
        assert str(event).isascii()
        assert "\n" not in str(event)


@pytest.mark.parametrize(
    "flags",
    [
        ("-crlf",),
        ("-bytes-per-chunk", "1"),
        ("-crlf", "-bytes-per-chunk", "2", "-lines-per-chunk", "5", "-empty-every", "2"),
    ],
)
def test_lines_are_read_right_however_they_are_sent(bench: Bench, flags: tuple[str, ...]) -> None:
    bench.start(*FAST, *flags, "-crash-at", "9")
    _, samples = bench.crash()
    assert values(samples) == list(range(8))
    assert samples[-1].received == 8


def test_one_that_says_it_listens_and_does_not_is_given_up(bench: Bench) -> None:
    bench.start(*FAST, "-deaf", start_timeout=0.2)
    error, _ = bench.crash()
    assert isinstance(error, WorkerStartError)


def test_noise_on_both_outputs_holds_nobody_up(bench: Bench) -> None:
    bench.start(*FAST, "-noise", "256", "-crash-at", "30")
    error, samples = bench.crash()
    assert values(samples) == list(range(29))
    assert len(error.last_words) == 20


def test_a_child_of_the_worker_ends_with_it(bench: Bench) -> None:
    bench.start(*FAST, "-child", "-crash-at", "3")
    error, _ = bench.crash()
    child = int(error.last_words[0].removeprefix("worker has a child: "))
    until(lambda: not lives(child))


def test_stopping_it_ends_the_process_and_loses_no_line(bench: Bench) -> None:
    bench.start("-interval", "0", "-consecutive")
    bench.collector.expect(Samples)
    bench.workers.tell(ShutDown())
    bench.workers.join()
    with pytest.raises(ProcessLookupError):
        os.kill(bench.seen(WorkerSpawned)[0].pid, 0)


def test_one_that_ignores_the_polite_end_is_killed_after_its_grace(bench: Bench) -> None:
    bench.start(*FAST, "-ignore-term", grace=0.1)
    bench.collector.expect(Samples)
    bench.workers.tell(ShutDown())
    bench.workers.join()
    with pytest.raises(ProcessLookupError):
        os.kill(bench.seen(WorkerSpawned)[0].pid, 0)
