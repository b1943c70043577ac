"""The commands about stored runs: what they print and write, and what bad input gets."""

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rnd_actors import RunSettings, cli, run
from rnd_actors.store import Recording, RunDescription, list_runs, read_run
from tests.cli.commands import FAST, call, execute


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Make a store with one complete run of 20 samples."""
    path = tmp_path_factory.mktemp("complete") / "runs.db"
    fast = ("-interval", "0")
    run(RunSettings(samples=20, workers=2, base_port=0, worker_args=fast, outputs=path))
    return path.read_bytes()


@pytest.fixture
def store(complete: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put that store into a folder of its own, and go there."""
    monkeypatch.chdir(tmp_path)
    path = Path("runs.db")
    path.write_bytes(complete)
    return path


def begin(store: Path) -> Recording:
    plain = RunSettings(samples=5).to_plain()
    described = RunDescription(settings=plain, collector_spec=None, collector="mine", goal=5)
    return Recording.begin(store, described)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Call it wrongly, and return the one line that it says."""
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    return line


def test_runs_are_listed(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin(store).abandon()
    assert cli.main(["runs", "runs.db"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    first, second = (row for row in rows if row[0].isdigit())
    assert (first[0], first[3], first[4]) == ("1", "complete", "20/20")
    assert (second[0], second[3], second[4]) == ("2", "died", "0/5")


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_run_is_exported_as_a_sink_would_have_written_it(store: Path, suffix: str) -> None:
    file = Path(f"samples.{suffix}")
    assert cli.main(["export", "runs.db", str(file)]) == 0
    assert cli.main(["export", "runs.db", "1", str(file), "--overwrite"]) == 0
    values = [sample.value for sample in read_run(store).samples]
    if suffix == "jsonl":
        written = [json.loads(line)["value"] for line in file.read_text().splitlines()]
    elif suffix == "csv":
        written = [int(line.split(",")[1]) for line in file.read_text().splitlines()[1:]]
    else:
        written = pq.read_table(file).column("value").to_pylist()
    assert written == values


def test_a_run_is_exported_to_stdout_and_to_another_store(store: Path) -> None:
    done = execute("export", str(store), "1", "-", cwd=store.absolute().parent)
    assert [json.loads(line)["index"] for line in done.stdout.splitlines()] == list(range(20))
    assert cli.main(["export", "runs.db", "1", "other.sqlite"]) == 0
    assert read_run(Path("other.sqlite")).result == read_run(store).result


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["runs", "none.db"], "there is no store at none.db"),
        (["runs", "text.db"], "text.db is not a store of rnd-actors: it is no SQLite database"),
        (["show", "runs.db", "7"], "runs.db holds no run 7; it holds 1"),
        (["report", "runs.db", "7", "-o", "r.html"], "runs.db holds no run 7; it holds 1"),
        (["report", "runs.db", "-o", "r.txt"], "--output takes "),
        (["export", "runs.db", "7", "a.csv"], "runs.db holds no run 7; it holds 1"),
        (["export", "runs.db", "1", "a.txt"], "FILE takes files named .jsonl, .csv, .parquet, "),
        (["export", "runs.db", "1", "no/a.csv"], "FILE takes files in folders that exist, and"),
        (["export", "runs.db", "taken.csv"], "FILE takes files that are not there yet or hold n"),
        (["export", "runs.db", "--append", "taken.csv"], "FILE takes files to append to that be"),
        (["export", "runs.db", "a.csv", "--append", "--overwrite"], "--append and --overwrite ex"),
        (["export", "runs.db"], "Missing argument '[RUN] FILE'"),
        (["export", "runs.db", "1", "a.csv", "b.csv"], "Invalid value: expected DB [RUN] FILE"),
        (["report", "runs.db", "-o", "taken.md"], "--output takes files that hold nothing yet"),
        (["show", "runs.db", "x"], "RUN takes the id of a run, a whole number (`rnd-actors ru"),
        (["export", "runs.db", "1", "runs.db"], "FILE takes another file than the store; got"),
        (["export", "runs.db", "x", "a.csv"], "RUN takes the id of a run, a whole number (`rnd-a"),
        (["resume", "runs.db"], "run 1 in runs.db is complete: there is nothing to resume"),
        (["resume", "runs.db", "7"], "runs.db holds no run 7; it holds 1"),
        (["resume", "text.db"], "text.db is not a store of rnd-actors: it is no SQLite database"),
        (["run", "--output=text.db"], "text.db is not a store of rnd-actors: it is no SQLite"),
        (["resume", "runs.db", "--log-format=xml"], "--log-format takes text or json; got 'xml'"),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_touched(
    arguments: list[str], line: str, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for taken in ("taken.csv", "taken.md"):
        Path(taken).write_text("dear to its owner")
    Path("text.db").write_text("index,value\n" * 20)
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    assert complaint(capsys, *arguments).startswith(f"rnd-actors: {line}")
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_a_resumption_of_what_still_runs_is_refused(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = begin(store)
    line = complaint(capsys, "resume", "runs.db")
    recording.abandon()
    assert line == "rnd-actors: run 2 in runs.db is still running; wait until it has ended"


def test_a_deadline_that_is_none_is_named_as_the_flag(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        cli.main([*FAST, "--samples=1000000", "--workers=2", "--deadline=0.3", "--output=runs.db"])
        == 3
    )
    capsys.readouterr()
    line = complaint(capsys, "resume", "runs.db", "--deadline=soon")
    assert line == "rnd-actors: --deadline takes seconds > 0; got 'soon'"
    assert list_runs(store)[1].sessions == 1


def test_a_result_is_not_printed_where_the_samples_go(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = RunSettings(samples=5, outputs=[store, "-"]).to_plain()
    collector_spec = {"target": "rnd_actors:SampleCount", "options": {"goal": 5}}
    described = RunDescription(settings=plain, collector_spec=collector_spec, collector="", goal=5)
    Recording.begin(store, described).abandon()
    line = complaint(capsys, "resume", "runs.db", "--json")
    assert (
        line == "rnd-actors: --json needs stdout for itself, and the samples of this run go there"
    )


def test_a_run_is_resumed_to_its_goal(store: Path) -> None:
    limits = ("--samples=60", "--workers=2", "--deadline=0.2", "--worker-arg=-interval=0.05")
    assert cli.main([*FAST, *limits, "--output=runs.db"]) == 3
    done = call("resume", "runs.db", "2", "--deadline=20", "--json", "--quiet")
    assert (done.returncode, json.loads(done.stdout)["samples"]) == (0, 60)
    assert list_runs(store)[1].state == "complete"


@pytest.mark.parametrize(
    "command",
    [
        ("runs", "runs.db"),
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (("show", "runs.db"), ("collectors",))
        ),
    ],
)
def test_what_cannot_be_printed_is_one_line_and_exit_code_1(
    command: tuple[str, ...], store: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        done = execute(*command, stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 1
    assert done.stderr == "rnd-actors: cannot write the result: No space left on device\n"
