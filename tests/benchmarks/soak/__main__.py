"""`make soak`, or `python -m tests.benchmarks.soak --samples 50000`.

Sixteen stand-ins count as fast as they are read, and each dies before one number in 200, in the
middle of a line. A million samples take some 5,000 restarts, and the restarts nearly all the time.
"""

from gevent import monkey

monkey.patch_all()

import argparse
import logging
import sys
from typing import Final

from attrs import frozen

from rnd_actors import Outcome, Result, RunSettings, run
from rnd_actors.collectors import Ledger
from tests.benchmarks.soak._checker import Checker
from tests.benchmarks.soak._footprint import Footprint, Recorder, Tenth

WORKERS: Final = 16
LIFETIME: Final = 200
"""Samples in the life of a worker, in the mean; some have none."""
FLAGS: Final = (
    *("-interval", "0", "-lines-per-chunk", "20", "-consecutive"),
    *("-crash-every", str(LIFETIME), "-cut"),
)
GROWTH: Final = 1.05
"""Flat is what in the last tenth is at most 5 % more than in the first, samples left out."""
CHANCE: Final = 5 * WORKERS
"""Descriptors of workers that are up: how many of them are is chance, and far less than a leak."""
MOST_UNTOLD: Final = 0.1
"""Of the workers that die; a machine with too much to do may leave no time for last words."""


def main() -> int:
    """Run it, print what came of it, and return 1 if something did not hold."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak")
    options.add_argument("--samples", type=int, default=1_000_000, help="default: %(default)s")
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())  # thousands of crashes
    done = _soak(options.parse_args().samples)
    _print(done)
    return int(not all(claim.holds for claim in done.claims))


@frozen
class Claim:
    """What has to hold, whether it did, and the figures that say so."""

    what: str
    holds: bool
    figures: str


@frozen
class Soak:
    """What came of it."""

    result: Result
    tenths: tuple[Tenth, ...]
    claims: tuple[Claim, ...]


def _soak(samples: int) -> Soak:
    """Collect `samples` samples, 10 or more, from workers that die at random all the time."""
    _run(Checker(10 * LIFETIME))  # once, so that all is loaded that is loaded at first use
    before = Footprint.now()
    checker = Checker(samples)
    recorder = Recorder(samples, lambda: (checker.kept_bytes, checker.kept_objects))
    result = _run(checker, recorder)
    after = Footprint.now()
    claims = (*_claims_of_samples(result, checker), *_claims_of_machine(recorder, before, after))
    return Soak(result, tuple(recorder.tenths), claims)


def _run(checker: Checker, recorder: Recorder | None = None) -> Result:
    settings = RunSettings(samples=checker.goal, workers=WORKERS, worker_args=FLAGS, base_port=0)
    return run(settings, checker, subscriber=recorder)


def _claims_of_samples(result: Result, checker: Checker) -> list[Claim]:
    lines, goal, ends = result.lines, checker.goal, checker.ends
    complete = result.outcome is Outcome.COMPLETE
    exact = goal == checker.accepted == lines.accepted == result.samples
    in_order = not checker.faults and checker.ends_told >= (1 - MOST_UNTOLD) * ends
    told = f"{checker.ends_told:,} of {ends:,} dead workers had sent what came of them"
    return [
        Claim("exact", complete and exact, f"{result.samples:,} samples; {result.reason}"),
        Claim("none twice, none missing", in_order, "; ".join((told, *checker.faults))),
        Claim("ledger balanced", _is_balanced(lines), str(lines)),
    ]


def _is_balanced(lines: Ledger) -> bool:
    return lines.received == lines.accepted + lines.surplus + lines.malformed


def _claims_of_machine(recorder: Recorder, before: Footprint, after: Footprint) -> list[Claim]:
    if not recorder.tenths:
        return []
    first, last = recorder.tenths[0], recorder.tenths[-1]
    most = max(tenth.children for tenth in recorder.tenths)
    memory = f"{first.memory / 2**20:.1f} MiB, then {last.memory / 2**20:.1f}"
    objects = f"{first.objects:,.0f}, then {last.objects:,.0f}"
    descriptors = f"{first.descriptors:g}, then {last.descriptors:g}"
    left = after.descriptors - before.descriptors
    return [
        Claim(
            "no process left",
            after.children == 0 and most <= WORKERS + 1,
            f"{after.children} in the end, {most} at most: the workers and their guardian",
        ),
        Claim(
            "descriptors flat",
            left == 0 and last.descriptors <= first.descriptors + CHANCE,
            f"{descriptors}; {left} left in the end",
        ),
        Claim("memory flat", last.memory <= GROWTH * first.memory, memory),
        Claim("objects flat", last.objects <= GROWTH * first.objects, objects),
    ]


def _print(done: Soak) -> None:
    """Print the tenths of the run, its speed and its claims."""
    print("| samples | samples/s | starts/s | descriptors | processes | memory, MiB | objects |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for tenth in done.tenths:
        print(
            f"| {tenth.samples:,} | {tenth.samples_per_s:,.0f} | {tenth.starts_per_s:.1f} "
            f"| {tenth.descriptors:g} | {tenth.children} | {tenth.memory / 2**20:.1f} "
            f"| {tenth.objects:,.0f} |"
        )
    result = done.result
    seconds, restarts = result.elapsed_s, result.restarts
    print(f"\n{result.samples:,} samples in {seconds:.1f} s: {result.rate_per_s:,.0f} a second")
    print(f"{restarts:,} restarts survived: {restarts / (seconds or 1):.1f} a second")
    for claim in done.claims:
        print(f"{'ok  ' if claim.holds else 'FAIL'} {claim.what}: {claim.figures}")


if __name__ == "__main__":
    sys.exit(main())
