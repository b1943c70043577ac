"""The framework runs only in a process that gevent has patched, and says so."""

import subprocess
import sys

import pytest
from gevent import monkey

from rnd_actors.actors._loop import require_patched
from rnd_actors.errors import NotPatchedError


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is: these tests start processes."""


def run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=25
    )


def test_in_a_process_that_is_not_patched_the_import_fails_with_one_clear_error() -> None:
    done = run("from rnd_actors import Actor")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.splitlines()[-1] == (
        "rnd_actors.errors.NotPatchedError: rnd-actors needs a process that gevent has patched; "
        "not patched: socket, ssl, select, threading, time. Make `from gevent import monkey; "
        "monkey.patch_all()` the first line of your program, before any other import."
    )


def test_a_patched_process_can_import_it() -> None:
    done = run("from gevent import monkey; monkey.patch_all(); from rnd_actors import Actor")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_not_patched_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monkey, "is_module_patched", lambda module: module != "ssl")
    with pytest.raises(NotPatchedError, match=r"not patched: ssl\. Make"):
        require_patched()


def test_the_error_is_an_import_error() -> None:
    assert issubclass(NotPatchedError, ImportError)


def test_nothing_is_wrong_when_all_is_patched() -> None:
    require_patched()
