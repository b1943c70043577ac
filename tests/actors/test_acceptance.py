"""Which messages an actor accepts: those of the type that its class was declared with."""

from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    Never,
    NoReturn,
    Protocol,
    TypedDict,
    TypeVar,
    runtime_checkable,
)

import pytest
from attrs import frozen

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.events import MessageUnhandled
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import Record


class HasName(Protocol):
    @property
    def name(self) -> str: ...


class Row(TypedDict):
    number: int


class TakesProtocol(Actor[HasName]):
    seen = Record()

    def receive(self, message: HasName) -> None:
        self.seen.add(message)


class TakesRow(Actor[Row]):
    seen = Record()

    def receive(self, message: Row) -> None:
        self.seen.add(message)


class TakesFloat(Actor[float]):
    seen = Record()

    def receive(self, message: float) -> None:
        self.seen.add(message)


T = TypeVar("T")
M = TypeVar("M")


class Base(Actor[M], Generic[T, M]):
    seen = Record()

    def receive(self, message: M) -> None:
        self.seen.add(message)


class TakesSecond(Base[str, int]):
    """Its messages are given by the second of two type arguments."""


class TakesAnnotated(Actor[Annotated[int, "a number"]]):
    seen = Record()

    def receive(self, message: int) -> None:
        self.seen.add(message)


@frozen
class Named:
    name: str


@pytest.mark.parametrize(
    ("actor", "message"),
    [
        (TakesProtocol, Named("a")),
        (TakesRow, {"number": 1}),
        (TakesFloat, 1),
        (TakesAnnotated, 1),
        (TakesSecond, 1),
    ],
    ids=["protocol", "typed dict", "int for float", "annotated", "second argument"],
)
def test_what_the_type_checker_accepts_is_accepted(
    system: ActorSystem, events: Record, actor: type[Any], message: object
) -> None:
    actor.seen = Record()
    ref = system.start(ChildSpec("actor", actor, restart=Restart.TEMPORARY))
    ref.tell(message)
    ref.drain()
    ref.join()
    assert (actor.seen.items, events.all(MessageUnhandled)) == ([message], [])


@runtime_checkable
class HasSize(Protocol):
    size: int


class TakesSized(Actor[HasSize]):
    seen = Record()

    def receive(self, message: HasSize) -> None:
        self.seen.add(message)


class TakesLiteral(Actor[Literal["go", 1]]):
    seen = Record()

    def receive(self, message: Literal["go", 1]) -> None:
        self.seen.add(message)


class TakesNothing(Actor[NoReturn]):
    seen = Record()

    def receive(self, message: Never) -> None:
        self.seen.add(message)


class Box:
    def __init__(self, size: int | None) -> None:
        if size is not None:
            self.size = size


SIZED, UNSIZED = Box(1), Box(None)


@pytest.mark.parametrize(
    ("actor", "right", "wrong"),
    [
        (TakesSized, [SIZED, SIZED], [UNSIZED, UNSIZED]),
        (TakesLiteral, ["go", 1, "go"], ["stop", True, 1.0, 2, "stop"]),
        (TakesNothing, [], ["anything", None, 1]),
    ],
    ids=["data protocol", "literal", "no return"],
)
def test_values_of_one_class_may_be_accepted_and_not(
    system: ActorSystem,
    events: Record,
    actor: type[Any],
    right: list[object],
    wrong: list[object],
) -> None:
    actor.seen = Record()
    ref = system.start(ChildSpec("actor", actor, restart=Restart.TEMPORARY))
    for messages in (right, wrong, right):
        for message in messages:
            ref.tell(message)
    ref.drain()
    ref.join()
    assert actor.seen.items == right + right
    assert [event.message for event in events.all(MessageUnhandled)] == wrong
