"""One run: supervisor, workers and collector wired together, from settings to a result."""

from rnd_actors.running._event_record import event_record
from rnd_actors.running._live import LiveRun
from rnd_actors.running._prepare import first_workers
from rnd_actors.running._progress import Progress, WorkerRow, WorkerState
from rnd_actors.running._progress_report import ProgressReport
from rnd_actors.running._resume import ResumableRun, resume
from rnd_actors.running._run import run
from rnd_actors.running._settings import RunSettings

__all__ = [
    "LiveRun",
    "Progress",
    "ProgressReport",
    "ResumableRun",
    "RunSettings",
    "WorkerRow",
    "WorkerState",
    "event_record",
    "first_workers",
    "resume",
    "run",
]
