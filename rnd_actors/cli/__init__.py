"""The command line: turns options into `RunSettings` and a `Result` into words."""

from rnd_actors.cli._app import main
from rnd_actors.cli._live import draw_live_view
from rnd_actors.cli._progress import Progress
from rnd_actors.cli._ticker import ticking

__all__ = ["Progress", "draw_live_view", "main", "ticking"]
