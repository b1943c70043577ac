"""Third-party workers: their processes, their streams, and the actor that owns one of each."""

from rnd_actors.workers._actor import WorkerActor
from rnd_actors.workers._command import STANDIN, worker_command
from rnd_actors.workers._events import (
    MalformedLine,
    PortTaken,
    WorkerEvent,
    WorkerLogLost,
    WorkerSpawned,
    WorkerStreaming,
)
from rnd_actors.workers._messages import Samples
from rnd_actors.workers._ports import choose_ports
from rnd_actors.workers._process import WorkerProcess
from rnd_actors.workers._settings import WorkerSettings
from rnd_actors.workers._worker import Spawn, Stream, Worker

__all__ = [
    "STANDIN",
    "MalformedLine",
    "PortTaken",
    "Samples",
    "Spawn",
    "Stream",
    "Worker",
    "WorkerActor",
    "WorkerEvent",
    "WorkerLogLost",
    "WorkerProcess",
    "WorkerSettings",
    "WorkerSpawned",
    "WorkerStreaming",
    "choose_ports",
    "worker_command",
]
