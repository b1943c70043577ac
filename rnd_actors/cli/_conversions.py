"""What comes as the text of a flag or a variable, or as a value of TOML, turned into settings.

A conversion raises ValueError with the form that is accepted. Numbers that it cannot read it hands
on as they are: their ranges are the business of `RunSettings`, and so is saying what they are.
"""

import os
import shlex
import shutil
from pathlib import Path

from rnd_actors.cli._log_line import LogFormat

__all__ = [
    "arguments",
    "command",
    "count",
    "log_format",
    "outputs",
    "path",
    "seconds",
    "switch",
    "whole_number",
]


def whole_number(given: object) -> object:
    """Return the number that a text holds, or whatever else is given."""
    return _read(int, given)


def seconds(given: object) -> object:
    """Return the number that a text holds, or whatever else is given."""
    return _read(float, given)


def count(given: object) -> int:
    """Return how often a flag was given."""
    number = whole_number(given)
    if isinstance(number, int) and number >= 0:
        return int(number)
    raise ValueError("a whole number, 0 or more")


def switch(given: object) -> bool:
    """Return whether something is on."""
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    on = words.get(str(given).lower())
    if on is None:
        raise ValueError("true or false")
    return on


def log_format(given: object) -> LogFormat:
    """Return the format of this name."""
    try:
        return LogFormat(given)
    except ValueError:
        raise ValueError(" or ".join(form.value for form in LogFormat)) from None


def arguments(given: object) -> tuple[str, ...]:
    """Return a list of arguments as it is, and a text split as a shell would."""
    if isinstance(given, str):
        return tuple(_split(given))
    if isinstance(given, list) and all(isinstance(argument, str) for argument in given):
        return tuple(given)
    raise ValueError("a list of arguments, or a text that a shell could split into them")


def command(given: object) -> tuple[str, ...]:
    """Return the program and its arguments; a path may contain spaces, a command line is split."""
    text = given if isinstance(given, str) else ""
    words = [os.path.abspath(text)] if os.path.isfile(text) else _split(text)  # noqa: PTH100, PTH113
    if words and (program := shutil.which(words[0])):
        return (program, *words[1:])
    raise ValueError("the path of an executable, or a command line that starts with one")


def path(given: object) -> Path:
    """Return the path that a text is."""
    if isinstance(given, str) and given:
        return Path(given)
    raise ValueError("a path")


def outputs(given: object) -> tuple[Path, ...]:
    """Return the paths of files; a text is split as a shell would."""
    return tuple(map(Path, arguments(given)))


def _read(kind: type[int] | type[float], given: object) -> object:
    try:
        return kind(given) if isinstance(given, str) else given
    except ValueError:
        return given


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a command line that a shell could split") from None
