"""What `check_worker` says of workers that keep the contract, differ from it or break it."""

import sys
from pathlib import Path
from typing import Any

import pytest

from rnd_actors.workers import STANDIN, WorkerSettings, choose_ports
from rnd_actors.workers import check as _check
from rnd_actors.workers.check import Finding, Verdict, check_worker
from tests.processes import PATIENCE_S

QUICK = ("-interval", "0.01")


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not blame workers for being late."""
    monkeypatch.setattr(_check, "_FIRST_AT_MOST_S", PATIENCE_S)
    monkeypatch.setattr(_check, "_SLOWEST_S", PATIENCE_S)
    monkeypatch.setattr(_check, "_PATIENCE_S", 3.0)


def check(*flags: str, program: tuple[str, ...] = STANDIN, **settings: Any) -> list[Finding]:
    [port] = choose_ports(0, 1)
    patient = {"start_timeout": PATIENCE_S, "stall_timeout": PATIENCE_S, "grace": PATIENCE_S}
    settings = {**patient, **settings}
    worker = WorkerSettings(id=7, port=port, program=program, arguments=flags, **settings)
    return check_worker(worker)


def of(verdict: Verdict, findings: list[Finding]) -> dict[str, str]:
    return {each.wanted: each.came for each in findings if each.verdict is verdict}


def test_a_worker_that_keeps_the_contract_is_ok_in_all_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_check, "_FASTEST_S", 0.1)  # if the first line is read late
    findings = check()
    assert {each.verdict for each in findings} == {Verdict.OK}, findings
    came = {each.wanted: each.came for each in findings}
    assert came["answers GET /rnd?n=3 with status 200"] == "200 OK"
    assert came["X-Worker-Id: 7"] == "7"
    assert came["meanwhile, a second request gets 429"] == "429 Too Many Requests"
    assert came["the answer ends after 3 lines"] == "3 lines"
    assert came["then one a second"].startswith("one in ")
    assert len(came) == 17


@pytest.mark.parametrize(
    ("flags", "wanted", "came"),
    [
        (("-answer", "id"), "X-Worker-Id: 7", "8"),
        (("-answer", "type"), "Content-Type: application/text or text/plain", "text/html"),
        (("-answer", "500"), "answers GET /rnd?n=3 with status 200", "500 Internal Server Error"),
        (("-answer", "length"), "Transfer-Encoding: chunked", "none"),
        (("-deaf",), "listens on 127.0.0.1:", "nobody listens"),
        (("-answer", "429"), "listens on 127.0.0.1:", "429 Too Many Requests"),
        (("-answer", "close"), "listens on 127.0.0.1:", "the connection was cut"),
        (("-answer", "silence"), "listens on 127.0.0.1:", "ReadTimeoutError"),
        (("-crash-at-once", "-exit-code", "7"), "listens on 127.0.0.1:", "exited with code 7"),
        (("-answer", "garbage"), "listens on 127.0.0.1:", "it does not speak HTTP: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_no_run_can_use_fails(flags: tuple[str, ...], wanted: str, came: str) -> None:
    findings = check(*QUICK, *flags, start_timeout=2, stall_timeout=2)
    fails = of(Verdict.FAILS, findings)
    assert len(fails) == 1, findings
    [(which, what)] = fails.items()
    assert which.startswith(wanted)
    assert came in what


@pytest.mark.parametrize(
    ("flags", "wanted", "came"),
    [
        (("-malformed-every", "2"), "lines rnd=NN, NN an integer of up to 18 digits", "b'oops'"),
        (("-cut", "-crash-at", "2"), "the answer ends after 3 lines", "exited with code 2"),
        (("-hang-at", "2"), "the answer ends after 3 lines", "ReadTimeoutError"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_workers_may_do_differs(flags: tuple[str, ...], wanted: str, came: str) -> None:
    findings = check(*QUICK, *flags, stall_timeout=2)
    assert of(Verdict.FAILS, findings) == {}
    assert came in of(Verdict.DIFFERS, findings)[wanted]


@pytest.mark.parametrize("answer", ["close", "429"])
def test_one_that_is_not_ready_yet_is_waited_for(answer: str) -> None:
    assert of(Verdict.FAILS, check(*QUICK, "-answer", answer, "-answers", "3")) == {}


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ('exec {standin} -port "$4"', "X-Worker-Id: 7"),
        ('exec {standin} "$@" -answer 500 -answers 0', "answers GET /rnd?n=3 with status 200"),
    ],
)
def test_one_that_works_for_nobody_or_for_one_fails(program: str, wanted: str) -> None:
    script = program.format(standin=" ".join(STANDIN))
    findings = check(*QUICK, program=("/bin/sh", "-c", script, "sh"))
    assert wanted in of(Verdict.FAILS, findings)


def test_what_a_run_can_live_with_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_check, "_FASTEST_S", 10.0)  # or the stream ends before the second request
    differs = of(Verdict.DIFFERS, check("-interval", "1", "-ignore-term", grace=0.1))
    assert differs.keys() == {"then one a second", "ends within 0.1 s of SIGTERM"}
    assert "was ended by SIGKILL after " in differs["ends within 0.1 s of SIGTERM"]


def test_a_program_that_cannot_be_started_fails() -> None:
    [finding] = check(program=("/no/such/worker",))
    assert finding.verdict is Verdict.FAILS
    assert finding.came == "cannot start /no/such/worker: No such file or directory"


def test_one_that_crashes_meanwhile_is_tried_again(tmp_path: Path) -> None:
    once = f"mkdir {tmp_path}/started && exec {' '.join(STANDIN)} -crash-at 2 $@; exec"
    program = ("/bin/sh", "-c", f'{once} {" ".join(STANDIN)} "$@"', "sh")
    findings = check(*QUICK, program=program)
    assert (tmp_path / "started").is_dir()
    assert of(Verdict.FAILS, findings) == {}


SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        for header in ("Transfer-Encoding: chunked", "Content-Type: text/plain", "X-Worker-Id: 7"):
            self.send_header(*header.split(": "))
        self.end_headers()
        for _ in range(2):
            self.wfile.write(b"6\\r\\nrnd=5\\n\\r\\n")
            time.sleep(0.01)
        self.wfile.write(b"0\\r\\n\\r\\n")
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[4])), Handler).serve_forever()
"""


