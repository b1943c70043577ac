"""Views of runs that were never there."""

from typing import Any, Final

from rnd_actors.scaling import Measured, RunView, WorkerView

FIRST_S: Final = 0.1


def stream(id_: int, seconds: float, gap: float = 1.0, jitter: float = 0.0) -> WorkerView:
    """A worker that started at 0.0 and has streamed since 0.1, so many seconds.

    Its gaps are by turns longer and shorter.
    """
    gaps, at = list[float](), 0.0
    while at + (next_gap := gap + (jitter if len(gaps) % 2 else -jitter)) <= seconds + 1e-9:
        gaps.append(next_gap)
        at += next_gap
    return WorkerView(
        id=id_,
        started_s=0.0,
        first_s=FIRST_S,
        last_s=FIRST_S + at,
        paced=len(gaps),
        arrivals=len(gaps),
        squares=sum(gap * gap for gap in gaps),
    )


def starting(id_: int, started: float = 0.0) -> WorkerView:
    return WorkerView(id=id_, started_s=started)


def view(now: float, *workers: WorkerView, **others: Any) -> RunView:
    """A run of 150 samples within 20 s, whose workers have not crashed."""
    streams = [worker for worker in workers if worker.first_s is not None]
    measured = Measured(
        first_samples=len(streams),
        starting_s=sum((worker.first_s or 0.0) - worker.started_s for worker in streams),
        streamed_s=sum(now - (worker.first_s or 0.0) for worker in streams),
        paced=sum(worker.paced for worker in streams),
        paced_s=sum(worker.last_s - (worker.first_s or 0.0) for worker in streams),
    )
    settings: dict[str, Any] = {
        "deadline_s": 20.0,
        "goal": 150,
        "samples": len(streams) + measured.paced,
        "least": 1,
        "most": 16,
        "measured": measured,
        "starts": len(workers),
        "replaced": 0,
    }
    settings |= others
    return RunView(elapsed_s=now, workers=workers, **{"lines": settings["samples"]} | settings)


def batches(id_: int, number: int, size: int, gap: float = 0.5) -> WorkerView:
    """A worker as above that sends so many samples at once, and has done so `number` times."""
    arrivals = number - 1
    return WorkerView(
        id=id_,
        started_s=0.0,
        first_s=FIRST_S,
        last_s=FIRST_S + arrivals * gap,
        paced=arrivals * size,
        arrivals=arrivals,
        squares=arrivals * gap * gap / size,
    )
