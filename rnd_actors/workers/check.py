"""Tries a program on the contract of workers, point by point."""

import time
from contextlib import closing, suppress
from enum import Enum
from http import HTTPStatus
from signal import SIGKILL
from typing import Final, Never

import gevent
from attrs import frozen
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError

from rnd_actors.actors import require_patched
from rnd_actors.errors import WorkerBusyError, WorkerError, WorkerSilentError
from rnd_actors.workers._http import HOST, WorkerPool
from rnd_actors.workers._process import WorkerProcess, describe_exit
from rnd_actors.workers._stream import LineParser, head_error, judged_headers, shown_briefly
from rnd_actors.workers._worker import WorkerSettings

__all__ = ["Finding", "Verdict", "check_worker"]

_STARTS: Final = 5
_NUMBERS: Final = 3
_TOO_MANY_LINES: Final = 100
_REQUEST: Final = f"answers GET /rnd?n={_NUMBERS} with status 200"
_OTHER_HEADERS: Final = {"Cache-Control": "no-cache", "Connection": "keep-alive"}
"""Headers that the contract names and no run needs."""
_FIRST_AT_MOST_S: Final = 1.5
_FASTEST_S: Final = 0.8
_SLOWEST_S: Final = 1.2
_LONGEST_SHOWN: Final = 80
_PAUSE_S: Final = 0.02
_EXIT_PATIENCE_S: Final = 0.5
_PATIENCE_S: Final = 1.0
"""How long to wait for a line on stderr and for the answer to a second request."""


class Verdict(Enum):
    """How a worker does on one point of the contract."""

    OK = "ok"
    DIFFERS = "differs"
    """It does something else, with which a run can live."""
    FAILS = "fails"
    """No run can use it."""


@frozen
class Finding:
    """What the contract wants in one point, and what came."""

    wanted: str
    came: str
    verdict: Verdict


def check_worker(settings: WorkerSettings) -> list[Finding]:
    """Start a worker, ask it, disturb it and stop it; return what came, point by point.

    That takes some five seconds. A worker that crashes meanwhile is started again, up to five
    times in all.

    Args:
        settings: the worker, its id and port, and how patient to be.

    Raises:
        NotPatchedError: gevent has not patched this process.
    """
    require_patched()
    for _ in range(_STARTS):
        check = _Check(settings)
        if check.is_finished():
            break
    return check.findings


class _NothingMoreError(Exception):
    """Ends a check early: the worker cannot be asked further."""


