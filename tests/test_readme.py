"""Everything that the README shows is run as a new user would run it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
SAME_RUN, OWN_GOAL, OWN_ACTOR = PROGRAMS
TAKEN = re.compile(r"port \d+ is taken by another program; worker \d+ gets port \d+ instead\n")
"""Other tests, or the user of the machine, may have a run on the usual ports."""


def lines_of(program: str) -> list[str]:
    return [line for line in program.splitlines() if line.strip()]


def output_of(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert TAKEN.sub("", done.stderr) == ""
    return done.stdout


@pytest.mark.slow
def test_the_same_run_from_python_takes_under_fifteen_lines(tmp_path: Path) -> None:
    assert len(lines_of(SAME_RUN)) < 15
    faster = SAME_RUN.replace("deadline=10", "deadline=60, worker_args=('-interval', '0.1')")
    assert faster != SAME_RUN
    first, numbers = output_of(faster, tmp_path).splitlines()
    assert first.startswith("complete 150 samples in ")
    assert len(numbers.split(",")) == 150


@pytest.mark.slow
def test_a_custom_collector_takes_under_twenty_lines(tmp_path: Path) -> None:
    assert len(lines_of(OWN_GOAL)) < 20
    values = ast.literal_eval(output_of(OWN_GOAL, tmp_path))
    assert set(range(10)) <= set(values)
    assert not set(range(10)) <= set(values[:-1])


def test_an_actor_of_ones_own_works_as_shown(tmp_path: Path) -> None:
    assert output_of(OWN_ACTOR, tmp_path) == "42\n"


@pytest.mark.parametrize(
    "target", ["docs/architecture.md", "docs/reliability.md", "CHANGELOG.md", "docs/live-view.svg"]
)
def test_what_the_readme_points_to_exists(target: str) -> None:
    assert f"({target})" in README.read_text(encoding="utf-8")
    assert (README.parent / target).is_file()
