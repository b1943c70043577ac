"""How long the main job takes, with workers that stay up and with flaky ones.

Each round runs the command as a user would, one kind after the other. With workers that stay up no
program can need less than 9 s: sixteen give 144 numbers in the first 8 s, and the other six come
after 9 s. A worker that is restarted sends its first number at once, so flaky ones can be faster.
"""

import json
import subprocess
import sys
from statistics import median
from typing import Any

ROUNDS = 3
KINDS = {"steady": (), "flaky": ("--worker-arg=-flaky",)}
LIMIT_S = 9.0


def main() -> None:
    """Run all rounds and print a table."""
    results: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        for kind, options in KINDS.items():
            results[kind].append(measure(options))
    print("| workers | samples | elapsed, median (all) | over the limit of 9 s | restarts |")
    print("| --- | --- | --- | --- | --- |")
    for kind, runs in results.items():
        elapsed = [run["elapsed_s"] for run in runs]
        each = ", ".join(f"{seconds:.2f}" for seconds in sorted(elapsed))
        over = median(elapsed) - LIMIT_S
        restarts = "/".join(str(run["restarts"]) for run in runs)
        samples = "/".join(sorted({str(run["samples"]) for run in runs}))
        middle = f"{median(elapsed):.2f} s ({each})"
        print(f"| {kind} | {samples} | {middle} | {over:+.2f} s | {restarts} |")


def measure(options: tuple[str, ...]) -> Any:
    """Run the main job once and return its result."""
    command = [sys.executable, "-m", "rnd_actors", "run", "--json", "--quiet", "--base-port", "0"]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
