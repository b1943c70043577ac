"""Plain data as JSON, for the columns of a store that nobody searches in."""

from typing import Any, Final

from cattrs.preconf.json import make_converter

__all__ = ["from_json", "to_json", "to_plain"]

_CONVERTER: Final = make_converter()


def to_json(value: object) -> str:
    """Return an attrs object, or what consists of such, as JSON."""
    return _CONVERTER.dumps(value)


def to_plain(value: object) -> Any:
    """Return an attrs object as a dictionary of what JSON knows."""
    return _CONVERTER.unstructure(value)


def from_json(text: str, kind: Any) -> Any:
    """Return the object of this class that `to_json` has written."""
    return _CONVERTER.loads(text, kind)
