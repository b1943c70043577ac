"""The commands about the parts of a run: `collectors`, `check-worker` and `worker`."""

import os
import sys
from typing import Annotated, Final

import typer

from rnd_actors._printing import one_line
from rnd_actors.cli._options import (
    PROGRAM,
    CommandLine,
    StallTimeout,
    StartTimeout,
    WorkerArgs,
    naming_options,
)
from rnd_actors.cli._text import print_table, say

_ID: Final = 7
"""Another id than the one of workers that ignore theirs."""


def collectors() -> int:
    """List the collectors that are installed, with their options."""
    from rnd_actors.collectors import installed_collectors  # noqa: PLC0415

    rows = [
        (
            collector.name,
            "\n".join(
                f"{option.name}: {option.type}"
                + ("" if option.default is None else f" = {option.default}")
                for option in collector.options
            ),
            collector.summary,
        )
        for collector in installed_collectors()
    ]
    print_table({"collector": "left", "options": "fold", "what it does": "fold"}, rows)
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
    findings = check_worker(settings)
    rows = [
        (
            Text(finding.verdict.value, style=styles[finding.verdict]),
            one_line(finding.wanted),
            one_line(finding.came),
        )
        for finding in findings
    ]
    print_table({"": "fold", "the contract": "fold", "what came": "fold"}, rows)
    verdicts = [finding.verdict for finding in findings]
    fine, differs, fails = (verdicts.count(each) for each in Verdict)
    judgement = "a run can live with that" if differs else "a run can use this worker"
    if fails:
        judgement = "a run cannot use this worker"
    typer.echo(f"{fine} ok, {differs} different, {fails} failed: {judgement}")
    return 1 if fails else 0


def worker(context: typer.Context) -> None:
    """Run the stand-in worker; -help lists its flags.

    It takes those of any worker, -workerId and -port, and others to misbehave on purpose.
    """
    from rnd_actors.workers import STANDIN  # noqa: PLC0415

    sys.stdout.flush()
    os.execv(STANDIN[0], [*STANDIN, *context.args])  # noqa: S606  # its own process is no shell
