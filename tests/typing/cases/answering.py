"""An actor answers a request with what the request names, now or later or through another one."""

from typing import assert_never, assert_type

from rnd_actors import Actor, ActorRef, ExitReason, Request, Terminated
from rnd_actors.actors import Deferred
from tests.typing.cases.vocabulary import Add, Rename


class Now(Actor[Add | Rename]):
    """It answers at once."""

    def receive(self, message: Add | Rename) -> None:
        match message:
            case Add(number):
                assert_type(message, Add)
                assert_type(number, int)
                self.reply(message, number)
                self.reply(message, "one")  # error: misc
                self.reply(number, number)  # error: arg-type
            case Rename(name):
                assert_type(message, Rename)
                self.reply(message, name)
                self.reply(message, 1)  # error: misc
                self.reply(message, None)  # error: misc
                self.reply_error(message, ValueError("no such name"))
                self.reply_error(message, "no such name")  # error: arg-type
            case _:
                assert_never(message)


class Forgetful(Actor[Add | Rename]):
    """It has no case for a message that it says it accepts."""

    def receive(self, message: Add | Rename) -> None:
        match message:
            case Add():
                self.reply(message, 1)
            case _:
                assert_never(message)  # error: arg-type


class Later(Actor[Add]):
    """It owes its answers."""

    def receive(self, message: Add) -> None:
        deferred = self.defer(message)
        assert_type(deferred, Deferred[int])
        deferred.reply(1)
        deferred.reply("one")  # error: arg-type
        self.defer("one")  # error: arg-type


class Through(Actor[Add]):
    """It lets others answer."""

    def __init__(self, counter: ActorRef[Add], namer: ActorRef[Rename]) -> None:
        self.counter = counter
        self.namer = namer

    def receive(self, message: Add) -> None:
        self.forward(message, self.counter)
        self.forward(message, self.namer)  # error: misc


class Watcher(Actor[Request[int] | Terminated]):
    """It is told of the end of others."""

    def receive(self, message: Request[int] | Terminated) -> None:
        match message:
            case Terminated(ref, reason):
                self.unwatch(ref)
                assert_type(reason, ExitReason)
            case Request():
                self.reply(message, 1)


class Confused(Actor[Add]):
    """Its `receive` takes something else than what it says it accepts."""

    def receive(self, message: Rename) -> None:  # error: override
        self.reply(message, "new")
