"""An event as a line of a log: text for people, JSON for programs."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Final

from attrs import asdict

from rnd_actors.actors import Event
from rnd_actors.cli._words import one_line

__all__ = ["LogFormat", "log_line"]


class LogFormat(Enum):
    """How an event is written."""

    TEXT = "text"
    JSON = "json"


def log_line(event: Event, form: LogFormat) -> str:
    """Return the event as a line, stamped with the time of day.

    JSON is `{"time", "level", "event", "text", "fields"}`: the event's type, what it says in words,
    and its attributes.
    """
    return _FORMS[form](event)


def _text(event: Event) -> str:
    now = datetime.now().astimezone()
    return f"{now:%H:%M:%S} {logging.getLevelName(event.level):<7} {one_line(event)}"


def _json(event: Event) -> str:
    return json.dumps(
        {
            "time": datetime.now().astimezone().isoformat(timespec="milliseconds"),
            "level": logging.getLevelName(event.level),
            "event": type(event).__name__,
            "text": one_line(event),
            "fields": asdict(event, recurse=False),
        },
        default=str,
    )


_FORMS: Final[dict[LogFormat, Callable[[Event], str]]] = {
    LogFormat.TEXT: _text,
    LogFormat.JSON: _json,
}
