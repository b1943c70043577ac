"""The command `runs`: what a store holds."""

import time

from rnd_actors.cli.commands._parameters import Store

__all__ = ["runs"]


def runs(store: Store) -> int:
    """List the runs of a store."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from rnd_actors.cli._words import one_line  # noqa: PLC0415
    from rnd_actors.store import list_runs  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", justify="right", no_wrap=True)
    for name in ("begun", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("samples", "time", "sessions"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("collector", overflow="fold")
    for run in list_runs(store):
        table.add_row(
            str(run.id),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started_at)),
            run.state,
            str(run.samples) if run.goal is None else f"{run.samples}/{run.goal}",
            f"{run.elapsed_s:.2f} s",
            str(run.sessions),
            Text(one_line(run.collector)),
        )
    Console(highlight=False).print(table)
    return 0
