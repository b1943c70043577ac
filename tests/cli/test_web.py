"""`--web`: the page of a run of the command, its address and its token."""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import pytest
import urllib3
from attrs import define
from rich.console import Console

from rnd_actors import cli
from rnd_actors.cli import _session
from rnd_actors.cli._live import draw_live_view
from rnd_actors.cli._session import Session
from rnd_actors.running import Progress
from rnd_actors.web import listen
from tests.cli.commands import FAST, PATIENCE_S, call, execute, started
from tests.cli.test_signals import new_tag
from tests.processes import alive, until

ENDLESS = ("--samples=1000000", "--workers=2")
TOKEN = "a-token-of-my-own-0123"


@define
class Page:
    """A run in a process of its own, with where its page is."""

    process: "Popen[str]"
    url: str
    http: urllib3.PoolManager

    @property
    def address(self) -> str:
        return self.url.partition("?")[0]

    @property
    def token(self) -> str:
        shown = self.url.partition("token=")[2]
        return TOKEN if shown == "…" else shown

    def ask(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        header = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, self.address + path, headers=header, **options)

    def stop(self) -> str:
        """Stop the run by its page, and return the rest of its stderr."""
        answer = self.ask("POST", "api/stop", json={})
        assert answer.json() == {"result": "stops"}
        _, told = self.process.communicate(timeout=PATIENCE_S)
        return told


@contextmanager
def paged(*options: str, command: tuple[str, ...] = FAST) -> Iterator[Page]:
    """Have a run with a page go on while the block runs; it has samples when the block begins."""
    with started(*command, *options, "--web=0") as process, urllib3.PoolManager() as http:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.fullmatch(r"rnd-actors: watch and steer this run at (http://\S+)\n", line)
        assert found is not None, line
        page = Page(process, found[1], http)
        until(lambda: page.ask("GET", "api/status").json().get("samples"))
        yield page


def complaint(*options: str) -> str:
    """Call it wrongly, and return the one line that it says."""
    done = call("run", *options)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line.removeprefix("rnd-actors: ")


def test_the_address_is_told_once_and_leads_to_the_page() -> None:
    with paged(*ENDLESS, "--json") as page:
        opened = page.http.request("GET", page.url, redirect=False)
        assert (opened.status, opened.headers["Location"]) == (303, "/")
        assert page.ask("GET", "").status == 200
        told = page.stop()
        assert page.process.returncode == 143
    assert page.token not in told
    assert "http://" not in told
    assert "api/status" not in told  # no line for each request


def test_a_stop_at_once_is_answered_before_the_process_is_gone() -> None:
    tag = new_tag()
    with paged(*ENDLESS, "--worker-arg=-ignore-term", f"--worker-arg={tag}") as page:
        answer = page.ask("POST", "api/stop", json={"now": True})
        assert answer.json() == {"result": "ends at once"}
        assert page.process.wait(PATIENCE_S) == 143
        until(lambda: not alive(tag))


def test_ps_and_status_show_the_address_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # in a narrow table it is folded beside wide figures
    with paged(*ENDLESS) as page:
        run = str(page.process.pid)
        shown = call("ps").stdout + call("status", run).stdout
        shown += call("ps", "--json").stdout + call("events", run, "--level=debug").stdout
        assert shown.count(page.address) == 3
        assert page.token not in shown
        command = psutil.Process(page.process.pid).cmdline()
        assert page.token not in "".join(command)
        page.stop()


def test_what_the_page_shows_at_the_end_is_the_result() -> None:
    with paged(*ENDLESS, "--json") as page:
        stream = page.ask("GET", "api/stream", preload_content=False)
        goal, is_set = 0, False
        while not is_set:  # more than so many have come meanwhile, on a machine that is busy
            goal = page.ask("GET", "api/status").json()["samples"] + 1000  # in five seconds
            is_set = page.ask("POST", "api/goal", json={"samples": goal}).status == 200
        events = stream.read().decode().split("\n\n")
        out, _ = page.process.communicate(timeout=PATIENCE_S)
    last = json.loads(events[-2].partition("data: ")[2])
    snapshots = [event for event in events if event.startswith("event: snapshot")]
    status = json.loads(snapshots[-1].partition("data: ")[2])["run"]
    result = json.loads(out)
    assert last == {"outcome": result["outcome"], "reason": result["reason"]}
    assert (status["samples"], status["lines"]["accepted"]) == (goal, goal)
    assert page.process.returncode == 0


def test_a_resumed_run_has_a_page_too(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    with paged(*ENDLESS, f"--output={store}") as page:
        page.stop()
    with paged(command=("resume", str(store))) as page:
        page.stop()
        assert page.process.returncode == 143


def test_a_resumed_run_takes_the_token_of_the_variable_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "runs.db"
    with paged(*ENDLESS, f"--output={store}") as page:
        page.stop()
    monkeypatch.setenv("RND_ACTORS_WEB_TOKEN", TOKEN)
    with paged(command=("resume", str(store))) as page:
        assert page.url.endswith("/?token=…")  # what is printed may be kept in a log
        assert TOKEN not in page.stop()
    monkeypatch.setenv("RND_ACTORS_WEB_TOKEN", "short")
    done = call("resume", str(store), "--web=0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rnd-actors: RND_ACTORS_WEB_TOKEN takes 16 to 200 letters")


def test_a_port_in_use_is_one_line_before_anything_begins(tmp_path: Path) -> None:
    output, tag = tmp_path / "out.csv", new_tag()
    with listen() as other:
        told = complaint(f"--web={other.port}", f"--output={output}", f"--worker-arg={tag}")
    assert told.startswith("--web takes one that can be listened on (")
    assert told.endswith(f"; got '127.0.0.1:{other.port}'")
    assert not output.exists()
    assert alive(tag) == []


@pytest.mark.parametrize("missing", ["flask", "prometheus_client"])
def test_a_missing_extra_is_one_line(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("rnd_actors.web", missing))]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("rnd_actors.metrics")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    told = complaint("--web=0")
    expected = f"rnd_actors.web needs {missing}; install it: pip install 'rnd-actors[web]'"
    assert told == f"--web cannot be had: {expected}"


