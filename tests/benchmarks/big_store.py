"""How much memory and time the commands about a stored run take.

`python -m tests.benchmarks.big_store` makes a store of a million samples, or as many as it is told,
and prints a table for a page.
"""

from gevent import monkey

monkey.patch_all()

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from rnd_actors import RunSettings, Sample
from rnd_actors.store import Recording, RunDescription

__all__ = ["make_store", "measured"]

_BATCH: Final = 10_000
_COMMANDS: Final = (
    ("runs", "runs.db"),
    ("show", "runs.db"),
    ("export", "runs.db", "samples.csv"),
    ("export", "runs.db", "samples.jsonl"),
    ("export", "runs.db", "samples.parquet"),
    ("export", "runs.db", "copy.db"),
    ("report", "runs.db", "-o", "report.json"),
    ("report", "runs.db", "-o", "report.html"),
)
_STARTER: Final = """
import os, sys, time
began = time.monotonic()
to_null = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=to_null)
_, status, usage = os.wait4(pid, 0)
print(time.monotonic() - began, usage.ru_maxrss)
sys.exit(status != 0)
"""
"""Linux takes the memory of whoever starts a program for some that the program had: of this one it
is less than any command needs."""


def make_store(path: Path, count: int) -> None:
    """Record a run of so many samples from 16 workers, one a second each."""
    chance, began = Random(1), time.time()
    settings = RunSettings(samples=count).to_plain()
    run = RunDescription(
        settings=settings, collector_spec=None, collector="SampleCount", goal=count
    )
    recording = Recording.begin(path, run)
    for first in range(0, count, _BATCH):
        recording.write(
            [
                Sample(
                    index, chance.randrange(100), index % 16 + 1, 1, index // 16, began + index / 16
                )
                for index in range(first, min(first + _BATCH, count))
            ]
        )
    recording.abandon()


def measured(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a command of the program; return its seconds and the megabytes it had at most."""
    program = (sys.executable, "-m", "rnd_actors", *command)
    starter = (sys.executable, "-I", "-S", "-c", _STARTER, *program)
    done = subprocess.run(starter, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed")
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds, kilobytes / 1024


def main(count: int) -> None:
    """Measure all commands and print the table."""
    with TemporaryDirectory() as folder:
        make_store(Path(folder, "runs.db"), count)
        print(f"| command, with {count:,} samples | seconds | megabytes |")
        print("| --- | --- | --- |")
        for command in _COMMANDS:
            seconds, megabytes = measured(command, Path(folder))
            print(f"| `{' '.join(command)}` | {seconds:.1f} | {megabytes:.0f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
