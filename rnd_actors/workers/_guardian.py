"""The guardian: a small process that kills the workers of this program when it has died."""

import itertools
import math
import os
import posix  # gevent puts off a close, which is too late in a fork, and watches on one loop alone
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import gevent
from gevent import monkey
from gevent.lock import Semaphore

from rnd_actors._descriptors import open_descriptors
from rnd_actors.errors import WorkerStartError
from rnd_actors.workers._family import inherit_orphans

_VARIABLE: Final = "WORKER_OF_RND_ACTORS"
"""The environment of each worker has it, with the name of the program that started the worker."""
_COMMAND: Final = ("/bin/sh", str(Path(__file__).with_suffix(".sh")))
_IGNORED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_STDERR: Final = 2
_REAP_PATIENCE_S: Final = 1.0
_REAP_INTERVAL_S: Final = 0.001
_LOOP_TURN_S: Final = 1e-6
"""Any time above 0: fifty greenlets that `sleep(0)` may go on before the loop looks at timers."""
_REPLACEMENT_INTERVAL_S: Final = 1.0
"""One that dies again sooner is replaced when that is over: there may be no end to it."""


class Guardian:
    """Starts, with the first worker, a small process that kills what this program leaves behind.

    A program killed with SIGKILL cannot clean up. The guardian, in a session of its own, notices
    that by a pipe which closes. It receives the number of every process group that begins or ends;
    on Linux it also recognizes workers by a variable in their environment. It ends with the last
    worker or run, and is replaced if it is killed itself. Each thread with an event loop has one.
    """

    def __init__(self) -> None:
        self.process: _Process | None = None
        self.groups: set[int] = set()
        self.runs = 0
        """The number of runs that go on, and may start workers again when none is left."""
        self.inherited: list[int] = []
        """Descriptors that this program was started with, and no worker is to have."""
        self._name = f"{os.getpid()}-{os.urandom(8).hex()}"
        self._numbers = itertools.count(1)
        self._replaced_at = -math.inf
        self._later: Any = None
        self._turns = Semaphore()

    def await_turn(self) -> None:
        """Wait until the event loop has looked at sockets and timers since the turn before.

        To be called before a worker is started or ended, which takes a millisecond: hundreds may
        start or end at once.
        """
        with self._turns:
            gevent.sleep(_LOOP_TURN_S)

    def mark(self) -> str:
        """Return the variable for the environment of a worker, as `NAME=value`.

        The guardian, which is started if none runs, recognizes the worker by it.

        Raises:
            WorkerStartError: the operating system cannot start a guardian.
        """
        if self.process is None:
            self._start()
        return f"{_VARIABLE}={self._name}.{next(self._numbers)}"

    def add(self, group: int) -> None:
        """Add a process group that has been started."""
        self.groups.add(group)
        self._tell(b"+%d\n" % group)

    def remove(self, group: int) -> None:
        """Remove a process group that has ended."""
        self.groups.discard(group)
        self._tell(b"-%d\n" % group)
        self.end_if_idle()

    def end_if_idle(self) -> None:
        """End the guardian unless there are workers, or a run that may start some."""
        if self.groups or self.runs or self.process is None:
            return
        process, self.process = self.process, None
        if not any(other.process for other in _guardians.values()):
            inherit_orphans(do=False)
        process.kill()
        process.await_end()

    def _start(self) -> None:
        self.inherited = _inheritable_descriptors()
        self.process = _Process(f"{_VARIABLE}={self._name}", self._replace)
        inherit_orphans(do=True)
        for group in self.groups:
            self._tell(b"+%d\n" % group)

    def _tell(self, line: bytes) -> None:
        if self.process is not None:
            try:
                self.process.tell(line)
            except OSError:  # dead, or so stuck that its pipe is full
                self._replace(self.process)

    def _replace(self, process: "_Process") -> None:
        if process is not self.process:
            return
        self.process = None
        process.kill()
        process.reap()
        left = self._replaced_at + _REPLACEMENT_INTERVAL_S - time.monotonic()
        if left <= 0:
            self._start_again()
        else:
            self._later = gevent.get_hub().loop.timer(left, ref=False)
            self._later.start(self._start_again)

    def _start_again(self) -> None:
        """Start another process, unless there is one again or no worker is left."""
        if self._later is not None:
            self._later.close()
            self._later = None
        if self.groups and self.process is None:
            self._replaced_at = time.monotonic()
            with suppress(WorkerStartError):
                self._start()


class _Process:
    """The process of a guardian, and the pipe to it."""

    def __init__(self, mark: str, died: "Callable[[_Process], None]") -> None:
        stdin, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        environment = {name: value for name, value in os.environ.items() if name != _VARIABLE}
        try:
            self._pid = posix.posix_spawn(
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
        # The end of the pipe that is written to shows when nobody reads it any more.
        self._watcher = gevent.get_hub().loop.io(self._pipe, 1, ref=False)
        self._watcher.start(died, self)

    def tell(self, line: bytes) -> None:
        """Write a line to the process; never wait."""
        os.write(self._pipe, line)

    def kill(self) -> None:
        """Kill the process, and close the pipe only then, or it would begin its work."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        self.let_go()

    def await_end(self) -> None:
        """Wait until the process has ended, for a second at most."""
        give_up_at = time.monotonic() + _REAP_PATIENCE_S
        while not self.reap() and time.monotonic() < give_up_at:
            gevent.sleep(_REAP_INTERVAL_S)

    def reap(self) -> bool:
        """Reap the process if it has ended; return whether it has."""
        try:
            return posix.waitpid(self._pid, os.WNOHANG) != (0, 0)
        except ChildProcessError:  # the event loop has waited for it
            return True

    def let_go(self) -> None:
        """Close the pipe to the process."""
        self._watcher.stop()
        self._watcher.close()
        posix.close(self._pipe)


def _inheritable_descriptors() -> list[int]:
    """Return the inherited descriptors beside 0, 1 and 2; Python makes its own not inheritable.

    Those above the limit of open files, which was higher when they were opened, become so here:
    `posix_spawn` of the C library does not accept that they are closed.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = []
    for number in open_descriptors():
        with suppress(OSError):
            if number <= _STDERR or not os.get_inheritable(number):
                continue
            if 0 <= allowed <= number:
                os.set_inheritable(number, False)  # noqa: FBT003
            else:
                found.append(number)
    return found


_guardians: dict[int, Guardian] = {}
"""Of each thread."""

_thread_id = monkey.get_original("_thread", "get_ident")


def guardian() -> Guardian:
    """Return the guardian of the current thread."""
    thread = _thread_id()
    if thread not in _guardians:
        _guardians[thread] = Guardian()
    return _guardians[thread]


@contextmanager
def guarded() -> Iterator[None]:
    """Keep the guardian, once it has started, while the block runs: a start takes time."""
    mine = guardian()
    mine.runs += 1
    try:
        yield
    finally:
        if guardian() is mine:  # and this is no fork
            mine.runs -= 1
            mine.end_if_idle()


def kill_all_groups() -> None:
    """Kill all process groups of this program, and wait for none; signal handlers may call it."""
    for each in tuple(_guardians.values()):
        for group in tuple(each.groups):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _forget() -> None:
    """Forget, in a forked child, the guardians: they watch the workers of the parent."""
    for each in _guardians.values():
        if each.process is not None:
            each.process.let_go()
    _guardians.clear()


os.register_at_fork(after_in_child=_forget)
