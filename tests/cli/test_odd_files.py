"""What is no plain file, wherever a file is named: one line, in time, and nothing touched."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from rnd_actors import cli
from tests.cli.commands import FAST, MODULE, PATIENCE_S, execute

RUN: Final = (*FAST, "--samples=1", "--workers=1", "--quiet")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("make", [pipe, loop, folder, device])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("f.db", (*RUN, "--output=f.db")),
        ("f.db", ("runs", "f.db")),
        ("f.db", ("resume", "f.db")),
        ("f.csv", (*RUN, "--output=f.csv", "--overwrite")),
        ("f.csv", (*RUN, "--output=f.csv", "--append")),
        ("f.parquet", (*RUN, "--output=f.parquet", "--overwrite")),
        ("f.toml", ("run", "--config=f.toml")),
        ("f.json", ("plan", "--samples=1", "--deadline=9", "--figures=f.json")),
    ],
)
def test_what_is_no_plain_file_is_refused_in_one_line(
    make: Callable[[Path], None],
    name: str,
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("rnd_actors.cli._text._PATIENCE_S", 0.1)
    make(Path(name))
    if make is device and name == "f.csv":
        pytest.skip("samples may be written to a device")
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("rnd-actors: ")
    assert [path.name for path in Path().iterdir()] == [name]


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", f"--output={'x' * 300}.csv"),
        ("run", f"--output={'x' * 300}.db"),
        ("run", f"--output={'x' * 300}.parquet"),
        ("run", f"--config={'x' * 300}"),
        ("run", f"--worker={'x' * 300}"),
        ("runs", "x" * 300),
        ("resume", f"{'x' * 300}.db"),
        ("export", "runs.db", f"{'x' * 300}.csv"),
        ("report", "runs.db", "-o", f"{'x' * 300}.md"),
        ("plan", "--samples=1", "--deadline=9", f"--figures={'x' * 300}"),
    ],
)
def test_a_name_that_is_too_long_is_one_line(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, 'output = "a\\u0000.csv"', "\ud800"])
def test_a_file_of_settings_that_is_none_is_one_line(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("run.toml").write_bytes(text.encode(errors="surrogatepass"))
    assert cli.main(["run", "--config=run.toml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_settings_may_come_through_a_pipe() -> None:
    done = execute(
        *FAST, "--workers=1", "--quiet", "--json", "--config=/dev/stdin", input="samples = 3"
    )
    assert (done.returncode, json.loads(done.stdout)["samples"]) == (0, 3)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_waiting_for_a_pipe_is_interrupted(number: signal.Signals) -> None:
    os.mkfifo("run.toml")
    with subprocess.Popen([*MODULE, "run", "--config=run.toml"]) as process:
        writing = os.open("run.toml", os.O_WRONLY)  # it waits until the other end is open
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 128 + number
        os.close(writing)


def test_a_second_run_does_not_overwrite_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RUN, "--output=a.csv"]) == 0
    before = Path("a.csv").read_text()
    assert cli.main([*RUN, "--output=a.csv"]) == 2
    assert capsys.readouterr().err == (
        "rnd-actors: --output takes files that are not there yet or hold nothing, unless "
        "--overwrite or --append is given; got 'a.csv'\n"
    )
    assert Path("a.csv").read_text() == before
    assert cli.main([*RUN, "--output=a.csv", "--append"]) == 0
    assert len(Path("a.csv").read_text().splitlines()) == 3
    assert cli.main([*RUN, "--output=a.csv", "--overwrite"]) == 0
    assert len(Path("a.csv").read_text().splitlines()) == 2
