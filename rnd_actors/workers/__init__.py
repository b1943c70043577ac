"""Third-party workers: their processes, their streams, and the actor that owns one of each."""

from rnd_actors.workers._actor import WorkerActor
from rnd_actors.workers._ports import choose_ports
from rnd_actors.workers._process import WorkerProcess
from rnd_actors.workers._worker import (
    STANDIN,
    LinesLost,
    MalformedLine,
    PortTaken,
    Samples,
    Spawn,
    Stream,
    Worker,
    WorkerEvent,
    WorkerLogLost,
    WorkerSettings,
    WorkerSpawned,
    WorkerStreaming,
    worker_command,
)

__all__ = [
    "STANDIN",
    "LinesLost",
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
