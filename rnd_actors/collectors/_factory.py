"""Makes collectors: by an installed name and options as text, or again from a stored spec."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from attrs import NOTHING, Attribute, asdict, fields, frozen, has, resolve_types

from rnd_actors._printing import shown_error
from rnd_actors.collectors._collector import Collector
from rnd_actors.errors import SettingsError

_GROUP: Final = "rnd_actors.collectors"
"""The entry-point group in which packages register their collectors."""
_SETTING: Final = "collector"
_OPTIONS: Final = "collector_options"
_LONGEST_RANGE: Final = 1_000_000
"""Numbers that `first-last` may mean: a slip of the hand is not to fill the memory."""
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}


def make_collector(name: str, options: Iterable[str] = ()) -> Collector:
    """Make the collector of this name.

    Args:
        name: of an installed one, or `module:Class`; the module may be in the working directory.
        options: texts `key=value`, converted to the types of the fields of its attrs class.

    Raises:
        SettingsError: there is no such collector, or it does not accept an option.

    Example:
        >>> from rnd_actors.collectors import make_collector
        >>> make_collector("values", ["values=0-9,42"]).findings()
        {'missing': 11}
    """
    kind = _class_named(name)
    known = _options_of(kind)
    given: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        if not equals:
            raise SettingsError(_OPTIONS, "texts key=value", option)
        if key not in known:
            form = f"the keys {', '.join(known)}" if known else f"none: {name} has no options"
            raise SettingsError(_OPTIONS, form, option)
        given[key] = _converted(known[key], text, option)
    missing = [key for key, field in known.items() if field.default is NOTHING and key not in given]
    if missing:
        raise SettingsError(_SETTING, f"{name} with the options {', '.join(missing)}", name)
    try:
        return kind(**given)
    except SettingsError as error:
        form = f"{error.setting}={error.accepted}"
        raise SettingsError(_OPTIONS, form, f"{error.setting}={error.got}") from None
    except (TypeError, ValueError) as error:
        raise SettingsError(_SETTING, f"{name} with other options ({error})", given) from error
    except Exception as error:  # of a collector of others
        form = f"a collector that can be made ({shown_error(error)})"
        raise SettingsError(_SETTING, form, name) from error


def installed_collectors() -> list[CollectorInfo]:
    """Return the collectors of the entry-point group `rnd_actors.collectors`, sorted by name.

    One that cannot be imported has the error as its summary.
    """
    return [_info(name, target) for name, target in sorted(_targets().items())]


@frozen
class CollectorInfo:
    """An installed collector: its name, its purpose in one line, and its options."""

    name: str
    summary: str
    options: tuple[OptionInfo, ...] = ()


@frozen
class OptionInfo:
    """An option of a collector: its type in words, and its default, None if it has none."""

    name: str
    type: str
    default: str | None


@frozen
class CollectorSpec:
    """The class and the options of a collector, as plain data, from which it is made again.

    Args:
        target: the class, as `module:Class`.
        options: the keyword arguments of the class.
    """

    target: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, collector: Collector) -> CollectorSpec | None:
        """Return the spec of a collector, None if it cannot be made again.

        It can if its class can be imported, and is an attrs class or needs no arguments.
        """
        kind = type(collector)
        if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
            return None
        target = f"{_public_module(kind)}:{kind.__qualname__}"
        if not has(kind):
            return None if _needs_arguments(kind) else cls(target, {})
        from cattrs.preconf.json import make_converter  # noqa: PLC0415  # slow, and seldom needed

        options = {f.alias: getattr(collector, f.name) for f in fields(kind) if f.init}
        return cls(target, make_converter().unstructure(options))

    def make(self) -> Collector:
        """Make a collector that has collected nothing yet.

        Raises:
            SettingsError: the class cannot be imported, is none, or does not accept the options.
        """
        kind = _class_at(self.target)
        try:
            return kind(**self.options)
        except TypeError as error:
            form = f"a collector that accepts the options {dict(self.options)} ({error})"
            raise SettingsError(_SETTING, form, self.target) from error

    def to_plain(self) -> dict[str, Any]:
        """Return the spec as a dictionary that JSON can hold."""
        return asdict(self)


def _class_named(name: str) -> type[Collector]:
    if ":" in name:
        if os.getcwd() not in sys.path:  # noqa: PTH109  # entries of the path are strings
            sys.path.insert(0, os.getcwd())  # noqa: PTH109
        return _class_at(name)
    targets = _targets()
    if name not in targets:
        raise SettingsError(_SETTING, f"{', '.join(sorted(targets))}, or module:Class", name)
    return _class_at(targets[name])


def _targets() -> Mapping[str, str]:
    """Return the `module:Class` of each installed collector, by its name."""
    from importlib.metadata import entry_points  # noqa: PLC0415  # slow, and seldom needed

    return {entry.name: entry.value for entry in entry_points(group=_GROUP)}


def _class_at(target: str) -> type[Collector]:
    """Import the class at `module:Class`; a `SettingsError` tells why that is impossible."""
    module, _, name = target.partition(":")
    found: Any = None
    try:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # noqa: BLE001  # an import may raise anything
        trouble = f"{type(error).__name__}: {error}"
    else:
        if inspect.isclass(found) and issubclass(found, Collector):
            return found
        trouble = "this is no Collector"
    raise SettingsError(_SETTING, f"a module:Class that can be imported ({trouble})", target)


def _public_module(kind: type[Collector]) -> str:
    """Return the outermost package that offers the class: its private module may change."""
    parts = kind.__module__.split(".")
    for length in range(1, len(parts)):
        package = ".".join(parts[:length])
        if getattr(sys.modules.get(package), kind.__qualname__, None) is kind:
            return package
    return kind.__module__


def _needs_arguments(kind: type[Collector]) -> bool:
    try:
        inspect.signature(kind).bind()
    except TypeError:
        return True
    return False


def _info(name: str, target: str) -> CollectorInfo:
    try:
        kind = _class_at(target)
    except SettingsError as error:
        return CollectorInfo(name, str(error))
    summary, *_ = (kind.__doc__ or "").strip().splitlines() or [""]
    options = (
        OptionInfo(
            key, _type_name(field), None if field.default is NOTHING else repr(field.default)
        )
        for key, field in _options_of(kind).items()
    )
    return CollectorInfo(name, summary, tuple(options))


def _options_of(kind: type[Collector]) -> dict[str, Attribute[Any]]:
    """Return the fields that users set, by the names that they use."""
    known = fields(resolve_types(kind)) if has(kind) else ()
    return {str(field.alias): field for field in known if field.init}


def _type_name(field: Attribute[Any]) -> str:
    return field.type.__name__ if type(field.type) is type else str(field.type)


def _converted(field: Attribute[Any], text: str, option: str) -> Any:
    from cattrs import Converter  # noqa: PLC0415  # slow, and seldom needed

    kind: Any = field.type or str
    converter = Converter()
    converter.register_structure_hook(bool, lambda value, _: _BOOLEANS[value.lower()])
    is_collection = getattr(kind, "__origin__", None) in (frozenset, set, tuple, list)
    try:
        return converter.structure(list(_pieces(text)) if is_collection else text, kind)
    except SettingsError:
        raise
    except Exception as error:  # converters of others may raise anything
        raise SettingsError(_OPTIONS, f"{field.alias}={_type_name(field)}", option) from error


def _pieces(text: str) -> Iterable[str | int]:
    """Yield the parts between commas; `3-7` is five whole numbers."""
    for piece in text.split(","):
        first, dash, last = piece.strip().partition("-")
        if dash and first.isdigit() and last.isdigit():
            numbers = range(int(first), int(last) + 1)
            if numbers[_LONGEST_RANGE:]:
                form = f"ranges of at most {_LONGEST_RANGE} numbers"
                raise SettingsError(_OPTIONS, form, piece.strip())
            yield from numbers
        else:
            yield piece.strip()
