import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer.main

from rnd_actors import cli
from rnd_actors.cli import _session, app
from rnd_actors.cli._options import LogFormat
from rnd_actors.cli._session import Session
from rnd_actors.collectors import FixedTime
from rnd_actors.errors import SettingsError
from rnd_actors.planning import PlanSettings
from rnd_actors.running import RunSettings
from rnd_actors.sinks import Existing

GIVEN: dict[str, tuple[str, object, object]] = {
    "samples": ("7", 7, 7),
    "workers": ("3", 3, 3),
    "worker": (f"{sys.executable} -S", f"{sys.executable} -S", (sys.executable, "-S")),
    "worker-arg": ("-flaky", ["-flaky"], ("-flaky",)),
    "base-port": ("0", 0, 0),
    "deadline": ("2.5", 2.5, 2.5),
    "start-timeout": ("1", 1, 1.0),
    "stall-timeout": ("2e1", 20, 20.0),
    "output": ("out.jsonl", "out.jsonl", (Path("out.jsonl"),)),
    "cluster": ("local:3", "local:3", "local:3"),
    "worker-log": ("logs", "logs", Path("logs")),
    "overwrite": ("yes", True, Existing.OVERWRITE),
    "append": ("1", 1, Existing.APPEND),
    "json": ("true", True, True),
    "quiet": ("1", True, True),
    "verbose": ("1", 1, 1),
    "log-format": ("json", "json", LogFormat.JSON),
}
"""By option: as text, as TOML, and what it becomes."""
FIELDS = {
    "worker-arg": "worker_args",
    "output": "outputs",
    "overwrite": "existing",
    "append": "existing",
}
FLAGS_WITHOUT_VALUE = ("json", "quiet", "verbose", "overwrite", "append")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Reader":
    monkeypatch.chdir(tmp_path)
    return Reader(monkeypatch)


class Reader:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._session: Session | None = None
        monkeypatch.setattr(_session, "execute", self._note)

    def __call__(self, *flags: str, toml: str | None = None, **environ: str) -> Session:
        assert self.fail(*flags, toml=toml, **environ) == 0
        assert self._session is not None
        return self._session

    def fail(self, *flags: str, toml: str | None = None, **environ: str) -> int:
        for name, value in environ.items():
            self._monkeypatch.setenv(f"RND_ACTORS_{name}", value)
        if toml is not None:
            Path("run.toml").write_text(toml, encoding="utf-8")
            flags = (*flags, "--config", "run.toml")
        return cli.main(["run", *flags])

    def _note(self, session: Session) -> int:
        self._session = session
        return 0


def set_by(option: str, session: Session) -> Any:
    field = FIELDS.get(option, option.replace("-", "_"))
    return getattr(session.settings if hasattr(session.settings, field) else session, field)


def test_nothing_given_is_the_default_run(read: Reader) -> None:
    assert read() == Session(settings=RunSettings())


@pytest.mark.parametrize("option", GIVEN)
def test_every_option_is_a_flag(read: Reader, option: str) -> None:
    text, _, expected = GIVEN[option]
    flag = f"--{option}" if option in FLAGS_WITHOUT_VALUE else f"--{option}={text}"
    assert set_by(option, read(flag)) == expected


@pytest.mark.parametrize("option", GIVEN)
def test_every_option_is_an_environment_variable(read: Reader, option: str) -> None:
    text, _, expected = GIVEN[option]
    assert set_by(option, read(**{option.upper().replace("-", "_"): text})) == expected


@pytest.mark.parametrize("option", GIVEN)
def test_every_option_is_a_key_of_the_file(read: Reader, option: str) -> None:
    _, value, expected = GIVEN[option]
    assert set_by(option, read(toml=f"{option} = {json.dumps(value)}")) == expected


def test_flags_win_over_the_environment_and_that_over_the_file(read: Reader) -> None:
    settings = read(
        "--samples=1", toml="samples = 3\nworkers = 3\ndeadline = 3", SAMPLES="2", WORKERS="2"
    ).settings
    assert (settings.samples, settings.workers, settings.deadline) == (1, 2, 3)