FLOOD = """
import socket, sys, threading
server = socket.create_server(("127.0.0.1", int(sys.argv[4])))
HEAD = b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\nX-Worker-Id: 7\\r\\n"
def serve(connection):
    connection.recv(9999)
    connection.sendall(HEAD + {head} + b"\\r\\n")
    while True:
        connection.sendall({body})
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "body", "settings", "came"),
    [
        (
            'b"X: y\\r\\n" * 99',
            'b"X: y\\r\\n"',
            {"start_timeout": 2.0},
            "got more than 100 headers",
        ),
        (
            "b''",
            'b"2000\\r\\n" + b"x" * 8192 + b"\\r\\n"',
            {"stall_timeout": 1.0},
            "no end after",
        ),
        ("b''", 'b"6\\r\\nrnd=1\\n\\r\\n"', {}, " lines so far"),
    ],
    ids=["headers", "a line", "lines"],
)
def test_a_flood_comes_to_an_end(
    head: str, body: str, settings: dict[str, float], came: str
) -> None:
    program = (sys.executable, "-c", FLOOD.format(head=head, body=body))
    findings = check(program=program, **settings)
    assert any(came in each.came for each in findings), findings


def test_a_plain_web_server_differs_in_what_it_leaves_out() -> None:
    findings = check(program=(sys.executable, "-c", SERVER))
    assert of(Verdict.FAILS, findings) == {}
    differs = of(Verdict.DIFFERS, findings)
    assert differs.pop("then one a second").startswith("one in ")
    assert differs == {
        "a line with “started” is in its output": "there is none",
        "Cache-Control: no-cache": "none",
        "Connection: keep-alive": "none",
        "meanwhile, a second request gets 429": "200 OK",
        "the answer ends after 3 lines": "2 lines",
    }
