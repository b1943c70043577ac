"""The command `plan` and its options."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["plan"]


def plan(
    *,
    samples: Annotated[str, typer.Option(metavar="N", help="How many samples are needed.")],
    deadline: Annotated[str, typer.Option(metavar="S", help="Seconds that they may take.")],
    workers: Annotated[str | None, typer.Option(metavar="N", help="Workers. Default: 16.")] = None,
    rate: Annotated[
        str | None,
        typer.Option(metavar="R", help="Numbers a second of each worker. Default: 1."),
    ] = None,
    mtbf: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="Mean seconds from the first number to a crash. Default: they do not crash.",
        ),
    ] = None,
    startup: Annotated[
        str | None,
        typer.Option(metavar="S", help="Seconds from a start to the first number. Default: 0.05."),
    ] = None,
    runs: Annotated[
        str | None, typer.Option(metavar="N", help="Simulated runs. Default: 200.")
    ] = None,
    result: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What `rnd-actors run --json` wrote; it gives rate, mtbf and startup.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Simulate runs, and say how likely they keep a deadline.

    The real actors run in virtual time, with workers of these figures. It tells the probability
    that the deadline is kept, when the runs are complete, and how many workers it takes to keep
    the deadline in 99 % of the runs.
    """
    flags = locals()
    as_json = flags.pop("json")
    from rnd_actors.cli._plan import execute_plan  # noqa: PLC0415  # no other command needs it

    return execute_plan(flags, flags.pop("result"), as_json=as_json)
