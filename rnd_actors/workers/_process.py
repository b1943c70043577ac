"""The process of one worker: its start, its output, its end."""

import os
import posix  # gevent's os.posix_spawn watches too, and keeps every exit for a minute
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Self

import gevent
from gevent.event import Event
from gevent.os import make_nonblocking, nb_read
from gevent.socket import wait_read

from rnd_actors.errors import WorkerStartError
from rnd_actors.workers._guardian import GUARDIAN
from rnd_actors.workers._ports import port_or_another
from rnd_actors.workers._settings import WorkerSettings
from rnd_actors.workers._stream import WorkerStream

__all__ = ["WorkerProcess"]

_LAST_LINES: Final = 20
_LONGEST_LINE: Final = 500
_READ_SIZE: Final = 65536
_REAP_PATIENCE_S: Final = 5.0
"""The kernel may take its time to end a process that waits for a device."""
_LAST_WORDS_PATIENCE_S: Final = 0.2
"""A child of the worker may keep its output open after the worker has gone."""


class WorkerProcess:
    """A running worker, in a process group of its own, with its stdout and stderr on one pipe.

    It dies with this program, however that ends: a guardian sees to it. `posix_spawn` starts it,
    which takes about a millisecond where gevent's `Popen`, a fork in Python, takes five to ten:
    sixteen workers start one after another.

    Args:
        command: the program and its arguments.
        port: where it will listen.

    Raises:
        WorkerStartError: the operating system cannot start this command.

    Example:
        >>> from rnd_actors import WorkerProcess
        >>> process = WorkerProcess(("/bin/sh", "-c", "exit 3"))
        >>> process.exited.wait()
        True
        >>> process.exit_code
        3
        >>> process.end(grace=1.0)
    """

    def __init__(self, command: Sequence[str], port: int = 0) -> None:
        self.port = port
        # Before the spawn: an exit that comes before the handler would never be noticed.
        gevent.get_hub().loop.install_sigchld()
        self._output, child_output = os.pipe()
        make_nonblocking(self._output)
        try:
            self.pid = _spawn(command, child_output)
        except WorkerStartError:
            os.close(self._output)
            raise
        finally:
            os.close(child_output)
        self.exited = Event()
        self.exit_code: int | None = None
        """As in `subprocess`: -9 means that signal 9 ended it; None as long as it runs."""
        self.said_started = Event()
        """Set once it has logged a line with `started`, as workers do when they listen."""
        self.output_ended = Event()
        self._last_words: deque[str] = deque(maxlen=_LAST_LINES)
        self._watch_exit()

    @classmethod
    def spawn(cls, settings: WorkerSettings) -> Self:
        """Start the worker that the settings describe, on another port if its own is taken."""
        port = port_or_another(settings.port)
        return cls(settings.command(port), port)

    @staticmethod
    def kill_all() -> None:
        """Kill all workers of this program, without waiting for their ends; for its last moment."""
        GUARDIAN.kill_groups()

    def read_output(self) -> None:
        """Read all that the process writes until it ends, so that it is never held up."""
        rest = b""
        while chunk := self._read_some():
            if b"started" in rest + chunk:
                self.said_started.set()
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[:_LONGEST_LINE]
            for line in lines[-_LAST_LINES:]:
                self._note(line)
        self._note(rest)
        self.output_ended.set()

    def _read_some(self) -> bytes:
        wait_read(self._output)  # also if something is there, or a flood would stop everybody else
        some: bytes = nb_read(self._output, _READ_SIZE)
        return some

    def last_words(self) -> tuple[str, ...]:
        """The last 20 lines that the process wrote, 500 bytes of each at most."""
        if self.exited.is_set():
            self.output_ended.wait(_LAST_WORDS_PATIENCE_S)
        return tuple(self._last_words)

    def open_stream(self, settings: WorkerSettings) -> WorkerStream:
        """Ask it for numbers over HTTP."""
        return WorkerStream(
            self.port, settings.id, settings.numbers_per_request, settings.stall_timeout
        )

    def end(self, grace: float) -> None:
        """End the whole process group: SIGTERM first, SIGKILL after `grace` seconds.

        One that somebody has stopped is continued, for it hears no SIGTERM before.
        """
        try:
            if not self.exited.is_set():
                self._signal_group(signal.SIGTERM)
                self._signal_group(signal.SIGCONT)
                self.exited.wait(grace)
        finally:
            self._end_by_force()

    def _end_by_force(self) -> None:
        self._signal_group(signal.SIGKILL)
        try:
            self.exited.wait(_REAP_PATIENCE_S)
        finally:
            os.close(self._output)
            GUARDIAN.remove(self.pid)

    def _note(self, line: bytes) -> None:
        text = line[:_LONGEST_LINE].decode(errors="backslashreplace").rstrip()
        if text:
            self._last_words.append(text)

    def _watch_exit(self) -> None:
        def on_exit() -> None:
            self.exit_code = os.waitstatus_to_exitcode(watcher.rstatus)
            watcher.stop()
            watcher.close()
            self.exited.set()
            self.said_started.set()

        watcher = gevent.get_hub().loop.child(self.pid)
        watcher.start(on_exit)

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _spawn(command: Sequence[str], output: int) -> int:
    """Start a process under the eyes of the guardian; return its number, also of its group."""
    environment = GUARDIAN.environment()
    try:
        pid = posix.posix_spawn(
            command[0],
            list(command),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ],
            setpgroup=0,
            setsigdef=[signal.SIGPIPE],
        )
    except OSError as error:
        GUARDIAN.end_if_idle()
        raise WorkerStartError(f"cannot start {command[0]}: {error.strerror}") from error
    GUARDIAN.add(pid)
    return pid