class _Check:
    """One process of the worker, and what it shows."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.findings: list[Finding] = []
        self._settings = settings

    def is_finished(self) -> bool:
        """Try all points; return False if the worker ended by itself before the last one."""
        wanted = f"starts as {' '.join(self._settings.command(self._settings.port))}"
        try:
            worker = WorkerProcess.spawn(self._settings)
        except WorkerError as error:
            self._note(wanted, str(error), Verdict.FAILS)
            return True
        gevent.spawn(worker.read_output, bool)
        self._note(wanted, f"process {worker.pid}")
        try:
            with suppress(_NothingMoreError):
                self._talk(worker)
            has_ended = worker.exited.is_set()
        finally:
            told_at, grace = time.monotonic(), self._settings.grace
            worker.end(grace)
        if not has_ended:
            how = f"{describe_exit(worker.exit_code)} after {time.monotonic() - told_at:.2f} s"
            fine = worker.exit_code != -SIGKILL
            self._judge(f"ends within {grace:g} s of SIGTERM", how, fine=fine)
        return not has_ended

    def _talk(self, worker: WorkerProcess) -> None:
        with (
            WorkerPool(worker.port, self._settings.stall_timeout) as pool,
            closing(self._first_answer(worker, pool)) as response,
        ):
            self._judge_head(response)
            self._judge_lines(response, worker, pool)
        has_said = worker.said_started.wait(_PATIENCE_S)
        wanted = "a line with “started” is in its output"
        self._judge(wanted, "it is" if has_said else "there is none", fine=has_said)
        if all(finding.verdict is not Verdict.FAILS for finding in self.findings):
            self._ask_again(worker)

    def _first_answer(self, worker: WorkerProcess, pool: WorkerPool) -> BaseHTTPResponse:
        """Ask, as a run does, until the worker answers or is given up."""
        patience, began = self._settings.start_timeout, time.monotonic()
        wanted = f"listens on {HOST}:{worker.port} within {patience:g} s"
        while True:
            try:
                response = pool.ask(_NUMBERS)
                if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                    break
                response.close()
                trouble = "429 Too Many Requests"
            except (HTTPError, WorkerError) as error:
                trouble = _why_no_answer(error)
            is_late = time.monotonic() - began > patience
            if worker.exited.wait(_PAUSE_S) or is_late or trouble.startswith("ReadTimeout"):
                self._give_up(wanted, _last_of(worker) or trouble)
        self._note(wanted, f"after {time.monotonic() - began:.2f} s")
        return response

    def _judge_head(self, response: BaseHTTPResponse) -> None:
        came = shown_briefly(f"{response.status} {response.reason}")
        if response.status != HTTPStatus.OK:
            self._give_up(_REQUEST, came)
        self._note(_REQUEST, came)
        for wanted, got, fits in judged_headers(response, self._settings.id):
            self._note(wanted, shown_briefly(got), Verdict.OK if fits else Verdict.FAILS)
        for name, wanted in _OTHER_HEADERS.items():
            got = response.headers.get(name, "none")
            self._judge(f"{name}: {wanted}", shown_briefly(got), fine=got.lower() == wanted)

    def _judge_lines(
        self, response: BaseHTTPResponse, worker: WorkerProcess, pool: WorkerPool
    ) -> None:
        """Read the numbers, and ask a second time meanwhile."""
        malformed: list[bytes] = []
        parser = LineParser(malformed.append)
        numbers: list[tuple[float, int]] = []
        second, began = None, time.monotonic()
        patience = (_NUMBERS + 1) * self._settings.stall_timeout
        trouble, no_end = "", WorkerSilentError(f"no end after {patience:g} s")
        try:
            with gevent.Timeout(patience, no_end):
                while parser.received <= _TOO_MANY_LINES and (piece := response.read1()):
                    arrived = time.monotonic()
                    numbers += [(arrived, number) for number in parser.feed(piece)]
                    if second is None:
                        second = gevent.spawn(_status_of_second, pool)
            parser.finish()
        except (HTTPError, WorkerError) as error:
            trouble = _last_of(worker) or _words_of(error)
        self._judge_numbers(numbers, malformed, began)
        if second is not None:
            came = second.get()
            fine = came.startswith(str(HTTPStatus.TOO_MANY_REQUESTS.value))
            self._judge("meanwhile, a second request gets 429", came, fine=fine)
        wanted = f"the answer ends after {_NUMBERS} lines"
        if trouble:
            self._note(wanted, trouble, Verdict.DIFFERS if numbers else Verdict.FAILS)
            raise _NothingMoreError
        more = " so far" if parser.received > _TOO_MANY_LINES else ""
        self._judge(wanted, f"{parser.received} lines{more}", fine=parser.received == _NUMBERS)

    def _judge_numbers(
        self, numbers: list[tuple[float, int]], malformed: list[bytes], began: float
    ) -> None:
        wanted = "lines rnd=NN, NN an integer of up to 18 digits"
        if malformed or not numbers:
            came = repr(malformed[0][:_LONGEST_SHOWN]) if malformed else "no line"
            self._note(wanted, came, Verdict.DIFFERS if numbers else Verdict.FAILS)
        else:
            came = ", ".join(f"rnd={number}" for _, number in numbers[:_NUMBERS])
            self._note(wanted, came)
        if numbers:
            first, last = numbers[0][0], numbers[-1][0]
            fine = first - began <= _FIRST_AT_MOST_S
            wanted = "the first line at once, or after a second"
            self._judge(wanted, f"after {first - began:.2f} s", fine=fine)
            pace = (last - first) / max(1, len(numbers) - 1)
            fine = _FASTEST_S <= pace <= _SLOWEST_S
            self._judge("then one a second", f"one in {pace:.2f} s", fine=fine)

    def _ask_again(self, worker: WorkerProcess) -> None:
        """Ask with the code of a run, which also looks at who answers."""
        wanted = f"lives on, and answers GET /rnd?n={self._settings.numbers_per_request}"
        give_up_at = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with closing(worker.open_stream(self._settings)):
                    self._note(wanted, "it does")
                    return
            except WorkerBusyError as error:
                if time.monotonic() > give_up_at:
                    self._give_up(wanted, str(error))
                gevent.sleep(_PAUSE_S)
            except WorkerError as error:
                self._give_up(wanted, _last_of(worker) or str(error))

    def _note(self, wanted: str, came: str, verdict: Verdict = Verdict.OK) -> None:
        self.findings.append(Finding(wanted, came, verdict))

    def _judge(self, wanted: str, came: str, *, fine: bool) -> None:
        self._note(wanted, came, Verdict.OK if fine else Verdict.DIFFERS)

    def _give_up(self, wanted: str, came: str) -> Never:
        self._note(wanted, came, Verdict.FAILS)
        raise _NothingMoreError


def _status_of_second(pool: WorkerPool) -> str:
    """Return what a request gets while another one is answered."""
    try:
        with gevent.Timeout(_PATIENCE_S), closing(pool.ask(_NUMBERS)) as response:
            return shown_briefly(f"{response.status} {response.reason}")
    except gevent.Timeout:
        return f"no answer within {_PATIENCE_S:g} s"
    except (HTTPError, WorkerError) as error:
        return _why_no_answer(error)


def _last_of(worker: WorkerProcess) -> str:
    """Return how the worker ended, if it has, and its last words."""
    if not worker.exited.wait(_EXIT_PATIENCE_S):
        return ""
    words = worker.last_words()
    return describe_exit(worker.exit_code) + (f", saying {words[-1]!r}" if words else "")


def _why_no_answer(error: HTTPError | WorkerError) -> str:
    match error:
        case NewConnectionError():
            return "nobody listens"
        case ProtocolError():
            return str(head_error(error))
    return _words_of(error)


def _words_of(error: HTTPError | WorkerError) -> str:
    if isinstance(error, WorkerError):
        return str(error)
    return shown_briefly(f"{type(error).__name__}: {error.args[-1]}")
