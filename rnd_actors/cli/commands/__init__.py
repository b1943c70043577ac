"""The commands, one a file: their options, and who does what they say.

What only one command needs is imported when it is called, since every command pays for the rest.
"""

from rnd_actors.cli.commands._check_worker import check_worker
from rnd_actors.cli.commands._collectors import collectors
from rnd_actors.cli.commands._export import export
from rnd_actors.cli.commands._plan import plan
from rnd_actors.cli.commands._report import report
from rnd_actors.cli.commands._resume import resume
from rnd_actors.cli.commands._run import run
from rnd_actors.cli.commands._runs import runs
from rnd_actors.cli.commands._show import show
from rnd_actors.cli.commands._worker import worker

__all__ = [
    "check_worker",
    "collectors",
    "export",
    "plan",
    "report",
    "resume",
    "run",
    "runs",
    "show",
    "worker",
]
