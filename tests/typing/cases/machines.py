"""A state machine knows the type of its states and that of its messages."""

from enum import Enum
from typing import assert_type

from rnd_actors import ActorRef, ActorSystem, ChildSpec
from rnd_actors.state_machine import StateMachine
from tests.typing.cases.vocabulary import Add, Rename


class Lamp(Enum):
    """The states of a lamp."""

    OFF = 1
    ON = 2


class Machine(StateMachine[Lamp, Add | Rename]):
    """It has a case for each state and each message."""

    initial_state = Lamp.OFF

    def handle(self, state: Lamp, message: Add | Rename) -> None:
        match state, message:
            case Lamp.OFF, Add(number):
                assert_type(number, int)
                self.reply(message, number)
                self.reply(message, "one")  # error: misc
                self.go_to(Lamp.ON, timeout=1.0)
                self.go_to("on")  # error: arg-type
                self.go_to(Lamp.ON, timeout="1 s")  # error: arg-type
            case Lamp.ON, Rename(name):
                assert_type(name, str)
                self.reply(message, name)
            case _:
                self.postpone()

    def on_enter(self, state: Lamp, previous: Lamp | None) -> None:
        assert_type(self.state, Lamp)
        assert_type(self.time_in_state, float)


class Forgetful(StateMachine[Lamp, Add]):
    """It does not expect that its first state has none before it."""

    initial_state = Lamp.OFF

    def on_enter(self, state: Lamp, previous: Lamp) -> None:  # error: override
        self.go_to(previous)


class Wrong(StateMachine[Lamp, Add]):
    """It begins in something that is no state, and takes other messages than it says."""

    initial_state = "off"  # error: assignment

    def handle(self, state: Lamp, message: Rename) -> None:  # error: override
        self.unhandled(message)


def start(system: ActorSystem) -> None:
    machine = system.start(ChildSpec("machine", Machine))
    ref: ActorRef[Add | Rename] = machine
    assert_type(ref.ask(Add(1)), int)
    machine.tell("on")  # error: arg-type
