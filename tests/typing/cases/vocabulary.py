"""The messages and actors that the cases are about."""

from attrs import frozen

from rnd_actors import Actor, Request


@frozen
class Add(Request[int]):
    """It wants the new total."""

    number: int


@frozen
class Rename(Request[str]):
    """It wants the old name."""

    name: str


class Counter(Actor[Add]):
    """It accepts one kind of message."""


class Registry(Actor[Add | Rename]):
    """It accepts two kinds of messages, and cannot be made without a name."""

    def __init__(self, name: str) -> None:
        self.name = name
