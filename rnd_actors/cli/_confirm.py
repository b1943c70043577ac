"""What a store from somebody else would run is shown, and runs only if the user says so."""

import shlex
import sys
from pathlib import Path

from rnd_actors.cli._words import escaped, say
from rnd_actors.errors import StoreError
from rnd_actors.running import RunSettings
from rnd_actors.store import Checkpoint

__all__ = ["confirm"]


def confirm(remains: Checkpoint, settings: RunSettings, store: Path, *, yes: bool) -> None:
    """Show what a run would do that this user has not begun, and ask whether it may.

    Args:
        remains: what there is of the run.
        settings: those that it would have.
        store: where it is.
        yes: whether the user has said so already.

    Raises:
        StoreError: it may not, or there is nobody to be asked.
    """
    run = f"run {remains.run.id} in {store}"
    command = escaped(shlex.join([*settings.worker, *settings.worker_args]))
    files = [*settings.outputs, *filter(None, [settings.worker_log])]
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    if not (yes or asked):
        raise StoreError(
            f"{run} was not begun by you on this computer, or was changed since; "
            f"it would run: {command} - if you want that, add --yes"
        )
    say(f"{escaped(run)} was not begun by you on this computer, or was changed since.")
    say(f"  it runs      {command}")
    say(f"  it collects  {escaped(_collector(remains))}")
    say(f"  it writes    {escaped(shlex.join(map(str, files)))}")
    if yes:
        return
    sys.stderr.write("Resume it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise StoreError(f"{run} was not resumed, since you did not say yes")


def _collector(remains: Checkpoint) -> str:
    recipe = remains.recipe or {}
    return f"{recipe.get('target')} with {recipe.get('options')}"
