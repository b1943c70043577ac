"""Which messages an actor accepts: those of the type that its class was declared with."""

from typing import Annotated, Any, Generic, Protocol, TypedDict, TypeVar

import pytest
from attrs import frozen

from rnd_actors.actors import Actor, ActorSystem, ChildSpec, MessageUnhandled, Restart
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
