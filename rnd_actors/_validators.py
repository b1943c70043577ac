"""Validators of attrs fields that raise `SettingsError` and say which values are accepted."""

from collections.abc import Callable
from enum import Enum
from sys import float_info
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from rnd_actors.errors import SettingsError

if TYPE_CHECKING:  # the command line shows its help without attrs
    from attrs import Attribute

Validator = Callable[[Any, "Attribute[Any]", Any], None]
_EVEN: Final = 0.5
"""The probability of what is as likely as not."""


def accepts(form: str, test: Callable[[Any], bool]) -> Validator:
    """Return a validator of the values for which `test` is true, described by `form`."""

    def validate(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if not test(value):
            raise SettingsError(attribute.name, form, value)

    return validate


def require(validator: Validator, name: str, value: object) -> None:
    """Validate an argument that is no field: raise `SettingsError` if it is not accepted."""
    field: Any = SimpleNamespace(name=name)  # of which a validator asks the name alone
    validator(None, field, value)


def optional(validator: Validator) -> Validator:
    """Return a validator that accepts None, too."""

    def validate(instance: object, attribute: "Attribute[Any]", value: object) -> None:
        if value is not None:
            validator(instance, attribute, value)

    return validate


def member(of: type[Enum]) -> Validator:
    """Return a validator of the members of an enumeration."""
    return instance(of, f"a member of {of.__name__}")


def instance(of: type, form: str) -> Validator:
    """Return a validator of the instances of a class, described by `form`."""
    return accepts(form, lambda value: isinstance(value, of))


def texts(form: str, least: int = 0) -> Validator:
    """Return a validator of lists and tuples of `least` texts or more, described by `form`."""
    return accepts(
        form,
        lambda value: (
            isinstance(value, list | tuple)
            and len(value) >= least
            and all(isinstance(each, str) for each in value)
        ),
    )


def whole_number(least: int, most: int | None = None) -> Validator:
    """Return a validator of the whole numbers in a range; without `most`, it has no end."""
    form = f"a whole number, {least} or more" if most is None else ""
    return accepts(
        form or f"a whole number from {least} to {most}",
        lambda value: type(value) is int and least <= value and (most is None or value <= most),
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= float_info.max


seconds = accepts("seconds > 0", lambda value: _is_number(value) and value > 0)
delay = accepts("seconds, 0 or more", lambda value: _is_number(value) and value >= 0)
time_limit = accepts(
    "seconds >= 0, BRUTAL_KILL or INFINITY",
    lambda value: type(value) in (int, float) and value >= 0,
)
probability = accepts(
    "a probability from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1
)
confidence = accepts(
    "a probability of at least 0.5, and less than 1",
    lambda value: type(value) is float and _EVEN <= value < 1,
)
rate = accepts("a number a second, > 0", lambda value: _is_number(value) and value > 0)
factor = accepts("a number, 1 or more", lambda value: _is_number(value) and value >= 1)
