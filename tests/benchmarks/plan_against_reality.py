"""What `rnd-actors plan` predicts against a hundred real runs with the stand-in.

The time is scaled: four workers send a number every 0.3 s and crash after 1 s on average, so that
18 samples take about one second. Twenty other real runs, scattered among them, give the figures of
the workers, as `rnd-actors plan --result` takes them; the crash model is known. Prediction and
measurement agree if their 95 % confidence limits overlap.
"""

from gevent import monkey

monkey.patch_all()

import json
import logging
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import asdict

from rnd_actors import RunSettings, run
from rnd_actors.planning import Proportion

SAMPLES, WORKERS = 18, 4
INTERVAL_S, MTBF_S = 0.3, 1.0
DEADLINES_S = (0.98, 1.03, 1.08)
RUNS, CALIBRATES_EVERY = 120, 6


def main() -> None:
    """Calibrate, run, predict, and print a table."""
    runs = real_runs(RUNS)
    calibration = runs[::CALIBRATES_EVERY]
    workers = [worker for run in calibration for worker in run["workers"]]
    elapsed_s = [run["elapsed_s"] for run in runs if run not in calibration]
    print("| deadline | predicted (95 % limits) | measured (95 % limits) | agree |")
    print("| --- | --- | --- | --- |")
    for deadline in DEADLINES_S:
        plan = planned(deadline, workers)
        predicted = Proportion(plan["kept"], plan["runs"])
        measured = Proportion(sum(time <= deadline for time in elapsed_s), len(elapsed_s))
        agree = "yes" if predicted.agrees_with(measured) else "NO"
        print(f"| {deadline:.2f} s | {in_words(predicted)} | {in_words(measured)} | {agree} |")


def real_runs(count: int) -> Any:
    """Run so often with the stand-in, in a process of its own; return what came of each."""
    command = [sys.executable, "-m", "tests.benchmarks.plan_against_reality", str(count)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def planned(deadline: float, workers: list[Any]) -> Any:
    """Return what `rnd-actors plan` says, with the figures of these workers and the crash model."""
    with TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        result.write_text(json.dumps({"workers": workers}))
        job = ["--samples", str(SAMPLES), "--workers", str(WORKERS), "--deadline", str(deadline)]
        figures = ["--result", str(result), "--mtbf", str(MTBF_S)]
        command = [sys.executable, "-m", "rnd_actors", "plan", *job, *figures, "--json"]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def in_words(share: Proportion) -> str:
    """Return the estimate and its limits."""
    low, high = share.limits
    return f"{share.estimate:.0%} ({low:.0%} to {high:.0%}) of {share.trials}"


def run_really(count: int) -> list[dict[str, Any]]:
    """Run so often, and return what is needed of the results."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    arguments = ("-interval", str(INTERVAL_S), "-mtbf", str(MTBF_S))
    job = RunSettings(samples=SAMPLES, workers=WORKERS, base_port=0, worker_args=arguments)
    results = [run(job) for _ in range(count)]
    return [
        {"elapsed_s": result.elapsed_s, "workers": [asdict(worker) for worker in result.workers]}
        for result in results
    ]


if __name__ == "__main__":
    print(json.dumps(run_really(int(sys.argv[1]))))
