"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from rnd_actors.errors import SettingsError

__all__ = [
    "Append",
    "Json",
    "LogFormat",
    "OptionalRun",
    "Overwrite",
    "Quiet",
    "Store",
    "Verbose",
    "run_id",
]

Store: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DB", help="A store, which `run --output DB` has written.")
]
OptionalRun: TypeAlias = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="The id of a run in it. Default: the latest."),
]
Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that hold something already.")
]
Append: TypeAlias = Annotated[
    bool,
    typer.Option("--append", help="Keep what .jsonl and .csv files hold, and write after it."),
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


def run_id(given: str | None) -> int | None:
    """Return the id of a run that was given, None if none was.

    Raises:
        SettingsError: it is none.
    """
    try:
        return None if given is None else int(given)
    except ValueError:
        accepted = "the id of a run, a whole number (`rnd-actors runs DB` lists them)"
        raise SettingsError("RUN", accepted, given) from None
