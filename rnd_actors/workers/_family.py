"""The family of a worker: every process that its start has led to, wherever that went.

A worker may be a shell that starts the real one, may leave its process group or session, or fork
twice and lose its parent. On Linux its family is its process group, its descendants, and processes
that this program has inherited, which a mark in their environment tells. To inherit them the
program is a child subreaper (`prctl(2)`) while it has workers. Elsewhere it is the process group.
"""

import ctypes
import os
import posix  # gevent waits for what it watches itself
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import gevent

_HAS_PROC: Final = sys.platform == "linux" and Path("/proc/self/task").is_dir()
_SET_CHILD_SUBREAPER: Final = 36
_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NOBODY: Final = 0
_ANY_STATE: Final = 0xFFFFFFFF
_HEADER: Final = 16
_INODE: Final = 68
"""The place of the inode in an `inet_diag_msg`."""
_LONGEST_ANSWER: Final = 4096
_PATIENCE_S: Final = 1.0
"""How long to kill again the processes that a family goes on starting."""
_ROUND_S: Final = 0.005
_CALM_ROUNDS: Final = 2
"""Looks in a row that have to find nobody: one does not see a process that was started between the
look and the kill, or that loses its parent while the processes are counted."""

_first_ones: set[int] = set()
"""The first processes of all families. They are no orphans, so their environments are not read."""


class Family:
    """The processes that began with `pid`, the leader of a process group.

    All of them have the variable `mark`, a text `NAME=value`, in their environment.
    """

    def __init__(self, pid: int, mark: str) -> None:
        self._pid = pid
        self._program = os.getpid()
        self._mark = mark.encode()
        self._to_reap: set[int] = set()
        """Others that were killed; this program may be their parent by now."""
        _first_ones.add(pid)

    def signal(self, number: signal.Signals) -> set[int]:
        """Send a signal to each process once; return those beside the first one.

        In a fork of the program nobody gets it.
        """
        if os.getpid() != self._program:
            return set()
        others = self._others()
        if number == signal.SIGKILL:
            self._to_reap |= others
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)
        for pid in others:
            with suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) != self._pid:
                    os.kill(pid, number)
        return others

    def end(self) -> None:
        """Kill all processes, also those that start meanwhile; give up after a second."""
        give_up_at = time.monotonic() + _PATIENCE_S
        calm = 0
        try:
            while True:
                others = self.signal(signal.SIGKILL)
                strangers = set(_children_of(os.getpid())) - _first_ones
                is_calm = not (others or self._are_left() or _are_changing(strangers))
                calm = calm + 1 if is_calm else 0
                if calm == _CALM_ROUNDS or time.monotonic() > give_up_at:
                    break
                gevent.sleep(_ROUND_S)
        finally:
            _first_ones.discard(self._pid)

    def _are_left(self) -> bool:
        """Reap the killed processes; return whether some have not ended yet.

        While a process ends its environment is gone, and with it the mark.
        """
        for pid in self._to_reap - _first_ones:
            with suppress(ChildProcessError):  # it is not inherited yet, or reaped already
                posix.waitpid(pid, os.WNOHANG)
        self._to_reap = {pid for pid in self._to_reap if Path(f"/proc/{pid}").exists()}
        return bool(self._to_reap)

    def serves(self, port: int, client_port: int) -> bool:
        """Whether the family holds the other end of a connection from `client_port` to `port`.

        True also where nobody can tell: elsewhere than on Linux, if nobody holds it any more and
        nobody listens, or if one of the processes may not be looked at.
        """
        if not _HAS_PROC:
            return True
        seen: int | None = None
        while inode := _socket_at(port, client_port) or _socket_at(port, _NOBODY):
            link = f"socket:[{inode}]"
            if _holds(self._pid, link) or any(_holds(pid, link) for pid in self._others()):
                return True
            if inode == seen:  # or else its holder may have ended meanwhile
                return False
            seen = inode
        return True

    def _others(self) -> set[int]:
        """Return the living processes beside the first one, as far as they can be found."""
        if not _HAS_PROC:
            return set()
        children = set(_children_of(os.getpid()))
        orphans = {pid for pid in children - _first_ones if _is_marked(pid, self._mark)}
        ancestors = orphans | (children & {self._pid})  # its number may be another's by now
        return set(filter(_lives, orphans.union(_descendants_of(ancestors))))


def kill_marked(mark: str) -> list[int]:
    """Kill the groups of the children with a mark; return their leaders, none without /proc.

    A child that is in its `execve` is waited for: nobody could tell whether it is one of them.
    """
    give_up_at = time.monotonic() + _PATIENCE_S
    while _are_changing(_children_of(os.getpid())) and time.monotonic() < give_up_at:
        os.sched_yield()
    marked = [pid for pid in _children_of(os.getpid()) if _is_marked(pid, mark.encode())]
    for pid in marked:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _first_ones.discard(pid)
    return marked


def inherit_orphans(*, do: bool) -> None:
    """Make this program the parent of all descendants that lose theirs, or stop that."""
    if _HAS_PROC:
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(do), 0, 0, 0)


def _is_marked(pid: int, mark: bytes) -> bool:
    return mark in _read(pid, "environ").split(b"\0")


def _are_changing(pids: Iterable[int]) -> bool:
    """Whether one of these is in an `execve`, during which its mark cannot be read."""
    return any(not (_read(pid, "cmdline") or _read(pid, "environ")) and _lives(pid) for pid in pids)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _descendants_of(pids: Iterable[int]) -> Iterator[int]:
    for pid in pids:
        children = _children_of(pid)
        yield from children
        yield from _descendants_of(children)


def _children_of(pid: int) -> list[int]:
    """Return the children of all threads of a process, none if it has ended."""
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  # nothing to be slow with
            with suppress(OSError):
                each = Path(f"/proc/{pid}/task/{thread}/children").read_bytes()
                children += map(int, each.split())
    return children


def _lives(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return status.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def _socket_at(port: int, client_port: int) -> int | None:
    """Return the inode of the server's end of a connection, or of a listener if nobody is client.

    The kernel is asked for just this one (`sock_diag(7)`): `/proc/net/tcp` takes it milliseconds.
    """
    address = socket.inet_aton("127.0.0.1")
    wanted = struct.pack("!HH16s16sI8s", port, client_port, address, address, 0, b"\xff" * 8)
    request = struct.pack("=BBxxI", socket.AF_INET, socket.IPPROTO_TCP, _ANY_STATE) + wanted
    header = struct.pack("=IHHII", _HEADER + len(request), _SOCK_DIAG_BY_FAMILY, 1, 0, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
            kernel.send(header + request)
            answer = kernel.recv(_LONGEST_ANSWER)
    except OSError:  # such a kernel, or one that may not be asked
        return None
    (kind,) = struct.unpack_from("=H", answer, 4)
    if kind != _SOCK_DIAG_BY_FAMILY:
        return None
    (inode,) = struct.unpack_from("=I", answer, _HEADER + _INODE)
    return inode or None


def _holds(pid: int, link: str) -> bool:
    """Whether a process has this open; True also if that may not be looked at."""
    folder = f"/proc/{pid}/fd"
    try:
        for name in os.listdir(folder):  # noqa: PTH208
            with suppress(FileNotFoundError):
                if os.readlink(f"{folder}/{name}") == link:  # noqa: PTH115
                    return True
    except OSError as error:
        return isinstance(error, PermissionError)
    return False
