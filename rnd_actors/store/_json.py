"""Plain data as JSON, for the columns of a store that nobody searches in."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

__all__ = ["from_json", "to_json"]


def to_json(value: object) -> str:
    """Return an attrs object, or what consists of such, as JSON."""
    return _converter().dumps(value)


def from_json(text: str, kind: Any) -> Any:
    """Return the object of this class that `to_json` has written."""
    return _converter().loads(text, kind)


@cache
def _converter() -> "JsonConverter":
    from cattrs.preconf.json import make_converter  # noqa: PLC0415  # slow, and not for every run

    return make_converter()
