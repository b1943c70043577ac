"""The process of a run that another process waits for; it is patched before this is imported.

Its argument is the request. It answers with lines of JSON on stdout: `progress` again and again,
and last `result` or `error`. The run ends when stdin does.
"""

import json
import logging
import os
import sys
from contextlib import suppress
from itertools import repeat
from typing import Any, BinaryIO, Final

import gevent
from gevent.event import Event
from gevent.os import make_nonblocking, nb_read

from rnd_actors.cli import ticking
from rnd_actors.collectors import CollectorSpec, SampleCount
from rnd_actors.errors import RndActorsError
from rnd_actors.running import Progress, RunSettings, first_workers, run

_PROGRESS_S: Final = 0.5


def main() -> None:
    """Do the run that the first argument asks for, and answer."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what others print goes to stderr
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    try:
        answer = _run(json.loads(sys.argv[1]), answers)
    except RndActorsError as error:
        answer = {"error": type(error).__name__, "args": error.args}
    _tell(answers, answer)


def _run(request: dict[str, Any], answers: BinaryIO) -> dict[str, Any]:
    settings = RunSettings(**request["settings"])
    collector_spec = request["recipe"]
    collector = (
        SampleCount(settings.samples)
        if collector_spec is None
        else CollectorSpec(**collector_spec).make()
    )
    progress = Progress(collector.goal, first_workers(settings, collector), settings.deadline)
    interrupted = Event()
    gevent.spawn(_await_end_of_stdin, interrupted)
    with ticking(repeat(_PROGRESS_S), lambda: _tell(answers, {"progress": str(progress.report())})):
        result = run(settings, collector, subscriber=progress, interrupted=interrupted)
    _tell(answers, {"progress": str(progress.report())})
    return {"result": result.to_json()}


def _await_end_of_stdin(interrupted: Event) -> None:
    make_nonblocking(0)
    while nb_read(0, 1):
        pass
    interrupted.set()


def _tell(answers: BinaryIO, answer: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):  # the other process has died, and stdin ends too
        answers.write(json.dumps(answer, default=str).encode() + b"\n")
        answers.flush()
