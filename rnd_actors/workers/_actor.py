"""The worker actor: it owns one process and one stream, and sends the samples to a collector."""

import time
from contextlib import closing
from typing import Final, Never

import gevent

from rnd_actors.actors import Actor, ActorRef, ExitReason
from rnd_actors.errors import (
    StreamCutError,
    WorkerBusyError,
    WorkerError,
    WorkerExitedError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerStartError,
    WorkerUnreachableError,
)
from rnd_actors.workers._log import WorkerLog
from rnd_actors.workers._process import WorkerProcess, describe_exit
from rnd_actors.workers._stream import LineParser
from rnd_actors.workers._worker import (
    MalformedLine,
    PortTaken,
    Samples,
    Spawn,
    Stream,
    Worker,
    WorkerLogLost,
    WorkerSettings,
    WorkerSpawned,
    WorkerStreaming,
)

_FIRST_RETRY_S: Final = 0.01
_LAST_RETRY_S: Final = 0.25
_RETRY_GROWTH: Final = 1.5
"""From one pause to the next between two attempts, while the worker does not listen yet or is busy:
many listen within milliseconds, and those that take seconds need no haste."""
_LAST_OUTPUT_PATIENCE_S: Final = 0.2
"""How long the output is read that a worker wrote before its end."""
_EXIT_PATIENCE_S: Final = 0.5
"""How long to wait, when a connection fails, for the exit that explains it."""