def test_a_list_of_one_source_replaces_that_of_another(read: Reader) -> None:
    settings = read(
        "--output=a.csv",
        toml='output = ["c.csv", "-"]\nworker-arg = ["-c"]\ncollector-option = "duration=3"',
        OUTPUT="b.csv -",
        WORKER_ARG="-b",
        COLLECTOR="time",
    ).settings
    assert (settings.outputs, settings.worker_args) == ((Path("a.csv"),), ("-b",))


def test_settings_that_exclude_each_other_are_named_as_their_sources_do(
    read: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read.fail(toml="append = true", OVERWRITE="yes") == 2
    both = "append in run.toml and RND_ACTORS_OVERWRITE"
    assert_one_line(capsys, f"{both} exclude each other: choose one of them")


def test_workers_can_be_given_for_each_host(
    read: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    of_each = "--workers-per-host", "5"
    settings = read(*of_each, "--hosts", "3", "--cluster", "tcp://head:8786").settings
    assert (settings.workers, settings.hosts, settings.workers_per_host) == (15, 3, 5)
    assert read.fail(*of_each, "--cluster", "tcp://head:8786") == 2
    assert_one_line(capsys, "--workers-per-host needs to know how many hosts: say it with --hosts")
    assert read.fail(*of_each, "--hosts", "3", WORKERS="4") == 2
    both = "RND_ACTORS_WORKERS and --workers-per-host"
    assert_one_line(capsys, f"{both} exclude each other: choose one of them")


@pytest.mark.parametrize(
    ("command", "make"),
    [
        ("run", partial(RunSettings, cluster="local:3")),
        ("plan", partial(PlanSettings, samples=1, deadline=1.0)),
    ],
)
def test_help_shows_the_ranges_that_the_settings_have(
    command: str, make: Callable[..., object]
) -> None:
    options: Any = typer.main.get_group(app).commands[command].params
    ranges = {option.name: (option.min, option.max) for option in options if option.max}
    ranges.pop("workers_per_host", None)  # which needs to know how many hosts
    assert len(ranges) >= 2
    for name, (least, most) in ranges.items():
        make(**{name: least})
        for outside in (least - 1, most + 1):
            with pytest.raises(SettingsError, match=f"{name} takes .* {least} to {most}; got"):
                make(**{name: outside})


def test_a_file_may_have_the_mark_of_windows(read: Reader) -> None:
    assert read(toml="\ufeffsamples = 3").settings.samples == 3


def test_an_empty_variable_counts_as_unset(read: Reader) -> None:
    assert read(SAMPLES="", toml="samples = 3").settings.samples == 3


def test_worker_arguments_may_look_like_options(read: Reader) -> None:
    options = read("--worker-arg", "-flaky", "--worker-arg", "--port 1")
    assert options.settings.worker_args == ("-flaky", "--port 1")


def test_worker_arguments_in_the_environment_are_split_as_a_shell_would(read: Reader) -> None:
    assert read(WORKER_ARG="-a '-b c'").settings.worker_args == ("-a", "-b c")


def test_outputs_are_given_one_by_one_or_as_a_list(read: Reader) -> None:
    outputs = (Path("a b.csv"), Path("-"))
    assert read("--output", "a b.csv", "--output", "-").settings.outputs == outputs
    assert read(toml='output = ["a b.csv", "-"]').settings.outputs == outputs
    assert read(OUTPUT="'a b.csv' -").settings.outputs == outputs


def test_a_collector_and_its_options_come_from_flags_the_file_and_variables(read: Reader) -> None:
    goal = FixedTime(duration=2.0)
    assert read("--collector=time", "--collector-option=duration=2").collector == goal
    assert read(toml='collector = "time"\ncollector-option = "duration=2"').collector == goal
    assert read(COLLECTOR="time", COLLECTOR_OPTION="duration=2").collector == goal


@pytest.mark.parametrize("name", ["a.parquet", "a.db"])
def test_an_output_that_has_files_beside_it_needs_a_folder_that_can_be_written(
    read: Reader, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for existing in (name, "a.csv"):
        Path(existing).touch()
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != Path.cwd())
    assert read("--output=a.csv").settings.outputs == (Path("a.csv"),)
    assert read.fail(f"--output={name}") == 2
    assert_one_line(capsys, "--output takes files in folders that you may write, ")


def test_verbose_counts_how_often_it_is_given(read: Reader) -> None:
    assert read("-vv").verbose == 2


def test_a_worker_is_a_path_even_with_spaces_in_it(read: Reader) -> None:
    worker = Path("my worker")
    worker.touch(mode=0o755)
    assert read("--worker", "my worker").settings.worker == (str(worker.absolute()),)


def test_a_worker_is_looked_up_in_the_path_of_programs(read: Reader) -> None:
    program, *arguments = read("--worker", "sh -c 'exit 1'").settings.worker
    assert Path(program).is_absolute()
    assert arguments == ["-c", "exit 1"]


def test_a_worker_on_other_hosts_need_not_be_here(read: Reader) -> None:
    command = "no-such-program -x 'a b'"
    options = "--cluster", "tcp://head:8786", "--worker", command
    assert read(*options).settings.worker == ("no-such-program", "-x", "a b")


def test_the_time_for_a_cluster_to_answer_is_given(read: Reader) -> None:
    cluster = "--cluster", "tcp://head:8786"
    assert read(*cluster, "--cluster-timeout", "2.5").settings.cluster_timeout == 2.5
    assert read(*cluster).settings.cluster_timeout is None


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--samples=x"], "--samples takes a whole number from 1 to 1000000000; got 'x'"),
        (["--samples=1.5"], "--samples takes a whole number from 1 to 1000000000; got '1.5'"),
        (
            ["--workers=0"],
            "--workers takes a whole number from 1 to 10000, or a range such as 4..16; got 0",
        ),
        (["--workers=4..2"], "--workers takes a whole number from 1 to 10000, or a range such as"),
        (
            ["--workers=1001"],
            "--workers 1001 needs --cluster ADDRESS: on one machine there are 1000 at most",
        ),
        (["--workers=4..16"], "--workers 4..16 needs --scale deadline"),
        (["--scale=deadline"], "--scale deadline needs --deadline SECONDS"),
        (["--give-up-early"], "--give-up-early needs --deadline SECONDS"),
        (["--scale=auto"], "--scale takes fixed or deadline; got 'auto'"),
        (["--confidence=1"], "--confidence takes a probability of at least 0.5, and less than 1"),
        (["--figures=none.json"], "--figures takes a file that `rnd-actors run --json` wrote"),
        (["--samples="], "--samples takes a whole number from 1 to 1000000000; got ''"),
        (["--deadline=nan"], "--deadline takes seconds > 0; got nan"),
        (["--log-format=xml"], "--log-format takes text or json; got 'xml'"),
        (
            ["--worker=/no/such"],
            "--worker takes the path of an executable, or a command line that starts with one; got",
        ),
        (["--worker='"], '--worker takes a command line that a shell could split; got "\'"'),
        (
            ["--output=no/such/file.csv"],
            "--output takes files in folders that exist, and there is no folder ",
        ),
        (
            ["--output=."],
            "--output takes files named",
        ),
        (
            ["--output=out.txt"],
            "--output takes files named .jsonl, .csv, .parquet, .sqlite or .db, ",
        ),
        (["--output=a.csv", "--output=./a.csv"], "--output takes each file once; got ['a.csv', "),
        (["--output=a.db", "--output=b.sqlite"], "--output takes one store at most; got ['a.db', "),
        (["--append", "--overwrite"], "--append and --overwrite exclude each other: choose one "),
        (["--output=-", "--json"], "--output - and --json exclude each other: each needs stdout "),
        (
            ["--samples=3", "--collector=time"],
            "--samples and --collector exclude each other: the collector has a goal of its own ",
        ),
        (
            ["--collector-option=goal=3"],
            "--collector-option needs a collector: name it with --collector",
        ),
        (["--collector=no"], "--collector takes count, mean, quota, time, values, or module:Class"),
        (["--collector=count", "--collector-option=3"], "--collector-option takes texts key=value"),
        (
            ["--workers=1000", "--base-port=65000"],
            "--base-port takes a port up to 64536, since 1000 workers need one each; got 65000",
        ),
        (["--sampels=3"], "No such option: --sampels"),
        (["--samples"], "Option '--samples' requires an argument."),
        (["what"], "Got unexpected extra argument(s) (what)"),
        (
            ["--config=none.toml"],
            "--config takes a TOML file that can be read (No such file or directory); got 'none",
        ),
    ],
)
def test_a_wrong_flag_is_one_line_and_exit_code_2(
    read: Reader,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    complaint: str,
) -> None:
    assert read.fail(*flags) == 2
    assert_one_line(capsys, complaint)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("samples = 1.5", "samples in run.toml takes a whole number from 1 to 1000000000; got 1.5"),
        ("samples = true", "samples in run.toml takes a whole number from 1 to 1000000000; got Tr"),
        ("base-port = -1", "base-port in run.toml takes a whole number from 0 to 65535; got -1"),
        ("worker-arg = [1]", "worker-arg in run.toml takes a list of arguments, or "),
        ("worker = 1", "worker in run.toml takes the path of an executable, or a command line "),
        ("verbose = -1", "verbose in run.toml takes a whole number, 0 or more; got -1"),
        ("json = 'on'", "json in run.toml takes true or false; got 'on'"),
        ("output = 1", "output in run.toml takes a list of arguments, or a text "),
        (
            "base_port = 1",
            "run.toml takes the keys samples, workers, scale, confidence, ",
        ),
        (f"deadline = 1{400 * '0'}", "deadline in run.toml takes seconds > 0; got 1000"),
        ("samples = ", "--config takes a TOML file that can be read (Invalid value "),
    ],
)
def test_a_wrong_file_is_one_line_and_exit_code_2(
    read: Reader, capsys: pytest.CaptureFixture[str], toml: str, complaint: str
) -> None:
    assert read.fail(toml=toml) == 2
    assert_one_line(capsys, complaint)


