"""The framework runs only in a process that gevent has patched, and says so."""

import subprocess
import sys
from pathlib import Path

import pytest
from gevent import monkey

from rnd_actors.actors._loop import require_patched
from rnd_actors.errors import NotPatchedError


@pytest.fixture
def virtual_time() -> None:
    """Leave time as it is: these tests start processes."""


def run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "use",
    [
        "from rnd_actors import ActorSystem; ActorSystem().__enter__()",
        "from rnd_actors import RunSettings, run; run(RunSettings(outputs='/nowhere/runs.db'))",
        "from rnd_actors.simulation import simulate; simulate(print)",
    ],
)
def test_in_a_process_that_is_not_patched_use_fails_with_one_clear_error(use: str) -> None:
    done = run(use)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.splitlines()[-1] == (
        "rnd_actors.errors.NotPatchedError: rnd-actors needs a process that gevent has patched; "
        "not patched: socket, ssl, select, threading, time. Make `from gevent import monkey; "
        "monkey.patch_all()` the first line of your program, before any other import."
    )


ALL_NAMES = (
    "import rnd_actors, rnd_actors.planning, rnd_actors.reporting, rnd_actors.simulation, "
    "rnd_actors.sinks, rnd_actors.store, rnd_actors.testing; "
    "[getattr(rnd_actors, name) for name in rnd_actors.__all__]"
)


@pytest.mark.parametrize("first", ["", "from gevent import monkey; monkey.patch_all(); "])
def test_everything_can_be_imported_whether_patched_or_not(first: str) -> None:
    done = run(first + ALL_NAMES)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_result_can_be_read_without_patching() -> None:
    done = run(
        "from rnd_actors import Collection, Result; "
        "result = Collection.for_workers({1: 3001}).result(150, None); "
        "print(Result.from_json(result.to_json()) == result)"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.slow
def test_pytest_is_told_of_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").touch()  # or that of a folder above would count
    test = tmp_path / "test_it.py"
    test.write_text(
        "from rnd_actors import ActorSystem\n"
        "def test_it():\n"
        "    with ActorSystem():\n"
        "        pass\n"
    )

    def outcome(*options: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    exit_code, told = outcome()
    assert (exit_code, "add `-p rnd_actors.patched` to its command line" in told) == (1, True)
    assert outcome("-p", "rnd_actors.patched")[0] == 0


def test_asyncio_programs_are_told_of_their_own_way() -> None:
    done = run(
        "import asyncio; from rnd_actors import run\nasync def main(): run()\nasyncio.run(main())"
    )
    assert "from rnd_actors.notebook import run_in_process" in done.stderr.splitlines()[-1]


def test_what_is_not_patched_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monkey, "is_module_patched", lambda module: module != "ssl")
    with pytest.raises(NotPatchedError, match=r"not patched: ssl\. Have pytest patch it"):
        require_patched()


def test_the_error_is_an_import_error() -> None:
    assert issubclass(NotPatchedError, ImportError)


def test_nothing_is_wrong_when_all_is_patched() -> None:
    require_patched()
