"""The command `worker`: the stand-in, as if it were a third party's program."""

import os
import sys

import typer

from rnd_actors.workers import STANDIN

__all__ = ["worker"]


def worker(context: typer.Context) -> None:
    """Run the stand-in worker; -help lists its flags.

    It takes those of any worker, -workerId and -port, and others to misbehave on purpose.
    """
    sys.stdout.flush()
    os.execv(STANDIN[0], [*STANDIN, *context.args])  # noqa: S606  # its own process is no shell
