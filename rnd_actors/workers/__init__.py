"""One third-party worker: its process, its stream, its actor."""

from rnd_actors.workers._actor import WorkerActor, WorkerSettings
from rnd_actors.workers._command import STANDIN, worker_command
from rnd_actors.workers._events import MalformedLine, WorkerEvent, WorkerSpawned, WorkerStreaming
from rnd_actors.workers._messages import Samples
from rnd_actors.workers._ports import choose_ports

__all__ = [
    "STANDIN",
    "MalformedLine",
    "Samples",
    "WorkerActor",
    "WorkerEvent",
    "WorkerSettings",
    "WorkerSpawned",
    "WorkerStreaming",
    "choose_ports",
    "worker_command",
]
