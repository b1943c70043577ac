"""The command `export`: a run of a store, written anew in any form that a sink writes."""

from typing import Annotated

import typer

from rnd_actors.cli.commands._parameters import Store

__all__ = ["export"]


def export(
    store: Store,
    run: Annotated[int, typer.Argument(metavar="RUN", help="The id of a run in it.")],
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Where to: .jsonl, .csv, .parquet, or - for stdout replace what is there; "
            ".sqlite or .db is another store, which gets one run more.",
        ),
    ],
) -> int:
    """Write the samples of a run to a file."""
    from rnd_actors.cli._export import export_run  # noqa: PLC0415

    export_run(store, run, file)
    return 0
