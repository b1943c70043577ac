"""Looking at systems and runs and steering them: the operations, and a socket for each run."""

from rnd_actors.control._client import ask, find_run, follow, runs
from rnd_actors.control._folder import RunAddress
from rnd_actors.control._operation import Argument, Effect, Operation
from rnd_actors.control._operations import Operations
from rnd_actors.control._run_operations import RunOperations
from rnd_actors.control._server import ControlUnavailable, serve_run

__all__ = [
    "Argument",
    "ControlUnavailable",
    "Effect",
    "Operation",
    "Operations",
    "RunAddress",
    "RunOperations",
    "ask",
    "find_run",
    "follow",
    "runs",
    "serve_run",
]
