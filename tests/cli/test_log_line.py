import json
import re
from datetime import datetime

from rnd_actors.actors import Crashed
from rnd_actors.cli._options import LogFormat
from rnd_actors.cli._session import log_line
from rnd_actors.errors import WorkerExitedError
from rnd_actors.events import ActorFailed


def test_text_has_time_level_and_words_on_one_line() -> None:
    event = ActorFailed("workers/1", 2, Crashed(WorkerExitedError("gone\nfor \x1bgood")))
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d WARNING workers/1 failed \(incarnation 2\): "
        r"crashed: WorkerExitedError: gone for good",
        log_line(event, LogFormat.TEXT),
    )


def test_json_has_the_fields_of_the_event() -> None:
    event = ActorFailed("workers/1", 2, Crashed(WorkerExitedError("gone")))
    record = json.loads(log_line(event, LogFormat.JSON))
    assert datetime.fromisoformat(record.pop("time")).tzinfo is not None
    assert record == {
        "level": "WARNING",
        "event": "ActorFailed",
        "text": "workers/1 failed (incarnation 2): crashed: WorkerExitedError: gone",
        "fields": {
            "actor": "workers/1",
            "incarnation": 2,
            "reason": "crashed: WorkerExitedError: gone",
        },
    }
