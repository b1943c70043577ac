"""The message in hand: its account, answers given later, and which messages are accepted."""

from __future__ import annotations

from collections import deque
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    Never,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from attrs import define
from gevent import GreenletExit

from rnd_actors._printing import shown
from rnd_actors.actors._cell import Cell, message_of
from rnd_actors.actors._events import DeadLetter, MessageFailed
from rnd_actors.actors._incarnation import ExitReason, Killed
from rnd_actors.actors._loop import SYSTEM_ERRORS
from rnd_actors.actors._requests import Addressed, Asked, Request
from rnd_actors.errors import (
    ActorCrashedError,
    ActorError,
    NotAnsweredError,
    StashFullError,
)

R = TypeVar("R")

NOTHING: Final = object()
"""In hand while no entry is, since a message may be None."""


@define(eq=False)
class Handling:
    """The entry in hand of one incarnation, its stashed entries, and the answers that it owes."""

    cell: Cell
    in_hand: object = NOTHING
    stashed: deque[object] | tuple[()] = ()
    _deferred: dict[Asked, None] | None = None

    def is_busy(self) -> bool:
        return self.in_hand is not NOTHING

    def finish(self) -> None:
        """Count the entry in hand as handled; fail a request that has no answer."""
        entry = self.in_hand
        if entry is not NOTHING:
            self.in_hand = NOTHING
            self.cell.handled += 1
            if type(entry) is Asked and not entry.is_answered:
                entry.fail(
                    NotAnsweredError(
                        f"{self.cell.name} handled {shown(entry.request)} without an answer; its "
                        "receive() has to call self.reply(request, answer), defer(request) or "
                        "forward(request)"
                    )
                )

    def asked(self, request: Request[Any]) -> Asked | None:
        """Return the envelope of the request in hand; None if it was told, not asked."""
        in_hand = self.in_hand
        if type(in_hand) is Asked and in_hand.request is request:
            return in_hand
        if in_hand is request:
            return None
        raise ActorError(
            f"only the request that is being handled can be answered; got {shown(request)}"
        )

    def defer(self, request: Request[Any]) -> Deferred[Any]:
        asked = self.asked(request)
        if asked is not None and not (asked.is_answered or asked.is_given_up):
            if self._deferred is None:
                self._deferred = {}
            self._deferred[asked] = None
            asked.owed = self._deferred
        self._let_go()
        return Deferred(asked)

    def forward(self, request: Request[Any], other: Addressed) -> None:
        other.require_thread()
        other.put(self.asked(request) or request)
        self._let_go()

    def stash(self, capacity: int) -> None:
        if self.in_hand is NOTHING:
            raise ActorError("stash() keeps the message that is being handled; there is none")
        if len(self.stashed) >= capacity:
            raise StashFullError(
                f"{self.cell.name} has stashed its {capacity} messages already; "
                "unstash them, or raise its stash_capacity"
            )
        if not self.stashed:
            self.stashed = deque()
        self.stashed.append(self.in_hand)
        self.in_hand = NOTHING

    def unstash(self) -> None:
        """Put the oldest stashed entry before all that wait."""
        if self.stashed:
            self.cell.mailbox.put_back([self.stashed.popleft()])

    def unstash_all(self) -> None:
        """Put all stashed entries before all that wait."""
        mailbox = self.cell.mailbox
        while self.stashed and mailbox.closed:  # each is refused, and a subscriber may count them
            mailbox.put_back([self.stashed.popleft()])
        if self.stashed:
            mailbox.put_back(self.stashed)
            self.stashed = ()

    def unhandled(self, message: object) -> None:
        """Account for the message in hand, for which the actor has no case."""
        entry = self.in_hand
        if entry is NOTHING or message_of(entry) is not message:
            raise ActorError(
                f"unhandled() takes the message that is being handled; got {shown(message)}"
            )
        self.in_hand = NOTHING
        self.cell.not_handled(entry)

    def discard(self, why: str) -> None:
        entry, self.in_hand = self.in_hand, NOTHING
        self.cell.dead += 1
        self.cell.system.events.publish(DeadLetter(self.cell.name, entry, why))

    def fail(self, message: object, error: BaseException) -> None:
        """Account for the entry in hand, which ends the incarnation."""
        entry, self.in_hand = self.in_hand, NOTHING
        if entry is NOTHING:
            return  # it was stashed, deferred or forwarded before
        self.cell.failed += 1
        if type(entry) is Asked:
            killed = f"{self.cell.name} was killed while it handled {shown(message)}"
            is_own = not isinstance(error, (GreenletExit, *SYSTEM_ERRORS))
            entry.fail(error if is_own else ActorCrashedError(killed))
        self.cell.system.events.publish(MessageFailed(self.cell.name, message, error))

    def abandon(self) -> None:
        """Account for all that is left of an incarnation that does not end."""
        if self.is_busy():
            self.fail(message_of(self.in_hand), GreenletExit())
        self.unstash_all()
        self.owe_nothing(Killed())

    def owe_nothing(self, reason: ExitReason) -> None:
        """Fail all requests whose answers were deferred."""
        for asked in tuple(self._deferred or ()):
            asked.fail(
                ActorCrashedError(
                    f"{self.cell.name} ended ({reason}) and still owed {shown(asked.request)} "
                    "an answer"
                )
            )

    def _let_go(self) -> None:
        self.in_hand = NOTHING
        self.cell.handled += 1


