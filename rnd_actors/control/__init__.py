"""Looking at runs and steering them from other processes, by a socket for each run."""

from rnd_actors.control._client import ask, find_run, follow, runs
from rnd_actors.control._folder import RunAddress
from rnd_actors.control._server import ControlUnavailable, serve_run

__all__ = [
    "ControlUnavailable",
    "RunAddress",
    "ask",
    "find_run",
    "follow",
    "runs",
    "serve_run",
]