def test_a_wrong_variable_is_one_line_and_exit_code_2(
    read: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read.fail(STALL_TIMEOUT="soon") == 2
    assert_one_line(capsys, "RND_ACTORS_STALL_TIMEOUT takes seconds > 0; got 'soon'")


@pytest.mark.parametrize(
    ("toml", "variable", "told"),
    [
        ("sampels = 3", None, "log-format (did you mean samples?); got 'sampels'\n"),
        ("xyz = 3", None, "log-format; got 'xyz'\n"),
        (None, "SAMPLE", " (did you mean RND_ACTORS_SAMPLES?); got 'RND_ACTORS_SAMPLE'\n"),
        (None, "XYZ", "RND_ACTORS_LOG_FORMAT; got 'RND_ACTORS_XYZ'\n"),
    ],
)
def test_what_is_no_option_is_told_with_the_one_that_may_be_meant(
    toml: str | None,
    variable: str | None,
    told: str,
    read: Reader,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert read.fail(toml=toml, **({variable: "3"} if variable else {})) == 2
    assert capsys.readouterr().err.endswith(told)


def test_an_output_that_may_not_be_written_is_refused(
    read: Reader, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert read.fail("--output=out.jsonl") == 2
    assert_one_line(capsys, "--output takes files in folders that you may write, ")


@pytest.mark.parametrize("arguments", [[], ["walk"], ["--fast"]])
def test_without_a_known_command_there_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert cli.main(arguments) == 2
    assert_one_line(capsys, "")


def assert_one_line(capsys: pytest.CaptureFixture[str], complaint: str) -> None:
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"rnd-actors: {complaint}")
    assert told.err.count("\n") == 1
