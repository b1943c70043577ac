"""A contest: the same program on every side, in turn and in several rounds, each in a new process.

All figures of a round are taken within seconds of each other on the same machine, so that the
ratio of two of them says more than each of them alone.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from attrs import field, frozen

from tests.benchmarks.results import OURS, Results

__all__ = ["SIDES", "Contest", "Side"]

_TIME_LIMIT_S: Final = 60.0


@frozen
class Side:
    """One that takes part: the function that is its program, and whether gevent is patched in."""

    name: str
    function: str
    is_patched: bool
    is_limit: bool = False
    is_quick: bool = True
    """Whether it takes part in the quick run, too."""


SIDES: Final = (
    Side(OURS, "ours", is_patched=True),
    Side("Pykka on gevent", "on_pykka", is_patched=True),
    Side("Pykka on threads", "on_pykka", is_patched=False, is_quick=False),
    Side("Thespian", "on_thespian", is_patched=False),
    Side("xoscar", "on_xoscar", is_patched=False, is_quick=False),
    Side("gevent queues", "raw_gevent", is_patched=True, is_limit=True),
    Side("greenlets", "raw_greenlets", is_patched=True, is_limit=True, is_quick=False),
    Side("asyncio queues", "raw_asyncio", is_patched=False, is_limit=True, is_quick=False),
    Side("urllib3", "raw_urllib3", is_patched=True, is_limit=True),
    Side("sockets", "raw_socket", is_patched=True, is_limit=True),
    Side("posix_spawn", "raw_posix_spawn", is_patched=True, is_limit=True),
)


@frozen(kw_only=True)
class Contest:
    """A program of `tests/benchmarks/<group>/<program>.py`, and how it is run.

    Args:
        group: the folder of programs.
        name: what it is called in tables.
        program: its file; the name, if it is not given.
        without: sides whose function in that file is for another contest.
        parameters: of a normal run.
        quick: those that differ in the quick run; None: it takes no part in it.
        full: those that differ at full size.
        repeats: how often each process runs it, after a first run that does not count.
    """

    group: str
    name: str
    program: str = field()
    without: tuple[str, ...] = ()
    parameters: Mapping[str, Any]
    quick: Mapping[str, Any] | None = field(factory=dict)
    full: Mapping[str, Any] = field(factory=dict)
    repeats: int = 3

    @program.default
    def _program(self) -> str:
        return self.name.replace(" ", "_").replace("-", "_")

    @property
    def sides(self) -> Iterator[Side]:
        """Those that have a function in its file, in the order of tables."""
        module = import_module(self._module)
        return (
            side
            for side in SIDES
            if hasattr(module, side.function) and side.name not in self.without
        )

    @property
    def _module(self) -> str:
        return f"{__package__}.{self.group}.{self.program}"

    def hold(self, rounds: int, size: str) -> Results:
        """Run so many rounds of the size `normal`, `quick` or `full`.

        A side that fails or takes more than a minute is left out.
        """
        sides = [side for side in self.sides if side.is_quick or size != "quick"]
        changes = {"normal": {}, "quick": self.quick or {}, "full": self.full}[size]
        parameters = {**self.parameters, **changes}
        repeats = min(self.repeats, 1) if size == "quick" else self.repeats
        taken: dict[str, list[dict[str, float]]] = {side.name: [] for side in sides}
        for _ in range(rounds):
            for side in [side for side in sides if side.name in taken]:
                figures = self._measure(side, repeats, parameters)
                if figures is None:
                    del taken[side.name]
                else:
                    taken[side.name].append(figures)
        return Results(self.group, self.name, parameters, taken)

    def _measure(
        self, side: Side, repeats: int, parameters: dict[str, Any]
    ) -> dict[str, float] | None:
        program = f"{self._module}.{side.function}"
        patched = "patched" if side.is_patched else "plain"
        command = [sys.executable, "-m", f"{__package__}.measured", program, patched, str(repeats)]
        output, errors, code = _run([*command, json.dumps(parameters)])
        if code == 0:
            figures: dict[str, float] = json.loads(output.splitlines()[-1])
            return figures
        last = errors.strip().splitlines()[-1:] or [f"exit code {code}, without a word"]
        print(f"{self.name}: {side.name} is left out: {last[0]}", file=sys.stderr)
        return None


def _run(command: list[str]) -> tuple[str, str, int]:
    """Run a command for a minute at most; return what it wrote, and its exit code.

    It has a process group of its own, so that what it may have started ends with it.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=_TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        errors = f"it takes more than {_TIME_LIMIT_S:g} s"
    return output, errors, process.returncode
