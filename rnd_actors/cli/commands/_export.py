"""The command `export`: a run of a store, written anew in any form that a sink writes."""

from typing import Annotated

import typer

from rnd_actors.cli.commands._parameters import Append, Overwrite, Store, run_id

__all__ = ["export"]


def export(
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
    from rnd_actors.cli._export import export_run  # noqa: PLC0415

    *run, file = what
    if len(run) > 1:
        raise typer.BadParameter(f"expected DB [RUN] FILE; got {len(what) + 1} names")
    number = run_id(run[0]) if run else None
    export_run(store, number, file, overwrite=overwrite, append=append)
    return 0
