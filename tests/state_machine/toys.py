"""A state machine that does as it is told and keeps a diary, for the tests."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from attrs import frozen

from rnd_actors.actors import ActorRef, ExitReason, Request
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import ChildSpec
from tests.actors.toys import Note, Record


class Light(Enum):
    """The states of the toy; `RED` is the initial one."""

    RED = 1
    GREEN = 2
    YELLOW = 3
    DARK = 4


RED, GREEN, YELLOW, DARK = Light


@frozen
class Entered:
    """In a diary: `on_enter` was called."""

    state: object
    previous: object


@frozen
class Left:
    """In a diary: `on_exit` was called."""

    state: object
    following: object


@frozen
class TimedOut:
    """In a diary: `on_timeout` was called."""

    state: object


@frozen
class Handled:
    """In a diary: a note was handled in this state."""

    state: object
    number: int


@frozen
class Ended:
    """In a diary: `on_stop` was called in this state."""

    state: object
    reason: ExitReason


@frozen
class Do:
    """A message that says what to do."""

    action: "Action"


@frozen
class Ask(Request[Any]):
    """A request that is answered with the outcome of `action`."""

    action: "Action"


class Toy(StateMachine[Any, Do | Ask | Note]):
    """Keeps a diary; `at_enter` and the others say what it does in the hooks, by state.

    It postpones notes in the states that are in `postpones`.
    """

    stash_capacity: ClassVar[int] = 4
    initial_state = RED

    def __init__(
        self,
        diary: Record,
        *,
        at_enter: "Mapping[Any, Action] | None" = None,
        at_exit: "Mapping[Any, Action] | None" = None,
        at_timeout: "Mapping[Any, Action] | None" = None,
        postpones: tuple[object, ...] = (),
    ) -> None:
        self.diary = diary
        self._at_enter = at_enter or {}
        self._at_exit = at_exit or {}
        self._at_timeout = at_timeout or {}
        self._postpones = postpones

    def handle(self, state: Any, message: Do | Ask | Note) -> None:
        match message:
            case Do(action):
                action(self)
            case Ask(action):
                self.reply(message, action(self))
            case Note() if state in self._postpones:
                self.postpone()
            case Note(number):
                self.diary.add(Handled(state, number))

    def on_enter(self, state: Any, previous: Any) -> None:
        self.diary.add(Entered(state, previous))
        self._at_enter.get(state, nothing)(self)

    def on_exit(self, state: Any, following: Any) -> None:
        self.diary.add(Left(state, following))
        self._at_exit.get(state, nothing)(self)

    def on_timeout(self, state: Any) -> None:
        self.diary.add(TimedOut(state))
        self._at_timeout.get(state, nothing)(self)

    def on_stop(self, reason: ExitReason) -> None:
        self.diary.add(Ended(self.state, reason))


Action: TypeAlias = Callable[[Toy], object]


def nothing(_: Toy) -> None:
    """The action of a toy that has nothing to do."""


def go_to(state: object, timeout: float | None = None) -> Action:
    """The action of a toy that changes its state."""
    return lambda toy: toy.go_to(state, timeout)


def going_to(state: object, timeout: float | None = None) -> Do:
    """The message that lets a toy change its state."""
    return Do(go_to(state, timeout))


def in_turn(*actions: Action) -> Action:
    """The action of a toy that does one thing after the other."""

    def act(toy: Toy) -> None:
        for action in actions:
            action(toy)

    return act


def toy(diary: Record, *, kind: type[Toy] = Toy, **options: Any) -> ChildSpec:
    """The spec of a toy; `options` go to it, those of `ChildSpec` to that."""
    of_the_toy = {
        name: options.pop(name)
        for name in ("at_enter", "at_exit", "at_timeout", "postpones")
        if name in options
    }
    return ChildSpec("toy", lambda: kind(diary, **of_the_toy), **options)


def settle(ref: ActorRef[Any]) -> None:
    """Return when the toy has handled everything that it was told before."""
    ref.ask(Ask(nothing), timeout=None)


def state_of(ref: ActorRef[Any]) -> Any:
    """The state of a toy that has handled everything that it was told before."""
    return ref.ask(Ask(lambda toy: toy.state), timeout=None)
