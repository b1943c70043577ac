"""What each step gave: today's programs on the code of earlier commits, in turn.

`python -m tests.benchmarks.history REVISION…` prints a table with a column for each revision, in
which every figure is the median of three first runs, each in a new process, taken round after
round. Without revisions it is those that docs/performance.md speaks of.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

__all__ = ["main"]

STEPS: Final = {
    "59fd533": "before",
    "0233f85": "sleeping on the hub",
    "9f0fbc3": "fewer objects",
    "b2b2d9f": "waking in one step",
    "534ab26": "by the batch",
    "26bb009": "handing over",
    "c80ed84": "one greenlet each",
    "HEAD": "now",
}
ROUNDS: Final = 3
PROGRAMS: Final[dict[str, tuple[str, dict[str, Any], float, str]]] = {
    "tell, µs": ("framework.tell", {"messages": 200_000}, 1e6 / 200_000, ".2f"),
    "ask, µs": ("framework.ask", {"requests": 20_000}, 1e6 / 20_000, ".1f"),
    "ping-pong, µs a message": ("framework.ping_pong", {"pings": 20_000}, 1e6 / 40_000, ".2f"),
    "spawn, µs": ("framework.spawn", {"actors": 2_000}, 1e6 / 2_000, ".0f"),
    "spawn and stop, µs": ("framework.spawn", {"actors": 2_000, "stop": True}, 1e6 / 2_000, ".0f"),
    "bytes per idle actor": ("framework.idle", {"actors": 5_000, "memory": True}, 1.0, ",.0f"),
    "samples, one line a chunk, µs": (
        "tool.throughput",
        {"lines": 1, "samples": 200_000, "streams": 8},
        1e6 / 200_000,
        ".2f",
    ),
    "samples, 100 lines a chunk, µs": (
        "tool.throughput",
        {"lines": 100, "samples": 1_000_000, "streams": 8},
        1e6 / 1_000_000,
        ".2f",
    ),
}


def main(steps: dict[str, str]) -> None:
    """Measure all programs at all revisions, and print a table."""
    with TemporaryDirectory() as folder:
        places = {revision: _unpacked(revision, Path(folder)) for revision in steps}
        print("| | " + " | ".join(steps.values()) + " |")
        print("| --- " * (len(steps) + 1) + "|")
        for name, (program, parameters, scale, form) in PROGRAMS.items():
            taken: dict[str, list[float]] = {revision: [] for revision in steps}
            for _ in range(ROUNDS):
                for revision, place in places.items():
                    taken[revision].append(_measured(place, program, parameters) * scale)
            cells = (format(median(values), form) for values in taken.values())
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _unpacked(revision: str, folder: Path) -> Path:
    """Put the package of a revision and the programs of today into a folder of their own."""
    place = folder / revision
    place.mkdir()
    archive = ["git", "archive", revision, "rnd_actors"]
    done = subprocess.run(archive, stdout=subprocess.PIPE, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
        packed.extractall(place, filter="data")
    (place / "tests").mkdir()
    (place / "tests/__init__.py").touch()
    (place / "tests/benchmarks").symlink_to(Path(__file__).parent.resolve())
    return place


def _measured(place: Path, program: str, parameters: dict[str, Any]) -> float:
    ours = f"tests.benchmarks.{program}.ours"
    command = [sys.executable, "-m", "tests.benchmarks.measured", ours, "patched", "0"]
    done = subprocess.run(
        [*command, json.dumps(parameters)],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place)},
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds: float = json.loads(done.stdout)["seconds"]
    return seconds


if __name__ == "__main__":
    main({revision: revision for revision in sys.argv[1:]} or STEPS)
