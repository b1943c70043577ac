"""The process of one worker: its start, its output, its end."""

import os
import posix  # gevent's spawn watches too, and its close waits for a loop that may be over
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import gevent
from gevent.event import Event
from gevent.os import make_nonblocking, nb_read
from gevent.socket import wait_read

from rnd_actors.errors import WorkerRefusedError, WorkerStartError, WorkerUnreachableError
from rnd_actors.workers._family import Family, kill_marked
from rnd_actors.workers._guardian import guarded, guardian, kill_all_groups
from rnd_actors.workers._ports import Port
from rnd_actors.workers._stream import WorkerStream
from rnd_actors.workers._worker import WorkerSettings

_LAST_LINES: Final = 20
_LONGEST_LINE: Final = 500
_READ_SIZE: Final = 65536
_REAP_PATIENCE_S: Final = 5.0
"""The kernel may take its time to end a process that waits for a device."""
_LAST_WORDS_PATIENCE_S: Final = 0.2
"""A child of the worker may keep its output open after the worker has gone."""
_EXIT_PATIENCE_S: Final = 0.5
_LAST_LINES_PATIENCE_S: Final = 0.5
"""How long the lines are read that a worker sent before its end; then its connection is cut."""
_DEFAULT_SIGNALS: Final = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class WorkerProcess:
    """A running worker, in a process group of its own, with its stdout and stderr on one pipe.

    All processes that it has led to end when it exits, when it is ended, and with this program: a
    guardian kills them if the program cannot. It gets the descriptors 0, 1 and 2 alone, and all
    signals at their defaults. `posix_spawn` starts it in about a millisecond, gevent's `Popen` in
    five to ten, and sixteen workers start one after another.

    Args:
        command: the program and its arguments.
        port: where it will listen.

    Raises:
        WorkerStartError: the operating system cannot start this command.
    """

    def __init__(self, command: Sequence[str], port: int = 0) -> None:
        self.port = port
        self._claim: Port | None = None
        self._stream: WorkerStream | None = None
        self._is_read = False
        """Whether somebody reads its output, and so closes it."""
        self._is_over = False
        self.exited = Event()
        self.exit_code: int | None = None
        self.said_started = Event()
        self.output_ended = Event()
        self._last_words: deque[str] = deque(maxlen=_LAST_LINES)
        _prepare_to_watch()
        self._output, child_output = os.pipe()
        make_nonblocking(self._output)
        mark = ""
        try:
            mark = guardian().mark()
            self.pid = _spawn(command, mark, child_output)
            self._family = Family(self.pid, mark)
            _watch_exit(self.pid, self._has_exited)
        except BaseException:  # a signal handler may raise anywhere, also before the pid is known
            posix.close(self._output)
            if mark:  # or else no process was started
                _end_lost(mark)
            raise
        finally:
            posix.close(child_output)

    @classmethod
    def spawn(cls, settings: WorkerSettings) -> Self:
        """Start the worker that the settings describe, on another port if its own is taken."""
        guardian().await_turn()
        claim = Port(settings.port)
        try:
            worker = cls(settings.command(claim.number), claim.number)
        except BaseException:
            claim.release()
            raise
        worker._claim = claim
        return worker

    guarded = staticmethod(guarded)
    kill_all = staticmethod(kill_all_groups)

    def read_output(self, keep: Callable[[bytes], object]) -> None:
        """Read the output until it ends, so that the worker never waits; hand pieces to `keep`."""
        if self._is_over:
            return
        self._is_read = True
        try:
            self._read_lines(keep)
        finally:
            posix.close(self._output)
        self.output_ended.set()

    def _read_lines(self, keep: Callable[[bytes], object]) -> None:
        rest = b""
        while chunk := self._read_some():
            keep(chunk)
            if b"started" in rest + chunk:
                self.said_started.set()
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[:_LONGEST_LINE]
            for line in lines[-_LAST_LINES:]:
                self._note(line)
        self._note(rest)

    def _read_some(self) -> bytes:
        wait_read(self._output)  # also if something is there, or a flood would stop everybody else
        some: bytes = nb_read(self._output, _READ_SIZE)
        return some

    def _note(self, line: bytes) -> None:
        text = line[:_LONGEST_LINE].decode(errors="backslashreplace").rstrip()
        if text:
            self._last_words.append(text)

    def last_words(self) -> tuple[str, ...]:
        """Return the last 20 lines that the process wrote, 500 bytes of each at most."""
        if self.exited.is_set():
            self.output_ended.wait(_LAST_WORDS_PATIENCE_S)
        return tuple(self._last_words)

    def open_stream(self, settings: WorkerSettings) -> WorkerStream:
        """Ask the worker for numbers over HTTP; its answer ends with its process."""
        self._check_lives()
        stream = WorkerStream(
            self.port, settings.id, settings.numbers_per_request, settings.stall_timeout
        )
        if not self._serves(stream):
            stream.close()
            self._check_lives()
            raise WorkerRefusedError(f"another program answers on its port {self.port}")
        self._stream = stream
        if self.exited.is_set():
            stream.end_soon(_LAST_LINES_PATIENCE_S)
        return stream

    def _check_lives(self) -> None:
        if self.exited.is_set():
            raise WorkerUnreachableError("has ended")

    def _serves(self, stream: WorkerStream) -> bool:
        """Whether the family gives this answer.

        A process that is ending has lost its descriptors while its sockets are open still, so that
        it is recognized only once it has ended.
        """
        ports = self.port, stream.client_port
        serves = self._family.serves
        return serves(*ports) or (self.exited.wait(_EXIT_PATIENCE_S) and serves(*ports))

    def end(self, grace: float) -> None:
        """End its whole family: SIGTERM first, SIGKILL after `grace` seconds.

        A stopped process is continued: it would not receive SIGTERM before.
        """
        try:
            if not self.exited.is_set():
                guardian().await_turn()
                self._family.signal(signal.SIGTERM)
                self._family.signal(signal.SIGCONT)
                self.exited.wait(grace)
            guardian().await_turn()
        finally:
            self._end_by_force()

    def _end_by_force(self) -> None:
        try:
            self._family.end()
            self.exited.wait(_REAP_PATIENCE_S)
        finally:
            self._is_over = True
            if not self._is_read:
                posix.close(self._output)
            if self._claim is not None:
                self._claim.release()
            guardian().remove(self.pid)

    def _has_exited(self, code: int | None) -> None:
        """In the loop: end what the process leaves behind, and with that its answer."""
        self.exit_code = code
        self._family.signal(signal.SIGKILL)
        self.exited.set()
        self.said_started.set()
        if self._stream is not None:
            self._stream.end_soon(_LAST_LINES_PATIENCE_S)


