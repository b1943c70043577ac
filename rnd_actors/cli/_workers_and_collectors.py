"""The commands about the parts of a run: `collectors`, `check-worker` and `worker`."""

import os
import sys
from typing import Annotated, Final

import typer

from rnd_actors.cli._options import (
    PROGRAM,
    CommandLine,
    StallTimeout,
    StartTimeout,
    WorkerArgs,
    naming_options,
)
from rnd_actors.cli._text import one_line, say

_ID: Final = 7
"""Another id than the one of workers that ignore theirs."""


def collectors() -> int:
    """List the collectors that are installed, with their options."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from rnd_actors.collecting import installed_collectors  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("collector", no_wrap=True)
    table.add_column("options", overflow="fold")
    table.add_column("what it does", overflow="fold")
    for collector in installed_collectors():
        options = "\n".join(
            f"{option.name}: {option.type}"
            + (f" = {option.default}" if option.default is not None else "")
            for option in collector.options
        )
        table.add_row(collector.name, Text(options), Text(collector.summary))
    Console(highlight=False).print(table)
    return 0


def check_worker(
    context: typer.Context,
    command: Annotated[
        CommandLine,
        typer.Argument(
            metavar="COMMAND",
            parser=PROGRAM,
            help="The worker: a path, or a command line split as a shell would.",
        ),
    ],
    *,
    worker_arg: WorkerArgs = None,
    start_timeout: StartTimeout = 5.0,
    stall_timeout: StallTimeout = 5.0,
) -> int:
    """Try whether a program is a worker that runs can use.

    It is told point by point what the contract of workers wants, and what came. The program
    is started on a free port, asked for a few numbers, disturbed by a second request, asked
    again and stopped; that takes some five seconds.

    Exit codes: 0 a run can use it, 1 a run cannot, 2 wrong usage.
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from rnd_actors.workers import WorkerSettings, choose_ports  # noqa: PLC0415
    from rnd_actors.workers.check import Verdict, check_worker  # noqa: PLC0415

    [port] = choose_ports(0, 1)
    with naming_options(context):
        settings = WorkerSettings(
            id=_ID,
            port=port,
            program=command,
            arguments=tuple(worker_arg or ()),
            start_timeout=start_timeout,
            stall_timeout=stall_timeout,
        )
    say(f"trying {one_line(' '.join(command))}, which takes some seconds ...")
    styles = {Verdict.OK: "green", Verdict.DIFFERS: "yellow", Verdict.FAILS: "bold red"}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for heading in ("", "the contract", "what came"):
        table.add_column(heading, overflow="fold")
    findings = check_worker(settings)
    for finding in findings:
        mark = Text(finding.verdict.value, style=styles[finding.verdict])
        table.add_row(mark, Text(one_line(finding.wanted)), Text(one_line(finding.came)))
    verdicts = [finding.verdict for finding in findings]
    fine, differs, fails = (verdicts.count(each) for each in Verdict)
    judgement = "a run can live with that" if differs else "a run can use this worker"
    if fails:
        judgement = "a run cannot use this worker"
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{fine} ok, {differs} different, {fails} failed: {judgement}")
    return 1 if fails else 0


def worker(context: typer.Context) -> None:
    """Run the stand-in worker; -help lists its flags.

    It takes those of any worker, -workerId and -port, and others to misbehave on purpose.
    """
    from rnd_actors.workers import STANDIN  # noqa: PLC0415

    sys.stdout.flush()
    os.execv(STANDIN[0], [*STANDIN, *context.args])  # noqa: S606  # its own process is no shell
