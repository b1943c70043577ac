"""Collectors by name: those that are installed as plug-ins, and those of any module."""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import NOTHING, Attribute, fields, frozen, has, resolve_types

from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._recipe import collector_class
from rnd_actors.errors import SettingsError

__all__ = ["CollectorInfo", "OptionInfo", "installed_collectors", "make_collector"]

_GROUP: Final = "rnd_actors.collectors"
_SETTING: Final = "collector"
_OPTIONS: Final = "collector_options"
_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@frozen
class OptionInfo:
    """An option of a collector: its type in words, and its default, None if it has none.

    Example:
        >>> from rnd_actors import installed_collectors
        >>> installed_collectors()[0].options
        (OptionInfo(name='goal', type='int', default=None),)
    """

    name: str
    type: str
    default: str | None


@frozen
class CollectorInfo:
    """An installed collector: its name, what it does in a line, and its options.

    Example:
        >>> from rnd_actors import installed_collectors
        >>> [(info.name, info.summary) for info in installed_collectors() if info.name == "count"]
        [('count', 'Collects exactly `goal` samples.')]
    """

    name: str
    summary: str
    options: tuple[OptionInfo, ...] = ()


def installed_collectors() -> list[CollectorInfo]:
    """Return what is registered in the entry-point group `rnd_actors.collectors`, sorted by name.

    One that cannot be imported has the error as its summary.

    Example:
        >>> from rnd_actors import installed_collectors
        >>> [info.name for info in installed_collectors()]
        ['count', 'mean', 'quota', 'time', 'values']
    """
    return [_info(name, target) for name, target in sorted(_targets().items())]


def make_collector(name: str, options: Iterable[str] = ()) -> Collector:
    """Make the collector of this name.

    Args:
        name: of an installed one, or `module:Class`; the module may be in the working directory.
        options: texts `key=value`, converted to the types of the fields of its attrs class.

    Raises:
        SettingsError: there is no such collector, or it does not accept an option.

    Example:
        >>> from rnd_actors import make_collector
        >>> make_collector("values", ["values=0-9,42"]).findings()
        {'missing': 11}
    """
    kind = _class(name)
    known = {str(field.alias): field for field in _init_fields(kind)}
    given: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        if not equals:
            raise SettingsError(_OPTIONS, "texts key=value", option)
        if key not in known:
            form = f"the keys {', '.join(known)}" if known else f"none: {name} has no options"
            raise SettingsError(_OPTIONS, form, option)
        given[key] = _converted(known[key], text, option)
    missing = [key for key, field in known.items() if _is_required(field) and key not in given]
    if missing:
        raise SettingsError(_SETTING, f"{name} with the options {', '.join(missing)}", name)
    try:
        return kind(**given)
    except SettingsError as error:
        form = f"{error.setting}={error.accepted}"
        raise SettingsError(_OPTIONS, form, f"{error.setting}={error.got}") from None
    except (TypeError, ValueError) as error:
        raise SettingsError(_SETTING, f"{name} with other options ({error})", given) from error


def _class(name: str) -> type[Collector]:
    if ":" in name:
        if os.getcwd() not in sys.path:  # noqa: PTH109  # entries of the path are strings
            sys.path.insert(0, os.getcwd())  # noqa: PTH109
        return collector_class(name)
    targets = _targets()
    if name not in targets:
        raise SettingsError(_SETTING, f"{', '.join(sorted(targets))}, or module:Class", name)
    return collector_class(targets[name])


def _targets() -> Mapping[str, str]:
    from importlib.metadata import entry_points  # noqa: PLC0415  # slow, and seldom needed

    return {entry.name: entry.value for entry in entry_points(group=_GROUP)}


def _info(name: str, target: str) -> CollectorInfo:
    try:
        kind = collector_class(target)
    except SettingsError as error:
        return CollectorInfo(name, str(error))
    summary, *_ = (kind.__doc__ or "").strip().splitlines() or [""]
    options = [
        OptionInfo(
            field.alias or field.name,
            _type_name(field.type),
            None if _is_required(field) else repr(field.default),
        )
        for field in _init_fields(kind)
    ]
    return CollectorInfo(name, summary, tuple(options))


def _init_fields(kind: type[Collector]) -> list["Attribute[Any]"]:
    return [field for field in fields(resolve_types(kind)) if field.init] if has(kind) else []


def _is_required(field: "Attribute[Any]") -> bool:
    return field.default is NOTHING


def _type_name(kind: Any) -> str:
    return kind.__name__ if type(kind) is type else str(kind)


def _converted(field: "Attribute[Any]", text: str, option: str) -> Any:
    from cattrs import Converter  # noqa: PLC0415  # slow, and seldom needed

    kind: Any = field.type or str
    converter = Converter()
    converter.register_structure_hook(bool, lambda value, _: _WORDS[value.lower()])
    try:
        if getattr(kind, "__origin__", None) in (frozenset, set, tuple, list):
            return converter.structure(list(_pieces(text)), kind)
        return converter.structure(text, kind)
    except Exception as error:  # whatever converters of others raise
        form = f"{field.alias}={_type_name(field.type)}"
        raise SettingsError(_OPTIONS, form, option) from error


def _pieces(text: str) -> Iterable[str | int]:
    """Give the parts between commas; `3-7` is five whole numbers."""
    for piece in text.split(","):
        first, dash, last = piece.strip().partition("-")
        if dash and first.isdigit() and last.isdigit():
            yield from range(int(first), int(last) + 1)
        else:
            yield piece.strip()
