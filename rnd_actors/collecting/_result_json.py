"""A result as JSON and back; loaded on use, because cattrs takes its time."""

import json
from math import isfinite
from typing import Any, Final

from cattrs import ClassValidationError, transform_error
from cattrs.preconf.json import make_converter

from rnd_actors.collecting._result import Result
from rnd_actors.errors import ResultFormatError

__all__ = ["from_json", "to_json", "to_plain"]

_SCHEMA: Final = 1
"""Goes up when a key vanishes or changes its meaning; readers ignore keys that are added."""
_TROUBLES_TOLD: Final = 3
_CONVERTER: Final = make_converter()


def to_json(result: Result) -> str:
    """Return `to_plain` as one line."""
    return json.dumps(to_plain(result), allow_nan=False)


def to_plain(result: Result) -> dict[str, Any]:
    """Return the fields and the derived figures as dictionaries, lists, numbers and strings."""
    derived = {
        "samples": result.samples,
        "rate_per_s": result.rate_per_s,
        "mean": result.mean,
        "restarts": result.restarts,
    }
    return {"schema": _SCHEMA, **_CONVERTER.unstructure(derived), **_CONVERTER.unstructure(result)}


def from_json(text: str) -> Result:
    """Return the result; the derived figures are derived again."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_result(f"text that is no JSON ({error})") from error
    if not isinstance(plain, dict):
        raise _no_result("JSON that is no object")
    if "schema" not in plain:
        raise _no_result("an object without the key schema")
    if plain["schema"] != _SCHEMA:
        raise ResultFormatError(
            f"expected a result of schema {_SCHEMA}; got schema {plain['schema']!r}; "
            "read it with the version of rnd-actors that wrote it, or a newer one"
        )
    try:
        return _CONVERTER.structure(plain, Result)
    except ClassValidationError as error:
        raise _no_result("; ".join(transform_error(error)[:_TROUBLES_TOLD])) from error


def _no_result(got: str) -> ResultFormatError:
    return ResultFormatError(f"expected a result as Result.to_json() writes it; got {got}")


def _number(number: float) -> float | None:
    return number if isfinite(number) else None


def _exactly(*kinds: type) -> Any:
    """Return a hook that converts nothing: 1.5 is no whole number, nor is "12"."""

    def check(value: object, kind: type) -> object:
        if type(value) not in kinds:
            raise TypeError(value)
        return kind(value)

    return check


_CONVERTER.register_unstructure_hook(float, _number)
_CONVERTER.register_structure_hook(int, _exactly(int))
_CONVERTER.register_structure_hook(float, _exactly(float, int))
_CONVERTER.register_structure_hook(str, _exactly(str))
_CONVERTER.register_structure_hook(bool, _exactly(bool))
