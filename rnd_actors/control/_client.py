"""Those who ask runs: which there are, and one question to one of them."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from rnd_actors.control._folder import RunAddress, addresses
from rnd_actors.errors import ControlError

_PATIENCE_S: Final = 15.0
"""How long an answer may take: a trace waits for messages, a busy run for its loop."""


def runs() -> tuple[RunAddress, ...]:
    """Return the runs of this user that go on; remove the sockets of those that are gone.

    Raises:
        ControlError: the folder of the sockets is not private.
    """
    return tuple(address for address in addresses() if _lives(address))


def find_run(run: str | None = None) -> RunAddress:
    """Return the run with this id; without one, the only run that there is.

    Raises:
        ControlError: there is no such run, or there are several; it names those that there are.
    """
    found = runs()
    names = ", ".join(address.id for address in found)
    if run is not None:
        for address in found:
            if address.id == run:
                return address
        there = f"the runs are: {names}" if found else "no run goes on"
        raise ControlError(f"there is no run {run}; {there}")
    if not found:
        raise ControlError("no run goes on; `rnd-actors run` starts one")
    if len(found) > 1:
        raise ControlError(f"several runs go on; say which one you mean: {names}")
    return found[0]


def ask(run: RunAddress, operation: str, **arguments: object) -> Any:
    """Ask a run to carry out an operation, and return its answer: plain data, as JSON knows it.

    Args:
        run: one that `runs` or `find_run` has returned.
        operation: `status`, `tree`, `dump`, `events`, `restart`, `stop` or `trace`.
        arguments: of the operation.

    Raises:
        ControlError: the run refuses, it has just ended, or it does not answer for 15 s.
    """
    for answer in _answers(run, operation, arguments, _PATIENCE_S):
        return answer
    raise _ended(run)


def follow(run: RunAddress, level: str = "info") -> Iterator[Any]:
    """Give the events of a run of a level or above as they happen, until it ends.

    Raises:
        ControlError: the run refuses, or it has just ended.
    """
    return _answers(run, "follow", {"level": level}, None)


def _answers(
    run: RunAddress, operation: str, arguments: dict[str, object], patience_s: float | None
) -> Iterator[Any]:
    request = json.dumps({"operation": operation, "arguments": arguments})
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience_s)
        try:
            connection.connect(str(run.socket))
            connection.sendall(request.encode() + b"\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    answer = json.loads(line)
                    if "error" in answer:
                        raise ControlError(f"run {run.id}: {answer['error']}")
                    yield answer["result"]
        except (TimeoutError, BlockingIOError):
            raise ControlError(
                f"run {run.id} does not answer: something holds up its loop, others ask it, "
                "or it is stopped"
            ) from None
        except (OSError, ValueError):  # a half line is none
            raise _ended(run) from None


def _lives(address: RunAddress) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_S)
        try:
            connection.connect(str(address.socket))
        except ConnectionRefusedError:
            with suppress(OSError):
                address.socket.unlink()
            return False
        except OSError as error:  # it has ended meanwhile, or is too busy
            return isinstance(error, TimeoutError | BlockingIOError)
    return True


def _ended(run: RunAddress) -> ControlError:
    return ControlError(f"run {run.id} has just ended")
