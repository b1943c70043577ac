"""Draws docs/live-view.svg: the live view in the middle of a made-up run."""

import random
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console

from rnd_actors.actors import Crashed
from rnd_actors.cli import draw_live_view
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.errors import WorkerExitedError
from rnd_actors.events import ActorFailed, ChildRestarting, Event
from rnd_actors.running import Progress
from rnd_actors.workers import WorkerSpawned, WorkerStreaming

_PICTURE: Final = Path(__file__).with_name("live-view.svg")
_WORKERS: Final = range(1, 17)
_TICKS: Final = 6
_CRASHES: Final = {2: (11,), 4: (4,), 5: (11, 14)}
"""Who has crashed by which second, each after its sample of the second before."""
_STILL_DOWN: Final = {(5, 11): 0.31, (5, 14): 0.0}
"""Who is not back at the end, with the delay of the restart."""


def main() -> None:
    """Let the made-up run happen to the view and save what it looks like."""
    now = 0.0
    progress = Progress(150, len(_WORKERS), deadline=10.0, clock=lambda: now)
    for now, event in _events():  # noqa: B007 - the clock reads it
        progress(event)
    console = Console(file=StringIO(), record=True, width=80, force_terminal=True)
    console.print(draw_live_view(progress))
    console.save_svg(str(_PICTURE), title="rnd-actors run")


def _events() -> Iterator[tuple[float, Event]]:
    """Yield what happens, each with its time in seconds."""
    values = random.Random(2)  # noqa: S311
    incarnations = dict.fromkeys(_WORKERS, 1)
    total = 0
    for worker in _WORKERS:
        yield 0.0, _spawned(worker, 1)
        yield 0.1, WorkerStreaming(worker, 1)
    for tick in range(_TICKS):
        now = tick + 0.1
        for worker in _CRASHES.get(tick, ()):
            error = WorkerExitedError(f"worker {worker} exited with code 2")
            yield now, ActorFailed(f"workers/{worker}", incarnations[worker], Crashed(error))
            incarnations[worker] += 1
            yield now, ChildRestarting(f"workers/{worker}", _STILL_DOWN.get((tick, worker), 0.0))
            if (tick, worker) not in _STILL_DOWN:
                yield now, _spawned(worker, incarnations[worker])
                yield now, WorkerStreaming(worker, incarnations[worker])
        for worker in _WORKERS:
            if (tick, worker) not in _STILL_DOWN:
                total += 1
                value = values.randrange(100)
                yield now, SamplesAccepted(worker, 1, value, total, total / 150)


def _spawned(worker: int, incarnation: int) -> WorkerSpawned:
    return WorkerSpawned(worker, incarnation, 4000 + worker + 16 * incarnation, 3000 + worker)


if __name__ == "__main__":
    main()
