"""A result as one JSON object, and back."""

import json
from functools import cache
from typing import TYPE_CHECKING, Final

from cattrs.preconf.json import JsonConverter, make_converter

from rnd_actors.errors import ResultFormatError

if TYPE_CHECKING:
    from rnd_actors.collecting._result import Result

__all__ = ["SCHEMA", "from_json", "to_json"]

SCHEMA: Final = 1
"""The version of the form: it grows when a key changes its meaning or vanishes."""


def to_json(result: "Result") -> str:
    """Return the object as one line; what follows from the rest is there for who reads it."""
    plain = _converter().unstructure(result)
    return json.dumps(
        {
            "schema": SCHEMA,
            "outcome": plain["outcome"],
            "reason": plain["reason"],
            "goal": plain["goal"],
            "samples": result.samples,
            "elapsed_s": plain["elapsed_s"],
            "deadline_s": plain["deadline_s"],
            "rate_per_s": result.rate_per_s,
            "mean": result.mean,
            "restarts": result.restarts,
            "lines": plain["lines"],
            "values": plain["values"],
            "workers": plain["workers"],
            "findings": plain["findings"],
        }
    )


def from_json(text: str, kind: "type[Result]") -> "Result":
    """Return the result that this object tells of.

    Raises:
        ResultFormatError: it is none, or one of a later version.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise ResultFormatError(f"this is no JSON: {error}") from error
    schema = plain.get("schema") if isinstance(plain, dict) else None
    if schema != SCHEMA:
        raise ResultFormatError(f'its "schema" is {schema!r}, and this version reads {SCHEMA}')
    try:
        return _converter().structure(plain, kind)
    except Exception as error:
        raise ResultFormatError(f"not all of it is there, or right: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """Say what cattrs has found, whose errors are groups of groups."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(_words, error.exceptions))
    notes = getattr(error, "__notes__", ())
    return " ".join((f"{type(error).__name__}: {error}", *(str(note) for note in notes)))


@cache
def _converter() -> JsonConverter:
    return make_converter()
