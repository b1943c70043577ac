"""The command line: options into settings, results into words.

The other names are imported when they are first used: `--version` and `--help` need none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from rnd_actors.cli._app import main

if TYPE_CHECKING:
    from rnd_actors.cli._live import draw_live_view
    from rnd_actors.cli._progress import Progress, ticking

__all__ = ["Progress", "draw_live_view", "main", "ticking"]

_HOMES: Final = {"Progress": "_progress", "draw_live_view": "_live", "ticking": "_progress"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return globals()[name]
