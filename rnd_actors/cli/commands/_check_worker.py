"""The command `check-worker` and its options."""

from typing import Annotated, Final

import typer

from rnd_actors.running import RunSettings

__all__ = ["check_worker"]

_DEFAULT: Final = RunSettings()


def check_worker(
    command: Annotated[
        str,
        typer.Argument(
            metavar="COMMAND",
            help="The worker: a path, or a command line split as a shell would.",
        ),
    ],
    *,
    worker_args: Annotated[
        list[str] | None,
        typer.Option(
            "--worker-arg",
            metavar="ARG",
            help="Appended to the worker's own arguments; may be given many times.",
        ),
    ] = None,
    start_timeout: Annotated[
        str,
        typer.Option(
            metavar="SECONDS",
            show_default=False,
            help="How long it may take to listen. Default: 5.",
        ),
    ] = str(_DEFAULT.start_timeout),
    stall_timeout: Annotated[
        str,
        typer.Option(
            metavar="SECONDS",
            show_default=False,
            help="Silence after which it counts as hung. Default: 5.",
        ),
    ] = str(_DEFAULT.stall_timeout),
) -> int:
    """Try whether a program is a worker that runs can use.

    It is told point by point what the contract of workers wants, and what came. The program
    is started on a free port, asked for a few numbers, disturbed by a second request, asked
    again and stopped; that takes some five seconds.

    Exit codes: 0 a run can use it, 1 a run cannot, 2 wrong usage.
    """
    from rnd_actors.cli._worker_report import report_on_worker  # noqa: PLC0415

    return report_on_worker(
        command, worker_args or (), start_timeout=start_timeout, stall_timeout=stall_timeout
    )
