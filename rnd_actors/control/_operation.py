"""An operation as plain data, from which the socket, the web and its description are made."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from attrs import field, frozen

from rnd_actors import _validators as valid
from rnd_actors.errors import ControlError

_REQUIRED: Final = object()


class Effect(Enum):
    """What an operation does to the system, and so how it may be asked for."""

    READ = "read"
    """It only reads, at once."""
    WAIT = "wait"
    """It only reads, but takes its time."""
    FOLLOW = "follow"
    """It gives one answer after the other until the end of the system."""
    CHANGE = "change"
    """It changes something."""


@frozen
class Argument:
    """One argument of an operation.

    Args:
        name: of the argument.
        text: what it is for, in words.
        accepts: which values it takes.
        schema: the same for others, as a JSON schema.
        default: its value if it is not given; without one it has to be.
    """

    name: str
    text: str
    accepts: valid.Validator
    schema: Mapping[str, Any]
    default: object = _REQUIRED

    @property
    def is_required(self) -> bool:
        """Whether it has to be given."""
        return self.default is _REQUIRED


@frozen
class Operation:
    """What a system or a run can be asked.

    Args:
        name: of the operation.
        text: what it does, in words.
        function: carries it out, called with all arguments by their names; it returns plain data,
            as JSON knows it, or gives several answers.
        effect: what it does to the system.
        arguments: of the operation.
        answer: what it returns, as a JSON schema.
    """

    name: str
    text: str
    function: Callable[..., Any]
    effect: Effect = Effect.READ
    arguments: tuple[Argument, ...] = ()
    answer: Mapping[str, Any] = field(factory=dict)

    def bind(self, given: object) -> dict[str, Any]:
        """Return the values of all arguments.

        Raises:
            ControlError: `given` is no mapping, one is missing, or there are others.
            SettingsError: a value is not accepted; it names the argument.
        """
        if not isinstance(given, dict):
            raise self._refusal(given, "they are no object")
        known = {argument.name for argument in self.arguments}
        for name in given:
            if name not in known:
                raise self._refusal(given, f"got an unexpected argument {name!r}")
        bound = {}
        for argument in self.arguments:
            value = given.get(argument.name, argument.default)
            if value is _REQUIRED:
                raise self._refusal(given, f"missing a required argument: {argument.name!r}")
            valid.require(argument.accepts, argument.name, value)
            bound[argument.name] = value
        return bound

    def answers(self, bound: Mapping[str, Any]) -> Iterator[Any]:
        """Carry it out with arguments that `bind` has returned; give its answers: most have one.

        Raises:
            RndActorsError: why it cannot be done.
        """
        answer = self.function(**bound)
        if isinstance(answer, Iterator):
            yield from answer
        else:
            yield answer

    def _refusal(self, given: object, why: str) -> ControlError:
        return ControlError(f"{self.name} cannot be asked with {given!r}: {why}")
