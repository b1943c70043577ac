"""The log of a run on stderr: what has happened, as lines."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from traceback import format_exception

from rnd_actors._json import to_json
from rnd_actors._printing import escaped, one_line
from rnd_actors.actors import Crashed
from rnd_actors.cli._options import LogFormat
from rnd_actors.events import ActorFailed, Event, MessageFailed
from rnd_actors.running import event_record


def log_line(event: Event, form: LogFormat) -> str:
    """Return the event as a line, stamped with the time of day; JSON is its `event_record`."""
    now = datetime.now().astimezone()
    if form is LogFormat.TEXT:
        return f"{now:%H:%M:%S} {logging.getLevelName(event.level):<7} {one_line(event)}"
    return to_json(event_record(event, now), default=str)


class EventLog:
    """Writes events as lines, and the traceback of an error that was not expected, once.

    Args:
        form: of the lines; in JSON a traceback is the key `traceback` of the record.
    """

    def __init__(self, form: LogFormat) -> None:
        self._form = form
        self._told: BaseException | None = None

    def lines(self, event: Event) -> Iterator[str]:
        """Give an event as lines."""
        line, error = log_line(event, self._form), _unexpected_error_of(event)
        if error is None or error is self._told:
            yield line
            return
        self._told, trace = error, "".join(format_exception(error)).rstrip()
        if self._form is LogFormat.JSON:
            yield to_json({**json.loads(line), "traceback": trace})
        else:
            yield line
            yield from map(escaped, trace.splitlines())


def _unexpected_error_of(event: Event) -> BaseException | None:
    match event:
        case MessageFailed(error=error) | ActorFailed(reason=Crashed(error=error)):
            return None if getattr(error, "is_expected", False) else error
        case _:
            return None
