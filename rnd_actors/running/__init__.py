"""One run: supervisor, workers and collector wired together, from settings to a result."""

from rnd_actors.running._resume import ResumableRun, resume
from rnd_actors.running._run import run
from rnd_actors.running._settings import RunSettings

__all__ = ["ResumableRun", "RunSettings", "resume", "run"]
