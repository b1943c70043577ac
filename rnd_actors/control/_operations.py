"""What any system of actors can be asked: a fixed table, plain data in and plain data out."""

import time
from collections.abc import Iterator
from typing import Any, Final

from attrs import asdict

from rnd_actors import _validators as valid
from rnd_actors._printing import encodable
from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.control._events import KeptEvents, iso, level_of
from rnd_actors.control._operation import Argument, Effect, Operation
from rnd_actors.control._snapshots import Snapshots
from rnd_actors.errors import ControlError, UnknownActorError
from rnd_actors.inspection import dump, inspect, overview, trace

_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_EVENTS_OF_ACTOR: Final = 50
_MOST_NAMED: Final = 20
_LONGEST_TRACE_S: Final = 600
_ACTOR: Final = Argument(
    "actor",
    "The name of an actor, like workers/3 or collector.",
    valid.instance(str, "the name of an actor, like workers/3 or collector"),
    {"type": "string"},
)
_LEVEL: Final = Argument(
    "level",
    "The least level of the events.",
    valid.accepts(
        "debug, info, warning, error or critical",
        lambda value: isinstance(value, str) and value.lower() in _LEVELS,
    ),
    {"type": "string", "enum": list(_LEVELS)},
    "info",
)
_SECONDS: Final = Argument(
    "seconds",
    "How long to wait for messages at most.",
    valid.accepts(
        f"seconds > 0, up to {_LONGEST_TRACE_S}",
        lambda value: type(value) in (int, float) and 0 < value <= _LONGEST_TRACE_S,
    ),
    {"type": "number", "exclusiveMinimum": 0, "maximum": _LONGEST_TRACE_S},
    10.0,
)
_OBJECT: Final = {"type": "object"}
_OBJECTS: Final = {"type": "array", "items": _OBJECT}
_TEXT: Final = {"type": "string"}


def _number(text: str, default: int) -> Argument:
    schema = {"type": "integer", "minimum": 1, "maximum": 1000}
    return Argument("n", text, valid.whole_number(1, 1000), schema, default)


class Operations:
    """The operations on a system, and what they need to know of it.

    It follows the events of the system from the moment at which it is made until `end`.

    Args:
        system: an entered `ActorSystem`.
    """

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        self.events = KeptEvents()
        self.snapshots = Snapshots(system, self.status)
        self._unsubscribe = [system.events.subscribe(self.events)]
        self.table = {operation.name: operation for operation in self._operations()}
        """The operations by their names."""

    def answers(self, operation: object, arguments: object) -> Iterator[Any]:
        """Carry out an operation, and give its answers: most have one.

        Raises:
            ControlError: there is no such operation, or it has other arguments.
            RndActorsError: why it cannot be done.
        """
        known = self.table.get(operation) if isinstance(operation, str) else None
        if known is None:
            names = ", ".join(self.table)
            raise ControlError(f"there is no operation {operation!r}; the operations are: {names}")
        yield from known.answers(known.bind(arguments))

    def status(self) -> dict[str, Any] | None:
        """Return how far the run is; None: the system is no run."""
        return None

    def history(self) -> dict[str, Any] | None:
        """Return what the run was like so far; None: the system is no run."""
        return None

    def outcome(self) -> dict[str, str]:
        """Return the `outcome` of a run and its `reason`; nothing without one."""
        return {}

    def end(self) -> None:
        """Let those who follow events read the last of them, and follow the system no more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self.events.end()

    def _operations(self) -> Iterator[Operation]:
        yield Operation(
            "actors",
            "A row for each actor, parents before their children; and the status of the run.",
            self.snapshots.take,
            answer=_OBJECT,
        )
        yield Operation(
            "actor",
            "One actor: its state, its messages, its timers, its last events and ends.",
            self._actor,
            arguments=(_ACTOR,),
            answer=_OBJECT,
        )
        yield Operation(
            "dead_letters",
            "The last hundred messages that were not delivered.",
            self.events.dead_letters,
            answer=_OBJECTS,
        )
        yield Operation(
            "dump", "All actors, and a look into each that is not idle.", self._dump, answer=_TEXT
        )
        yield Operation(
            "events",
            "The last events, the oldest first.",
            self._last_events,
            arguments=(_number("How many.", 100), _LEVEL),
            answer=_OBJECTS,
        )
        yield Operation(
            "follow",
            "The events to come.",
            self._follow,
            Effect.FOLLOW,
            (_LEVEL,),
            _OBJECT,
        )
        yield Operation(
            "trace",
            "The next messages that an actor handles.",
            self._trace,
            Effect.WAIT,
            (_ACTOR, _number("How many.", 20), _SECONDS),
            _OBJECT,
        )
        yield Operation("tree", "All actors as a picture in text.", self._tree, answer=_TEXT)

    def _tree(self) -> str:
        return str(self.system.tree())

    def _dump(self) -> str:
        return dump(self.system)

    def _actor(self, actor: str) -> dict[str, Any]:
        ref = self._ref_of(actor)
        inspection, name = asdict(inspect(ref)), ref.name
        events, ends = self.events.of_actor(name, _EVENTS_OF_ACTOR), self.events.ends_of(name)
        return {**inspection, "events": events, "ends": ends}

    def _last_events(self, n: int, level: str) -> list[dict[str, Any]]:
        return self.events.last(n, level_of(level))

    def _follow(self, level: str) -> Iterator[dict[str, Any]]:
        return self.events.follow(level_of(level))

    def _trace(self, actor: str, n: int, seconds: float) -> dict[str, Any]:
        epoch_offset = time.time() - time.monotonic()
        with trace(self._ref_of(actor), n) as messages:
            messages.wait_for(n, seconds)
            entries = messages.entries
        rows = (
            {
                "time": iso(entry.at + epoch_offset),
                "message": entry.message,
                "incarnation": entry.incarnation,
                "seconds": entry.took_s,
                "outcome": entry.outcome.value,
                "error": entry.error,
            }
            for entry in entries
        )
        return {"messages": list(rows)}

    def _ref_of(self, actor: str) -> ActorRef[Any]:
        refs = {row.ref.name: row.ref for row in overview(self.system)}
        shown = {encodable(name): ref for name, ref in refs.items()}
        ref = refs.get(actor) or shown.get(actor)
        if ref is None:
            more = f" and {len(refs) - _MOST_NAMED} more" if len(refs) > _MOST_NAMED else ""
            names = ", ".join([*shown][:_MOST_NAMED])
            raise UnknownActorError(f"there is no actor {actor!r}; the actors are: {names}{more}")
        return ref