def describe_exit(code: int | None) -> str:
    """Return in words how a process has ended, from its exit code."""
    if code is None:
        return "has exited, and something else in this program knows with what code"
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:  # most of the real-time signals have no name
        return f"was ended by signal {-code}"


def _spawn(command: Sequence[str], mark: str, output: int) -> int:
    """Start a process that the guardian watches; return its number, which its group has, too."""
    name, _, value = mark.partition("=")
    try:
        pid = posix.posix_spawn(
            command[0],
            list(command),
            {**os.environ, name: value},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),  # `output` may be 0
                *((os.POSIX_SPAWN_CLOSE, inherited) for inherited in guardian().inherited),
            ],
            setpgroup=0,
            setsigmask=[],
            setsigdef=_DEFAULT_SIGNALS,
        )
    except OSError as error:
        guardian().end_if_idle()
        raise WorkerStartError(f"cannot start {command[0]}: {_why(error, command[0])}") from error
    guardian().add(pid)
    return pid


def _end_lost(mark: str) -> None:
    """End the process with this mark, if there is one: nobody will have its number."""
    for pid in kill_marked(mark):
        _wait_for(pid)
        guardian().remove(pid)


def _why(error: OSError, program: str) -> str:
    """Return why a program does not start: of a script, what is wrong with its interpreter."""
    first = b""
    with suppress(OSError), Path(program).open("rb") as file:
        first = file.read(_LONGEST_LINE).partition(b"\n")[0]
    if not (isinstance(error, FileNotFoundError) and first.startswith(b"#!")):
        return error.strerror or str(error)
    interpreter = first[2:].strip(b" \t").decode(errors="backslashreplace")
    if first.endswith(b"\r"):
        return f"its lines end in CRLF, so that its interpreter would be {interpreter!r}"
    return f"its first line names an interpreter that does not exist, {interpreter}"


def _prepare_to_watch() -> None:
    """Install what watches processes, before one starts and may exit."""
    loop: Any = gevent.get_hub().loop
    if loop.default:
        loop.install_sigchld()
        return
    try:
        posix.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError) as error:
        text = "on this system workers can run in the main thread alone"
        raise WorkerStartError(text) from error


def _watch_exit(pid: int, exited: Callable[[int | None], None]) -> None:
    """Call `exited(code)` when a child of this program has ended."""
    loop: Any = gevent.get_hub().loop
    descriptor = None if loop.default else os.pidfd_open(pid)  # only that loop watches children
    watcher = loop.child(pid) if descriptor is None else loop.io(descriptor, 1)

    def has_ended() -> None:
        code = os.waitstatus_to_exitcode(watcher.rstatus) if descriptor is None else _wait_for(pid)
        watcher.stop()
        watcher.close()
        if descriptor is not None:
            posix.close(descriptor)
        exited(code)

    watcher.start(has_ended)


def _wait_for(pid: int) -> int | None:
    """Return the exit code of a process that has ended; None if others have waited for it."""
    with suppress(ChildProcessError):  # the main thread's event loop waits for all children
        return os.waitstatus_to_exitcode(posix.waitpid(pid, 0)[1])
    return None
