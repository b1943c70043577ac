"""The web applications: one system a process, from the first request to the end of the process."""

import re
import signal
import subprocess
from collections import Counter
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import gevent
import pytest

from tests.examples.programs import PATIENCE_S, running

pytestmark = pytest.mark.slow

GUNICORN = ("-m", "gunicorn", "--bind", "127.0.0.1:0", "--no-control-socket")
PATCHED = "from gevent import monkey\n\nmonkey.patch_all()\n"
BOOTED = "def post_worker_init(worker):\n    worker.log.info('booted')\n"


def get(url: str) -> str:
    with urlopen(url, timeout=PATIENCE_S) as answer:
        text: str = answer.read().decode()
        return text


def url_of_gunicorn(server: "subprocess.Popen[str]", workers: int) -> str:
    """Wait until all workers are up, since one that is told to end before that misses it."""
    assert server.stderr is not None
    address = ""
    for line in server.stderr:
        if found := re.search(r"Listening at: (http://\S+)", line):
            address = found[1]
        workers -= line.endswith("booted\n")
        if workers == 0:
            return f"{address}/home"
    raise AssertionError("gunicorn has ended")


def configuration(folder: Path, text: str) -> tuple[str, str]:
    """The option that lets gunicorn read this configuration, and log that a worker is up."""
    file = folder / "gunicorn.conf.py"
    file.write_text(text + BOOTED, encoding="utf-8")
    return "--config", str(file)


def end(server: "subprocess.Popen[str]") -> tuple[str, str]:
    server.send_signal(signal.SIGTERM)
    stdout, stderr = server.communicate(timeout=PATIENCE_S)
    assert server.returncode == 0, stderr
    return stdout, stderr


@pytest.mark.parametrize("program", ["pywsgi_visits.py", "serve_flask.py"])
def test_pywsgi_serves_actors_and_sigterm_ends_them(program: str) -> None:
    with running("-W", "error", program) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        assert [re.findall("visit (.*) of", get(url + "home")) for _ in range(2)] == [["1"], ["2"]]
        assert "counted 2 visits\n" in end(server)[0]


@pytest.mark.parametrize(
    ("options", "conf"),
    [
        (("gevent", "--workers", "2"), ""),
        (("gevent", "--workers", "2", "--preload"), ""),
        (("gevent", "--workers", "2", "--preload"), PATCHED),
        (("gthread", "--workers", "2", "--threads", "4"), PATCHED),
    ],
    ids=["gevent", "preloaded", "preloaded and patched", "gthread and patched"],
)
def test_each_process_of_gunicorn_counts_its_own_visits(
    options: tuple[str, ...], conf: str, tmp_path: Path
) -> None:
    configured = configuration(tmp_path, conf)
    with running(*GUNICORN, *configured, "--worker-class", *options, "flask_visits:app") as server:
        url = url_of_gunicorn(server, workers=2)
        requests = [gevent.spawn(get, url) for _ in range(12)]
        answers = "".join(each.get() for each in requests)
        visits = re.findall(r"process (\d+), visit (\d+) of home\n", answers)
        each_has = Counter(process for process, _ in visits)
        assert each_has.total() == 12
        assert sorted(visits) == sorted(
            (process, str(number + 1))
            for process in each_has
            for number in range(each_has[process])
        )
        counted = re.findall(r"process (\d+) counted (\d+) visits", end(server)[0])
        assert {process: int(number) for process, number in counted} == each_has


@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_a_worker_that_does_not_patch_answers_with_an_error_that_the_log_explains(
    worker: str, tmp_path: Path
) -> None:
    command = (*GUNICORN, *configuration(tmp_path, ""), "--worker-class", worker)
    with running(*command, "flask_visits:app") as server:
        with pytest.raises(HTTPError, match="500"):
            get(url_of_gunicorn(server, workers=1))
        assert "NotPatchedError: rnd-actors needs a process that gevent" in end(server)[1]


def test_a_system_that_starts_before_the_worker_patches_is_refused(tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text("from flask_visits import app, visits\nvisits()\n")
    command = (*GUNICORN, "--preload", "--pythonpath", str(tmp_path), "-k", "gevent", "early:app")
    with running(*command) as server:
        _, stderr = server.communicate(timeout=PATIENCE_S)
    assert server.returncode == 1
    assert "NotPatchedError" in stderr.splitlines()[-1]
