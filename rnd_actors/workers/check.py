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
    wanted = f"starts as {' '.join(settings.command(settings.port))}"
    for _ in range(_STARTS):
        try:
            worker = WorkerProcess.spawn(settings)
        except WorkerError as error:
            return [Finding(wanted, str(error), Verdict.FAILS)]
        check = _Check(settings, worker)
        check.note(wanted, f"process {worker.pid}")
        if check.is_finished():
            break
    return check.findings


class _NothingMoreError(Exception):
    """Ends a check early: the worker cannot be asked further."""


class _Check:
    """One process of the worker, and what it shows."""

    def __init__(self, settings: WorkerSettings, worker: WorkerProcess) -> None:
        self.findings: list[Finding] = []
        self._settings = settings
        self._worker = worker
        self._pool = WorkerPool(worker.port, settings.stall_timeout)

    def note(
        self, wanted: str, came: str, *, fine: bool = True, otherwise: Verdict = Verdict.DIFFERS
    ) -> None:
        """Add a finding."""
        self.findings.append(Finding(wanted, came, Verdict.OK if fine else otherwise))

    def is_finished(self) -> bool:
        """Try all points; return False if the worker ended by itself before the last one."""
        worker, grace = self._worker, self._settings.grace
        gevent.spawn(worker.read_output, bool)
        try:
            with suppress(_NothingMoreError):
                self._talk()
            has_ended = worker.exited.is_set()
        finally:
            told_at = time.monotonic()
            worker.end(grace)
        if not has_ended:
            how = f"{describe_exit(worker.exit_code)} after {time.monotonic() - told_at:.2f} s"
            fine = worker.exit_code != -SIGKILL
            self.note(f"ends within {grace:g} s of SIGTERM", how, fine=fine)
        return not has_ended

    def _talk(self) -> None:
        with self._pool, closing(self._first_answer()) as response:
            self._judge_head(response)
            self._judge_lines(response)
        has_said = self._worker.said_started.wait(_PATIENCE_S)
        wanted = "a line with “started” is in its output"
        self.note(wanted, "it is" if has_said else "there is none", fine=has_said)
        if all(finding.verdict is not Verdict.FAILS for finding in self.findings):
            self._ask_again()

    def _first_answer(self) -> BaseHTTPResponse:
        """Ask, as a run does, until the worker answers or is given up."""
        patience, began = self._settings.start_timeout, time.monotonic()
        wanted = f"listens on {HOST}:{self._worker.port} within {patience:g} s"
        while True:
            try:
                response = self._pool.ask(_NUMBERS)
                if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                    break
                response.close()
                trouble = "429 Too Many Requests"
            except (HTTPError, WorkerError) as error:
                trouble = _why_no_answer(error)
            is_late = time.monotonic() - began > patience
            if self._worker.exited.wait(_PAUSE_S) or is_late or trouble.startswith("ReadTimeout"):
                self._give_up(wanted, self._last_words() or trouble)
        self.note(wanted, f"after {time.monotonic() - began:.2f} s")
        return response

    def _judge_head(self, response: BaseHTTPResponse) -> None:
        wanted = f"answers GET /rnd?n={_NUMBERS} with status 200"
        came = shown_briefly(f"{response.status} {response.reason}")
        if response.status != HTTPStatus.OK:
            self._give_up(wanted, came)
        self.note(wanted, came)
        for wanted, got, fits in judged_headers(response, self._settings.id):
            self.note(wanted, shown_briefly(got), fine=fits, otherwise=Verdict.FAILS)
        for name, wanted in _OTHER_HEADERS.items():
            got = response.headers.get(name, "none")
            self.note(f"{name}: {wanted}", shown_briefly(got), fine=got.lower() == wanted)

    def _judge_lines(self, response: BaseHTTPResponse) -> None:
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
                        second = gevent.spawn(self._ask_second)
            parser.finish()
        except (HTTPError, WorkerError) as error:
            trouble = self._last_words() or _words_of(error)
        self._judge_numbers(numbers, malformed, began)
        if second is not None:
            came = second.get()
            self.note("meanwhile, a second request gets 429", came, fine=came.startswith("429"))
        wanted = f"the answer ends after {_NUMBERS} lines"
        if trouble and not numbers:
            self._give_up(wanted, trouble)
        if trouble:
            self.note(wanted, trouble, fine=False)
            raise _NothingMoreError
        more = " so far" if parser.received > _TOO_MANY_LINES else ""
        self.note(wanted, f"{parser.received} lines{more}", fine=parser.received == _NUMBERS)

    def _judge_numbers(
        self, numbers: list[tuple[float, int]], malformed: list[bytes], began: float
    ) -> None:
        came = ", ".join(f"rnd={number}" for _, number in numbers[:_NUMBERS]) or "no line"
        if malformed:
            came = repr(malformed[0][:_LONGEST_SHOWN])
        self.note(
            "lines rnd=NN, NN an integer of up to 18 digits",
            came,
            fine=bool(numbers) and not malformed,
            otherwise=Verdict.DIFFERS if numbers else Verdict.FAILS,
        )
        if numbers:
            (first, _), (last, _) = numbers[0], numbers[-1]
            fine = first - began <= _FIRST_AT_MOST_S
            wanted = "the first line at once, or after a second"
            self.note(wanted, f"after {first - began:.2f} s", fine=fine)
            pace = (last - first) / max(1, len(numbers) - 1)
            fine = _FASTEST_S <= pace <= _SLOWEST_S
            self.note("then one a second", f"one in {pace:.2f} s", fine=fine)

    def _ask_second(self) -> str:
        """Return what a request gets while another one is answered."""
        try:
            with gevent.Timeout(_PATIENCE_S), closing(self._pool.ask(_NUMBERS)) as response:
                return shown_briefly(f"{response.status} {response.reason}")
        except gevent.Timeout:
            return f"no answer within {_PATIENCE_S:g} s"
        except (HTTPError, WorkerError) as error:
            return _why_no_answer(error)

    def _ask_again(self) -> None:
        """Ask with the code of a run, which also looks at who answers."""
        wanted = f"lives on, and answers GET /rnd?n={self._settings.numbers_per_request}"
        give_up_at = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with closing(self._worker.open_stream(self._settings)):
                    self.note(wanted, "it does")
                    return
            except WorkerBusyError as error:
                if time.monotonic() > give_up_at:
                    self._give_up(wanted, str(error))
                gevent.sleep(_PAUSE_S)
            except WorkerError as error:
                self._give_up(wanted, self._last_words() or str(error))

    def _give_up(self, wanted: str, came: str) -> Never:
        self.note(wanted, came, fine=False, otherwise=Verdict.FAILS)
        raise _NothingMoreError

    def _last_words(self) -> str:
        """Return how the worker ended, if it has, and its last line."""
        if not self._worker.exited.wait(_EXIT_PATIENCE_S):
            return ""
        words = self._worker.last_words()
        how = describe_exit(self._worker.exit_code)
        return f"{how}, saying {words[-1]!r}" if words else how


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
