"""Runs the suite in two processes: `python -m tests.halves`, with options for pytest.

Many tests wait for something, so that two processes take little more than half the time of one.
Each file of tests belongs to the process that claims it first; one takes them from the front, the
other from the back. pytest-xdist cannot do this: its threads do not bear a patched process.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["main"]

_LONGEST = "test_fuzz.py"
"""Its random runs take more than a minute, and so begin at once."""
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""With it, each of the many processes that tests start would compile the package again."""
_COUNTED = ("failed", "error", "passed", "skipped", "xfailed", "xpassed", "warnings")


def main(options: list[str]) -> int:
    """Run all tests; print what the first process prints, then the second, then one line."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="rnd-actors-tests-") as claims:
        seed = f"--randomly-seed={random.randrange(2**32)}"
        command = [sys.executable, "-m", "pytest", "-p", "tests.halves", seed]
        environment = {name: text for name, text in os.environ.items() if name != _NO_BYTECODE}
        with Path(claims, "output").open("w+b") as output:
            first = subprocess.Popen(
                [*command, f"--claims={claims}", "--half=0", *options], env=environment
            )
            second = subprocess.Popen(
                [*command, f"--claims={claims}", "--half=1", *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )
            with suppress(KeyboardInterrupt):  # they have got it, too, and end in order
                first.wait()
            codes = [first.wait(), second.wait()]
            output.seek(0)
            sys.stdout.write(output.read().decode(errors="replace"))
        counts = Counter[str]()
        for path in Path(claims).glob("*.json"):
            counts.update(json.loads(path.read_text()))
    summary = ", ".join(f"{counts[each]} {each}" for each in _COUNTED if counts[each])
    sys.stdout.write(f"===== {summary or 'no tests'} in {time.monotonic() - began:.2f}s =====\n")
    return max(codes, key=abs)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("halves")
    group.addoption("--claims", type=Path, help="folder in which files of tests are claimed")
    group.addoption("--half", type=int, help="0 begins at the front, 1 at the back")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Half(config.getoption("claims"), config.getoption("half")))


class _Half:
    """The share of one process: the files that it has claimed."""

    def __init__(self, claims: Path, number: int) -> None:
        self._claims = claims
        self._number = number
        self._is_mine: dict[Path, bool] = {}

    @pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled them
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        files = list(dict.fromkeys(item.path for item in items))
        files.sort(key=lambda path: path.name != _LONGEST)
        place = {path: number for number, path in enumerate(files)}
        items.sort(key=lambda item: place[item.path], reverse=bool(self._number))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if item.path not in self._is_mine:
            self._is_mine[item.path] = self._claim(item.path)
        return None if self._is_mine[item.path] else True

    def _claim(self, path: Path) -> bool:
        try:
            Path(self._claims, str(path).replace("/", "%")).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        yield
        counts = {name: len(each) for name, each in terminalreporter.stats.items() if name}
        Path(self._claims, f"{self._number}.json").write_text(json.dumps(counts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
