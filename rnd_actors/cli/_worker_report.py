"""What came of trying a worker, for people."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnd_actors.cli import _conversions as to
from rnd_actors.cli._words import one_line, say
from rnd_actors.errors import SettingsError
from rnd_actors.workers import WorkerSettings, choose_ports
from rnd_actors.workers.check import Finding, Verdict, check_worker

__all__ = ["report_on_worker"]

_ID: Final = 7
"""Not the one that workers have if nobody tells them."""
_STYLES: Final = {Verdict.OK: "green", Verdict.DIFFERS: "yellow", Verdict.FAILS: "bold red"}


def report_on_worker(
    command: str, arguments: Sequence[str], *, start_timeout: str, stall_timeout: str
) -> int:
    """Try a worker, print what came, and return the exit code.

    Raises:
        SettingsError: an argument is not of its accepted form.
    """
    try:
        program = to.command(command)
    except ValueError as error:
        raise SettingsError("COMMAND", str(error), command) from None
    [port] = choose_ports(0, 1)
    try:
        settings = WorkerSettings(
            id=_ID,
            port=port,
            program=program,
            arguments=tuple(arguments),
            start_timeout=to.seconds(start_timeout),  # type: ignore[arg-type]  # or it is refused
            stall_timeout=to.seconds(stall_timeout),  # type: ignore[arg-type]
        )
    except SettingsError as error:
        option = f"--{error.setting.replace('_', '-')}"
        raise SettingsError(option, error.accepted, error.got) from None
    say(f"trying {one_line(' '.join(program))}, which takes some seconds ...")
    findings = check_worker(settings)
    console = Console(highlight=False)
    console.print(_table(findings))
    verdicts = [finding.verdict for finding in findings]
    fine, differs, fails = (verdicts.count(each) for each in Verdict)
    console.print(f"{fine} ok, {differs} different, {fails} failed: {_sum(differs, fails)}")
    return 1 if fails else 0


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for heading in ("", "the contract", "what came"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        verdict = finding.verdict
        mark = Text(verdict.value, style=_STYLES[verdict])
        table.add_row(mark, Text(one_line(finding.wanted)), Text(one_line(finding.came)))
    return table


def _sum(differs: int, fails: int) -> str:
    if fails:
        return "a run cannot use this worker"
    return "a run can live with that" if differs else "a run can use this worker"
