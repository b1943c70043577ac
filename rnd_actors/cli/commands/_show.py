"""The command `show` and its arguments."""

from rnd_actors.cli.commands._parameters import OptionalRun, Store, run_id

__all__ = ["show"]


def show(
    store: Store,
    run: OptionalRun = None,
) -> int:
    """Show a stored run in the terminal: what came of it, and what its workers were doing."""
    from rich.console import Console  # noqa: PLC0415  # this and the rest: for this command only

    from rnd_actors.cli._history import history_view  # noqa: PLC0415
    from rnd_actors.store import read_run  # noqa: PLC0415

    Console(highlight=False).print(history_view(read_run(store, run_id(run))))
    return 0
