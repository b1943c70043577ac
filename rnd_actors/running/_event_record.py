"""Events as plain data, for logs and for those who ask a run for them."""

import logging
from datetime import datetime
from typing import Any

from attrs import asdict

from rnd_actors._printing import one_line
from rnd_actors.events import Event


def event_record(event: Event, at: datetime) -> dict[str, Any]:
    """Return an event as the record of a log: `time`, `level`, `event`, `text` and `fields`.

    They are its time in the form of ISO 8601, its level, its type, what it says in words, and its
    attributes.
    """
    return {
        "time": at.isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(event.level),
        "event": type(event).__name__,
        "text": one_line(event),
        "fields": asdict(event, recurse=False),
    }
