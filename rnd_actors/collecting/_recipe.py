"""How a collector is made again: its class and its options, as plain data."""

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from attrs import asdict, fields, frozen, has

from rnd_actors.collecting._collector import Collector
from rnd_actors.errors import SettingsError

__all__ = ["Recipe"]


@frozen
class Recipe:
    """What a collector of the same kind can be made of, without what it has collected.

    Args:
        target: its class, as `module:Class`.
        options: what the class is called with.

    Example:
        >>> from rnd_actors import Recipe, SampleCount
        >>> recipe = Recipe.of(SampleCount(150))
        >>> recipe.target, recipe.options
        ('rnd_actors:SampleCount', {'goal': 150})
        >>> recipe.make().goal
        150
    """

    target: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, collector: Collector) -> "Recipe | None":
        """Return the recipe of a collector, None if it cannot be made again.

        It can if its class can be imported, and is an attrs class or needs no arguments.
        """
        kind = type(collector)
        recipe = cls(f"{_public_module(kind)}:{kind.__qualname__}", {})
        if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
            return None
        if not has(kind):
            return None if _needs_arguments(kind) else recipe
        from cattrs.preconf.json import make_converter  # noqa: PLC0415  # slow, and seldom needed

        values = make_converter().unstructure(
            {f.alias: getattr(collector, f.name) for f in fields(kind) if f.init}
        )
        return cls(recipe.target, {name: _listed(value) for name, value in values.items()})

    def make(self) -> Collector:
        """Make a collector that has collected nothing yet.

        Raises:
            SettingsError: its class cannot be imported, is none, or does not accept the options.
        """
        kind = collector_class(self.target)
        try:
            return kind(**self.options)
        except TypeError as error:
            form = f"a collector that accepts the options {dict(self.options)} ({error})"
            raise SettingsError("collector", form, self.target) from error

    def to_plain(self) -> dict[str, Any]:
        """Return the same as what JSON knows."""
        return asdict(self)


def collector_class(target: str) -> type[Collector]:
    """Return the class that `module:Class` names.

    Raises:
        SettingsError: it cannot be imported, or is no collector.
    """
    module, _, name = target.partition(":")
    found: Any = None
    try:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # noqa: BLE001  # importing runs whatever there is
        trouble = f"{type(error).__name__}: {error}"
    else:
        if inspect.isclass(found) and issubclass(found, Collector):
            return found
        trouble = "this is no Collector"
    raise SettingsError("collector", f"a module:Class that can be imported ({trouble})", target)


def _public_module(kind: type[Collector]) -> str:
    """Return the outermost package that offers the class: where it is defined may change."""
    parts = kind.__module__.split(".")
    packages = (".".join(parts[:length]) for length in range(1, len(parts)))
    for package in packages:
        if getattr(sys.modules.get(package), kind.__qualname__, None) is kind:
            return package
    return kind.__module__


def _needs_arguments(kind: type[Collector]) -> bool:
    return any(
        parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        for parameter in inspect.signature(kind).parameters.values()
    )


def _listed(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else value
