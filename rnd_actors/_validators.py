"""Validators of attrs fields that raise `SettingsError` and say which values are accepted."""

from collections.abc import Callable
from typing import Any

from attrs import Attribute

from rnd_actors.errors import SettingsError

__all__ = [
    "Validator",
    "accepts",
    "delay",
    "optional",
    "probability",
    "rate",
    "seconds",
    "whole_number",
]

Validator = Callable[[Any, "Attribute[Any]", Any], None]


def accepts(form: str, test: Callable[[Any], bool]) -> Validator:
    """Return a validator of the values for which `test` is true, described by `form`."""

    def validate(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if not test(value):
            raise SettingsError(attribute.name, form, value)

    return validate


def optional(validator: Validator) -> Validator:
    """Return a validator that accepts None, too."""

    def validate(instance: object, attribute: "Attribute[Any]", value: object) -> None:
        if value is not None:
            validator(instance, attribute, value)

    return validate


def whole_number(least: int, most: int) -> Validator:
    """Return a validator of the whole numbers in a range."""
    return accepts(
        f"a whole number from {least} to {most}",
        lambda value: type(value) is int and least <= value <= most,
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < float("inf")


seconds = accepts("seconds > 0", lambda value: _is_number(value) and value > 0)
delay = accepts("seconds, 0 or more", lambda value: _is_number(value) and value >= 0)
probability = accepts(
    "a probability from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1
)
rate = accepts("a number a second, > 0", lambda value: _is_number(value) and value > 0)
