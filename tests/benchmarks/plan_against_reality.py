"""What a plan predicts against twenty real runs with the stand-in, in three cells.

The time is scaled by four: workers send a number every 0.25 s, need 0.25 s and the start of a
process until the first one, and crash after 8 s on average; in two cells one in five is slow. The
start-up is that of the real runs, all other figures are known. Prediction and measurement agree if
their 95 % confidence limits overlap.
"""

from gevent import monkey

monkey.patch_all()

import logging
from statistics import fmean
from typing import Final

from attrs import frozen

from rnd_actors import Outcome, Result, RunSettings, run
from rnd_actors.planning import Forecast, PlanSettings, Proportion, WorkerProfile, forecast
from rnd_actors.scaling import Scaling, WorkerFigures, policy_for

SAMPLES, WORKERS, RUNS = 120, 8, 20
INTERVAL_S, DELAY_S, MTBF_S = 0.25, 0.25, 8.0
KNOWN: Final = WorkerFigures(rate=1 / INTERVAL_S, mtbf=MTBF_S, startup=0.35)


@frozen
class Cell:
    """Workers, a policy, and a deadline that it keeps now and then."""

    scale: Scaling
    replace_slow: bool
    slow_share: float
    deadline_s: float

    def really(self) -> list[Result]:
        """Do the runs."""
        flags = {
            "-interval": INTERVAL_S,
            "-start-delay": DELAY_S,
            "-mtbf": MTBF_S,
            "-slow-share": self.slow_share,
        }
        settings = RunSettings(
            samples=SAMPLES,
            workers=WORKERS,
            base_port=0,
            worker_args=[word for flag in flags.items() for word in map(str, flag)],
            deadline=self.deadline_s,
            scale=self.scale,
            replace_slow=self.replace_slow,
            figures=KNOWN,
        )
        return [run(settings) for _ in range(RUNS)]

    def predicted(self, startup_s: float) -> Forecast:
        """Plan them."""
        profile = WorkerProfile(
            rate=KNOWN.rate, mtbf=MTBF_S, startup=startup_s, slow_share=self.slow_share
        )
        policy = policy_for(
            self.scale, confidence=0.99, replace_slow=self.replace_slow, known=KNOWN
        )
        plan = PlanSettings(
            samples=SAMPLES,
            workers=WORKERS,
            deadline=self.deadline_s,
            profile=profile,
            policy=policy,
            runs=500,
        )
        return forecast(plan)


CELLS: Final = (
    Cell(Scaling.FIXED, replace_slow=False, slow_share=0.0, deadline_s=4.6),
    Cell(Scaling.FIXED, replace_slow=True, slow_share=0.2, deadline_s=4.9),
    Cell(Scaling.DEADLINE, replace_slow=True, slow_share=0.2, deadline_s=6.0),
)


def main() -> None:
    """Run, predict, and print a table."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    print("| policy | slow | deadline | kept: predicted | measured | workers | replaced | agree |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for cell in CELLS:
        real = cell.really()
        startups = [w.startup_s for result in real for w in result.workers if w.startup_s]
        plan = cell.predicted(fmean(startups))
        measured = Proportion(sum(r.outcome is Outcome.COMPLETE for r in real), RUNS)
        workers = fmean(run.most_workers for run in plan.runs), fmean(len(r.workers) for r in real)
        replaced = (
            fmean(run.replaced for run in plan.runs),
            fmean(sum(worker.replaced for worker in result.workers) for result in real),
        )
        print(
            f"| {cell.scale.value} | {cell.slow_share:.0%} | {cell.deadline_s:g} s "
            f"| {in_words(plan.kept)} | {in_words(measured)} "
            f"| {workers[0]:.1f}, {workers[1]:.1f} | {replaced[0]:.1f}, {replaced[1]:.1f} "
            f"| {'yes' if plan.kept.agrees_with(measured) else 'NO'} |",
            flush=True,
        )


def in_words(share: Proportion) -> str:
    """Return the estimate and its limits."""
    low, high = share.limits
    return f"{share.estimate:.0%} ({low:.0%} to {high:.0%}) of {share.trials}"


if __name__ == "__main__":
    main()
