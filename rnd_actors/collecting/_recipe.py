"""stub"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from attrs import asdict, fields, frozen, has


@frozen
class Recipe:
    target: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, c):
        return (
            cls(
                f"{type(c).__module__}:{type(c).__qualname__}",
                {f.alias: getattr(c, f.name) for f in fields(type(c)) if f.init},
            )
            if has(type(c))
            else None
        )

    def make(self):
        m, _, n = self.target.partition(":")
        return getattr(import_module(m), n)(**self.options)

    def to_plain(self):
        return asdict(self)
