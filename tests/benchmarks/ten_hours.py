"""Ten simulated hours of sixteen workers that crash every 30 s on average: how long they take.

Two processes with different hash seeds simulate the same seed, so the digest of their results
must be the same.
"""

from gevent import monkey

monkey.patch_all()

import json
import os
import random
import subprocess
import sys
import time
from hashlib import sha256
from typing import Any

from rnd_actors import Collector, RunSettings, Sample, run
from rnd_actors.simulation import SimulatedWorker, simulate

HOURS = 10.0
SEED = 1
HASH_SEEDS = ("0", "1")


def main() -> None:
    """Simulate in two processes and print a table."""
    print("| PYTHONHASHSEED | samples | restarts | ledger balanced | real time | digest |")
    print("| --- | --- | --- | --- | --- | --- |")
    for hash_seed in HASH_SEEDS:
        command = [sys.executable, "-m", "tests.benchmarks.ten_hours", str(HOURS)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
        seen = json.loads(done.stdout)
        print(
            f"| {hash_seed} | {seen['samples']:,} | {seen['restarts']:,} "
            f"| {'yes' if seen['balanced'] else 'NO'} | {seen['real_s']:.1f} s | {seen['digest']} |"
        )


class Until(Collector):
    """Collects for a time."""

    def __init__(self, seconds: float) -> None:
        self._end = seconds

    def is_reached(self, sample: Sample) -> bool:
        """Return whether the time is over; in virtual time the clock begins at 0."""
        return time.monotonic() >= self._end


def simulated(hours: float) -> dict[str, Any]:
    """Simulate so many hours; return what came of them."""
    model = SimulatedWorker(startup=0.05, lifetime=lambda: random.expovariate(1 / 30))
    began = time.perf_counter()
    result = simulate(lambda _: run(RunSettings(), Until(hours * 3600), spawn=model), SEED).result
    real_s = time.perf_counter() - began
    lines = result.lines
    return {
        "samples": result.samples,
        "restarts": result.restarts,
        "balanced": lines.received == lines.accepted + lines.surplus + lines.malformed,
        "real_s": real_s,
        "digest": sha256(repr((result.values, result.workers)).encode()).hexdigest()[:12],
    }


if __name__ == "__main__":
    print(json.dumps(simulated(float(sys.argv[1]))))