class WorkerActor(Actor[Never]):
    """Runs one third-party worker and sends what it reads as `Samples` to `collector`.

    Its greenlet owns the process and the connection; it accepts no messages. It crashes, with a
    `WorkerError` that gives the reason, when the worker exits, is silent, refuses or never listens;
    a restart is a new process. A worker that answers 429 is busy, which is no crash: it is asked
    again for as long as it may take to start. Every line that was read reaches the collector before
    the end is reported, also when the actor is stopped.

    Args:
        settings: what to run.
        collector: gets the samples.
        spawn: how the worker is started; a simulated one can take the place of a process.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Restart
        >>> from rnd_actors.workers import Samples
        >>> from rnd_actors import WorkerSettings
        >>> from rnd_actors.workers import WorkerActor, choose_ports
        >>> class First(Actor[Samples]):
        ...     def receive(self, message: Samples) -> None:
        ...         print(f"worker {message.worker} sends {type(message.values[0])}")
        ...         self.stop()
        >>> [port] = choose_ports(0, 1)
        >>> settings = WorkerSettings(id=3, port=port)
        >>> with ActorSystem() as system:
        ...     first = system.start(ChildSpec("first", First, restart=Restart.TEMPORARY))
        ...     worker = system.start(ChildSpec("3", lambda: WorkerActor(settings, first)))
        ...     first.join()
        worker 3 sends <class 'int'>
        Normal()
    """

    def __init__(
        self,
        settings: WorkerSettings,
        collector: ActorRef[Samples],
        spawn: Spawn = WorkerProcess.spawn,
    ) -> None:
        self._settings = settings
        self._collector = collector
        self._spawn = spawn
        self._worker: Worker | None = None
        self._log: WorkerLog | None = None
        self._reading: gevent.Greenlet[..., None] | None = None
        self._malformed: list[bytes] = []
        self._parser = LineParser(self._malformed.append)
        self._next_seq = 0
        self._unsent: Samples | None = None

    def on_start(self) -> None:
        settings = self._settings
        self._worker = worker = self._spawn(settings)
        who = settings.id, self._number
        if worker.port != settings.port:
            self.publish(PortTaken(*who, settings.port, worker.port))
        self.publish(WorkerSpawned(*who, worker.pid, worker.port))
        if settings.log is not None:
            self._log = WorkerLog(
                settings.log,
                settings.id,
                lost=lambda error: self.publish(WorkerLogLost(*who, str(error))),
            )
            self._log.mark(f"{self._title}: pid {worker.pid}, port {worker.port}")
        keep = bool if self._log is None else self._log.write
        self._reading = gevent.spawn(worker.read_output, keep)

    def run(self) -> None:
        worker = self._worker
        assert worker is not None  # noqa: S101  # on_start has returned
        try:
            self._read(self._open(worker, listens=False))
            while True:
                self._read(self._open(worker, listens=True))
        except WorkerError as error:
            raise self._explained(error, worker) from error

    def on_stop(self, reason: ExitReason) -> None:
        try:
            if self._worker is not None:
                self._worker.end(self._settings.grace)
            if self._reading is not None:
                self._reading.join(_LAST_OUTPUT_PATIENCE_S)
        finally:
            if self._reading is not None:  # a child that outlived the worker may hold its output
                self._reading.kill(block=False)
            if self._log is not None:
                self._log.mark(f"{self._title}: {reason}")
                self._log.close()
        if self._unsent is not None:
            self._collector.tell(self._unsent)

    @property
    def lines_read(self) -> int:
        """How many lines this incarnation has read; the last ones may wait for the collector."""
        return self._parser.received

    @property
    def _number(self) -> int:
        """Its incarnation, among all that the worker has had in the run."""
        return self._settings.earlier_incarnations + self.incarnation

    @property
    def _title(self) -> str:
        return f"worker {self._settings.id}, incarnation {self._number}"

    def _open(self, worker: Worker, *, listens: bool) -> Stream:
        """Ask until the worker answers: it may not listen yet, or stream to somebody else."""
        patience, pause = self._settings.start_timeout, _FIRST_RETRY_S
        give_up_at = time.monotonic() + patience
        if not listens:
            worker.said_started.wait(_FIRST_RETRY_S)
        while True:
            trouble: WorkerError
            try:
                return worker.open_stream(self._settings)
            except (WorkerUnreachableError, StreamCutError) as error:
                if listens or worker.exited.is_set():
                    raise
                sign = worker.exited if worker.said_started.is_set() else worker.said_started
                is_cut = isinstance(error, StreamCutError)
                what = "answers no request" if is_cut else "does not listen"
                trouble = WorkerStartError(f"{what} on port {worker.port} after {patience:g} s")
            except WorkerBusyError as busy:
                sign = worker.exited
                trouble = WorkerBusyError(f"{busy}, for {patience:g} s")
            left = give_up_at - time.monotonic()
            if left <= 0:
                raise trouble
            sign.wait(min(pause, left))
            pause = min(pause * _RETRY_GROWTH, _LAST_RETRY_S)

    def _read(self, stream: Stream) -> None:
        """Read one answer to its end, as long as samples come: other lines are no sign of life."""
        first_seq = seq = self._next_seq
        patience = self._settings.stall_timeout
        with closing(stream):
            self.publish(WorkerStreaming(self._settings.id, self._number))
            due = time.monotonic() + patience
            try:
                for chunk in stream:
                    self._deliver(self._parser.feed(chunk))
                    if self._next_seq > seq:
                        seq, due = self._next_seq, time.monotonic() + patience
                    elif time.monotonic() > due:
                        raise WorkerSilentError(f"no sample for {patience:g} s")
            except WorkerError:
                self._finish_answer()
                raise
        self._finish_answer()
        if self._next_seq == first_seq:
            raise WorkerRefusedError("the answer ended without a sample")

    def _finish_answer(self) -> None:
        self._parser.finish()
        self._deliver([])

    def _deliver(self, values: list[int]) -> None:
        malformed = len(self._malformed)
        if not values and not malformed:
            return
        if malformed:
            line = self._malformed[-1]
            self._malformed.clear()
            self.publish(MalformedLine(self._settings.id, self._number, line, malformed))
        self._unsent = Samples(
            worker=self._settings.id,
            incarnation=self._number,
            first_seq=self._next_seq,
            values=tuple(values),
            malformed=malformed,
            received=self._parser.received,
            received_at=time.monotonic(),
        )
        self._next_seq += len(values)
        self._collector.tell(self._unsent)
        self._unsent = None
        if values:
            self.mark_healthy()

    def _explained(self, error: WorkerError, worker: Worker) -> WorkerError:
        """Return the error with what happened to the worker, and its last words."""
        who = f"worker {self._settings.id}"
        if isinstance(error, StreamCutError | WorkerUnreachableError):
            worker.exited.wait(_EXIT_PATIENCE_S)
            if worker.exited.is_set():
                how = describe_exit(worker.exit_code)
                return WorkerExitedError(f"{who} {how}", worker.last_words())
        return type(error)(f"{who}: {error}", worker.last_words())
