"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = ["Json", "LogFormat", "OptionalRun", "Quiet", "Store", "Verbose"]

Store: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DB", help="A store, which `run --output DB` has written.")
]
OptionalRun: TypeAlias = Annotated[
    int | None,
    typer.Argument(metavar="RUN", help="The id of a run in it. Default: the latest."),
]
Json: TypeAlias = Annotated[
    bool,
    typer.Option("--json", help="The result as one JSON object on stdout, and nothing else there."),
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", help="Nothing on stderr but errors, even with -v.")
]
Verbose: TypeAlias = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        show_default=False,
        help="Tell failures and restarts on stderr as they happen; -vv: tell every event.",
    ),
]
LogFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="text|json", help="The form of lines on stderr. Default: text."),
]
