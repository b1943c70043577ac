"""`make soak`, or `python -m tests.benchmarks.soak --samples 50000`.

Sixteen stand-ins count as fast as they are read, and each dies before one number in 200, in the
middle of a line. A million samples take some 5,000 restarts, and the restarts nearly all the time.
"""

import argparse
import logging
import sys

from gevent import monkey

monkey.patch_all()

from tests.benchmarks.soak._soak import Soak, soak  # what it imports has to be patched


def main() -> int:
    """Run it, print what came of it, and return 1 if something did not hold."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak")
    options.add_argument("--samples", type=int, default=1_000_000, help="default: %(default)s")
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())  # thousands of crashes
    done = soak(options.parse_args().samples)
    show(done)
    return int(not all(claim.holds for claim in done.claims))


def show(done: Soak) -> None:
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
