"""The commands about stored runs: `runs`, `show`, `report` and `export`."""

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from rnd_actors.cli._options import (
    OTHERWISE,
    PATH,
    RUN_ID,
    Append,
    OptionalRun,
    Overwrite,
    Store,
    existing_of,
    naming_options,
    option,
)
from rnd_actors.cli._text import one_line
from rnd_actors.errors import SettingsError

_FILE: Final = "FILE"


def runs(store: Store) -> int:
    """List the runs of a store."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

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


def show(store: Store, run: OptionalRun = None) -> int:
    """Show a stored run in the terminal: what came of it, and what its workers were doing."""
    from rich.console import Console  # noqa: PLC0415

    from rnd_actors.cli._charts import history_view  # noqa: PLC0415
    from rnd_actors.store import read_run  # noqa: PLC0415

    Console(highlight=False).print(history_view(read_run(store, run)))
    return 0


def report(
    context: typer.Context,
    store: Store,
    run: OptionalRun = None,
    *,
    output: Annotated[
        Path,
        option(
            PATH,
            "FILE",
            "Where to write it: .html with pictures, .md, or .json with the figures only.",
            "--output",
            "-o",
        ),
    ],
    overwrite: Overwrite = False,
) -> int:
    """Write a report of a stored run: its figures, its timeline and its pictures.

    It needs the extra rnd-actors[report]. A run that still goes on is reported as far as it is.
    """
    from rnd_actors.reporting import write_report  # noqa: PLC0415
    from rnd_actors.store import read_run  # noqa: PLC0415

    history = read_run(store, run)
    with naming_options(context):
        write_report(history, output, overwrite=overwrite)
    return 0


def export(
    context: typer.Context,
    store: Store,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] FILE",
            help="The id of a run in it, by default the latest, and where to: .jsonl, .csv, "
            ".parquet, or - for stdout; .sqlite or .db is another store, which gets one run more.",
        ),
    ],
    *,
    overwrite: Overwrite = False,
    append: Append = False,
) -> int:
    """Write the samples of a run to a file."""
    from rnd_actors.sinks import check_output, is_store, write_file  # noqa: PLC0415
    from rnd_actors.store import copy_run, read_samples  # noqa: PLC0415

    *ids, file = what
    if len(ids) > 1:
        raise typer.BadParameter(f"expected DB [RUN] FILE; got {len(what) + 1} names")
    run = RUN_ID(ids[0], "RUN") if ids else None
    target = Path(file)
    existing = existing_of(context, overwrite=overwrite, append=append)
    check_output(target, existing, _FILE, OTHERWISE)
    if target.exists() and store.exists() and target.samefile(store):
        raise SettingsError(_FILE, "another file than the store", file)
    if is_store(target):
        copy_run(store, run, target)
    else:
        write_file(target, existing, read_samples(store, run))
    return 0
