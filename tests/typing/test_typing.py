"""What type checkers accept and refuse: `cases`, where a comment marks each line that is wrong.

Both checkers must find the errors that are marked, of the kind that the mark names, and no others.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pytest

_ROOT: Final = Path(__file__).parents[2]
_CASES: Final = sorted(Path(__file__).with_name("cases").glob("*.py"))
_MARK: Final = re.compile(r"# error: (?P<code>[a-z-]+)$")
_MYPY_ERROR: Final = re.compile(r"(?P<file>.+?):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$")
_PYRIGHT_RULES: Final = {
    "arg-type": "reportArgumentType",
    "assignment": "reportAssignmentType",
    "attr-defined": "reportAttributeAccessIssue",
    "list-item": "reportArgumentType",
    "misc": "reportArgumentType",
    "override": "reportIncompatibleMethodOverride",
}
"""What pyright calls what mypy calls so; `misc` is a type variable that mypy cannot solve."""

Error: TypeAlias = tuple[str, int, str]
"""File, line, and what the checker calls it."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_mypy_finds_the_errors_that_are_marked_and_no_others() -> None:
    assert set(_mypy()) == set(_marked())


def test_pyright_finds_the_errors_that_are_marked_and_no_others() -> None:
    expected = {(file, line, _PYRIGHT_RULES[code]) for file, line, code in _marked()}
    assert set(_pyright()) == expected


def _marked() -> Iterator[Error]:
    for path in _CASES:
        for number, text in enumerate(path.read_text().splitlines(), start=1):
            if mark := _MARK.search(text):
                yield path.name, number, mark["code"]


def _mypy() -> Iterator[Error]:
    for line in _check("mypy", "--no-pretty", "--no-error-summary").splitlines():
        if found := _MYPY_ERROR.match(line):
            yield Path(found["file"]).name, int(found["line"]), found["code"]


def _pyright() -> Iterator[Error]:
    report = json.loads(_check("pyright", "--outputjson", "--pythonpath", sys.executable))
    for found in report["generalDiagnostics"]:
        rule = found.get("rule", found["message"])
        yield Path(found["file"]).name, found["range"]["start"]["line"] + 1, rule


def _check(checker: str, *options: str) -> str:
    """Run a type checker on all cases, with the settings of the project, and return its report."""
    command = [sys.executable, "-m", checker, *options, *map(str, _CASES)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"{checker} did not do its work:\n{done.stdout}{done.stderr}"
    return done.stdout
