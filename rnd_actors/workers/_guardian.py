"""The guardian: sees to it that no worker outlives this program, however the program ends."""

import math
import os
import posix  # gevent's os.close may put it off, which comes too late in a fork
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import gevent
from gevent.event import Event

from rnd_actors.errors import WorkerStartError

__all__ = ["GUARDIAN", "Guardian"]

_VARIABLE: Final = "WORKER_OF_RND_ACTORS"
"""In the environment of each worker: which program has started it."""
_COMMAND: Final = ("/bin/sh", str(Path(__file__).with_suffix(".sh")))
_IGNORED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_REAP_PATIENCE_S: Final = 1.0
_REPLACEMENT_INTERVAL_S: Final = 1.0
"""One that dies again sooner is replaced with the next worker only: there may be no end to it."""


class Guardian:
    """Starts, with the first worker, a small process that kills what this program leaves behind.

    A program that is killed with SIGKILL can do nothing any more; the guardian, in a session of its
    own, learns that it is dead from a pipe that closes then. It is told of every process group that
    begins and ends, and besides knows workers by a variable in their environment, on Linux. It ends
    with the last worker, and is replaced when it is killed itself.

    What remains: a program and its guardian killed at the same moment, and, elsewhere than on
    Linux, the milliseconds from the start of a worker's process to the line that tells of it.
    """

    def __init__(self) -> None:
        self._process: _Process | None = None
        self._groups: set[int] = set()
        self._name = _new_name()
        self._replaced_at = -math.inf

    def environment(self) -> dict[str, str]:
        """Return the environment that a worker is to be started with, now that there is a guardian.

        Raises:
            WorkerStartError: the operating system cannot start a guardian.
        """
        if self._process is None:
            self._start()
        return {**os.environ, _VARIABLE: self._name}

    def add(self, group: int) -> None:
        """Tell it of a process group that has been started."""
        self._groups.add(group)
        self._tell(b"+%d\n" % group)

    def remove(self, group: int) -> None:
        """Tell it of a process group that has ended."""
        self._groups.discard(group)
        self._tell(b"-%d\n" % group)
        self.end_if_idle()

    def kill_groups(self) -> None:
        """Kill all process groups now; it waits for nothing, so signal handlers may call it."""
        for group in tuple(self._groups):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def end_if_idle(self) -> None:
        """End it unless there are workers."""
        if self._groups or self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.exited.wait(_REAP_PATIENCE_S)

    def forget(self) -> None:
        """Be as new: a fork of the program has no part in the workers of the original."""
        if self._process is not None:
            self._process.close()
        self._process, self._groups, self._name = None, set(), _new_name()

    def _start(self) -> None:
        self._process = _Process(f"{_VARIABLE}={self._name}", self._replace)
        for group in self._groups:
            self._tell(b"+%d\n" % group)

    def _tell(self, line: bytes) -> None:
        if self._process is not None:
            try:
                self._process.tell(line)
            except OSError:  # dead, or so stuck that its pipe is full
                self._replace(self._process)

    def _replace(self, process: "_Process") -> None:
        if process is not self._process:
            return
        self._process = None
        process.kill()
        now = time.monotonic()
        if self._groups and now >= self._replaced_at + _REPLACEMENT_INTERVAL_S:
            self._replaced_at = now
            with suppress(WorkerStartError):
                self._start()


class _Process:
    """The process itself, and the pipe to it."""

    def __init__(self, mark: str, died: "Callable[[_Process], None]") -> None:
        gevent.get_hub().loop.install_sigchld()
        stdin, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        environment = {name: value for name, value in os.environ.items() if name != _VARIABLE}
        try:
            self._pid = os.posix_spawn(
                _COMMAND[0],
                [*_COMMAND, mark],
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, stdin, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setsid=True,
                setsigmask=_IGNORED,
            )
        except OSError as error:
            posix.close(self._pipe)
            raise WorkerStartError(f"cannot start a guardian: {error.strerror}") from error
        finally:
            posix.close(stdin)
        self.exited = Event()
        self._watch_exit(died)

    def tell(self, line: bytes) -> None:
        """Write a line to it, without waiting."""
        os.write(self._pipe, line)

    def kill(self) -> None:
        """End it before it does anything."""
        if not self.exited.is_set():
            os.kill(self._pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Close the pipe to it."""
        posix.close(self._pipe)

    def _watch_exit(self, died: "Callable[[_Process], None]") -> None:
        def on_exit() -> None:
            watcher.stop()
            watcher.close()
            self.exited.set()
            died(self)

        watcher = gevent.get_hub().loop.child(self._pid, ref=False)
        watcher.start(on_exit)


def _new_name() -> str:
    return f"{os.getpid()}-{os.urandom(8).hex()}"


GUARDIAN: Final = Guardian()
"""The one of this program."""

os.register_at_fork(after_in_child=GUARDIAN.forget)
