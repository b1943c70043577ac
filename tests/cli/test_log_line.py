import json
import re
from datetime import datetime

import pytest

from rnd_actors.actors import Crashed
from rnd_actors.cli._log import EventLog, log_line
from rnd_actors.cli._options import LogFormat
from rnd_actors.errors import WorkerExitedError
from rnd_actors.events import ActorFailed, MessageFailed


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


def failed() -> tuple[MessageFailed, ActorFailed]:
    """The two events of a crash that nobody has expected."""
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int("un\x1blucky")
    error = raised.value
    return MessageFailed("collector", 7, error), ActorFailed("collector", 1, Crashed(error))


def test_an_error_that_nobody_has_expected_has_its_traceback_once() -> None:
    log, (message, actor) = EventLog(LogFormat.TEXT), failed()
    first, head, *_, last = log.lines(message)
    assert "collector failed on 7" in first
    assert head == "Traceback (most recent call last):"
    assert last == r"ValueError: invalid literal for int() with base 10: 'un\x1blucky'"
    assert len([*log.lines(actor)]) == 1
    expected = Crashed(WorkerExitedError("gone"))
    assert len([*log.lines(ActorFailed("workers/1", 2, expected))]) == 1


def test_in_json_the_traceback_is_in_the_record() -> None:
    log, (message, actor) = EventLog(LogFormat.JSON), failed()
    (line,) = log.lines(message)
    assert json.loads(line)["traceback"].endswith(r"'un\x1blucky'")
    (line,) = log.lines(actor)
    assert "traceback" not in json.loads(line)
