"""`make fuzz`, or `python -m tests.benchmarks.fuzz --runs 60 --seed 1`.

Each run has 1 to 64 stand-ins that misbehave at random and 1 to 20,000 samples. Signals strike the
program, its guardian and its workers at random moments, and it is resumed until it is complete.
Then its total has to be exact, its ledger balanced, the numbers of each incarnation consecutive,
its files equal to its store, its exit codes right, and no process left. A seed makes the same case
again, though not the same moments.
"""

import argparse
import sys
import time

from tests.benchmarks.fuzz._fuzz import Played, fuzz


def main() -> int:
    """Play the runs, print what did not hold, and return 1 if anything did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fuzz")
    parser.add_argument("--runs", type=int, default=1000, help="default: %(default)s")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first run; default: %(default)s"
    )
    options = parser.parse_args()
    began = time.monotonic()
    played = []
    for each in fuzz(range(options.seed, options.seed + options.runs)):
        played.append(each)
        for problem in each.problems:
            print(f"seed {each.case.seed}: {problem}", flush=True)
    _sum_up(played, time.monotonic() - began)
    return int(any(each.problems for each in played))


def _sum_up(played: list[Played], seconds: float) -> None:
    sessions = sum(each.sessions for each in played)
    strikes = sum(each.strikes for each in played)
    samples = sum(each.case.samples for each in played)
    wrong = sum(bool(each.problems) for each in played)
    print(
        f"{len(played):,} runs in {sessions:,} sessions, {strikes:,} signals, {samples:,} samples, "
        f"{seconds:.0f} s: {wrong} wrong"
    )


if __name__ == "__main__":
    sys.exit(main())