@pytest.mark.parametrize(
    "web", ["x", "", "8080:", "localhost", "http://localhost:80", "::1:80", "a b:80", "123456"]
)
def test_an_address_of_another_form_is_refused(web: str) -> None:
    assert complaint(f"--web={web}").startswith("--web takes [HOST:]PORT, like 8080 or ")


def test_a_port_that_is_too_high_is_refused() -> None:
    assert complaint("--web=65536").startswith("--web takes ")


def test_an_address_that_others_reach_needs_a_token() -> None:
    told = complaint("--web=0.0.0.0:0")
    assert told.startswith("--web: other machines can reach 0.0.0.0, so that a page there needs a")
    assert "RND_ACTORS_WEB_TOKEN" in told


def test_a_name_of_another_form_is_named_as_its_option_is() -> None:
    told = complaint("--web=0", "--web-name=https://runs.example.org/")
    assert told.startswith("--web-name takes hosts, with a port where browsers send one")


def test_a_token_is_no_flag_and_is_not_told() -> None:
    told = complaint("--web=0", f"--web-token={TOKEN}")
    assert told.startswith("--web-token is no flag, since all users can list those of a process")
    assert TOKEN not in told


def test_a_quiet_run_needs_a_token_that_somebody_knows() -> None:
    assert complaint("--web=0", "--quiet").startswith("--web with --quiet needs a token of your ")


def test_a_token_of_another_form_is_named_as_its_source_does_and_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RND_ACTORS_WEB_TOKEN", "short")
    told = complaint("--web=0")
    assert told.startswith("RND_ACTORS_WEB_TOKEN takes 16 to 200 letters, digits, - and _; got ")
    assert "short" not in told


class TestTokens:
    """Where a token of one's own comes from."""

    @pytest.fixture
    def sessions(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Session]]:
        sessions: list[Session] = []

        def note(session: Session) -> int:
            sessions.append(session)
            return 0

        monkeypatch.setattr(_session, "execute", note)
        yield sessions
        for session in sessions:
            if session.listener is not None:
                session.listener.close()

    def test_a_variable_holds_it_and_workers_do_not_get_it(
        self, sessions: list[Session], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RND_ACTORS_WEB_TOKEN", TOKEN)
        assert cli.main(["run", "--web=0", "--quiet"]) == 0
        listener = sessions[0].listener
        assert listener is not None
        assert listener.token == TOKEN
        assert "RND_ACTORS_WEB_TOKEN" not in os.environ

    def test_the_file_holds_it(
        self,
        sessions: list[Session],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        config = tmp_path / "run.toml"
        config.write_text(
            f'web = "0.0.0.0:0"\nweb-token = "{TOKEN}"\nweb-name = ["runs.example.org"]\n'
        )
        assert cli.main(["run", f"--config={config}"]) == 0
        listener = sessions[0].listener
        assert listener is not None
        assert (listener.token, listener.is_local) == (TOKEN, False)
        assert listener.serves("runs.example.org")
        told = capsys.readouterr().err
        assert told.startswith(f"rnd-actors: other machines can reach {listener.address} and noth")
        assert TOKEN not in told

    def test_a_port_may_be_a_number_there(self, sessions: list[Session], tmp_path: Path) -> None:
        config = tmp_path / "run.toml"
        config.write_text("web = 0\n")
        assert cli.main(["run", f"--config={config}"]) == 0
        listener = sessions[0].listener
        assert listener is not None
        assert (listener.host, listener.is_local) == ("127.0.0.1", True)


def test_without_web_there_is_no_page_and_nothing_of_it_is_imported() -> None:
    code = "from rnd_actors.__main__ import main; main()"
    flags = (*FAST, "--samples=5", "--workers=1", "--quiet")
    imported = (
        "import atexit, sys; atexit.register(lambda: print("
        "[name for name in sys.modules if name.startswith(('flask', 'rnd_actors.web'))]))"
    )
    done = execute("-c", f"{imported}; {code}", *flags, command=(sys.executable,))
    assert done.stdout.splitlines()[-1:] == ["[]"], done


def test_the_live_view_has_the_address_of_the_page() -> None:
    console = Console(file=StringIO(), width=80, height=24, force_terminal=False)
    url = f"http://127.0.0.1:8080/?token={'x' * 43}"
    with console.capture() as captured:
        console.print(draw_live_view(Progress(10, 16), page=url))
    lines = captured.get().splitlines()
    assert url in lines
    assert len(lines) <= 24