class Deferred(Generic[R]):
    """An answer that an actor owes and gives later; made by `self.defer(request)`.

    It can be given from any thread. If the incarnation ends first, the asker gets an
    `ActorCrashedError`.
    """

    __slots__ = ("_asked",)

    def __init__(self, asked: Asked | None) -> None:
        self._asked = asked

    def reply(self, answer: R) -> None:
        """Answer now; only the first answer counts."""
        if self._asked is not None:
            self._asked.receiver.call(self._asked.answer, answer)

    def reply_error(self, error: BaseException) -> None:
        """Let the asker's `ask` raise `error`."""
        if self._asked is not None:
            self._asked.receiver.call(self._asked.fail, error)


_PROMOTED: Final[dict[object, tuple[type, ...]]] = {
    float: (float, int),
    complex: (complex, float, int),
}
"""The classes that type checkers accept in the place of another."""


class Acceptance:
    """Returns whether an `Actor[of]` accepts a message, and remembers it per class of message.

    Of an `of` that cannot be checked at run time (a type variable, a name in quotes) all messages
    are accepted.
    """

    def __init__(self, of: object) -> None:
        self._classes: tuple[type, ...] = ()
        self._protocols: tuple[type, ...] = ()
        """Of two instances of a class one may have the data of a protocol, the other not."""
        self._values: tuple[object, ...] = ()
        """Of `Literal`: a value is accepted with its type."""
        self.known: set[type] = set()
        """Classes of messages that were accepted before."""
        self._add(of)

    def __call__(self, message: object) -> bool:
        kind = type(message)
        if kind in self.known:
            return True
        if isinstance(message, self._classes):
            self.known.add(kind)
            return True
        return isinstance(message, self._protocols) or any(
            type(value) is kind and value == message for value in self._values
        )

    def _add(self, message: Any) -> None:
        origin = get_origin(message)
        if message is Never or message is NoReturn:
            return
        if hasattr(message, "__value__"):  # `type Messages = …`
            self._add(message.__value__)
        elif origin is Annotated:
            self._add(get_args(message)[0])
        elif origin in (Union, UnionType):
            for each in get_args(message):
                self._add(each)
        elif origin is Literal:
            self._values += get_args(message)
        elif message is None:
            self._classes += (type(None),)
        else:
            self._add_class(origin or message)

    def _add_class(self, cls: Any) -> None:
        if not _can_be_checked(cls):
            self._classes += (object,)
        elif getattr(cls, "_is_protocol", False):
            self._protocols += (cls,)
        else:
            self._classes += _PROMOTED.get(cls, (cls,))


def message_type(actor: type, root: type) -> object:
    """Return the `M` that a class or the nearest of its bases gives to `root`, the `Actor`."""
    if actor is root:
        return root.__parameters__[0]  # type: ignore[attr-defined]
    for base in vars(actor).get("__orig_bases__", actor.__bases__):
        origin: Any = get_origin(base) or base
        if not (isinstance(origin, type) and issubclass(origin, root)):
            continue
        given = get_args(base)
        names: tuple[object, ...] = getattr(origin, "__parameters__", ())
        inner = message_type(origin, root)
        return given[names.index(inner)] if given and inner in names else inner
    return object


def _can_be_checked(cls: Any) -> bool:
    if cls is Any:
        return False
    try:
        isinstance(None, cls)
    except TypeError:  # a type variable, a TypedDict, a Protocol that is not @runtime_checkable
        return False
    return True
