"""The command `run` and its options."""

from pathlib import Path
from typing import Annotated, Final

import typer

from rnd_actors.cli._execute import execute
from rnd_actors.cli._options import read_options
from rnd_actors.cli.commands._parameters import Append, Json, LogFormat, Overwrite, Quiet, Verbose
from rnd_actors.running import RunSettings

__all__ = ["run"]

_DEFAULT: Final = RunSettings()


def run(
    *,
    samples: Annotated[
        str | None,
        typer.Option(metavar="N", help=f"Stop at exactly N samples. Default: {_DEFAULT.samples}."),
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option(metavar="N", help=f"Worker processes. Default: {_DEFAULT.workers}."),
    ] = None,
    worker: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="The worker to run: a path, or a command line split as a shell would. "
            "Default: a stand-in that comes with rnd-actors.",
        ),
    ] = None,
    worker_args: Annotated[
        list[str] | None,
        typer.Option(
            "--worker-arg",
            metavar="ARG",
            help="Appended to the worker's own arguments; may be given many times.",
        ),
    ] = None,
    base_port: Annotated[
        str | None,
        typer.Option(
            metavar="PORT",
            help="Worker i listens on PORT+i-1; 0: free ports are chosen. "
            f"Default: {_DEFAULT.base_port}.",
        ),
    ] = None,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="Stop then, keep what has arrived, and exit with 3. Default: none.",
        ),
    ] = None,
    start_timeout: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help=f"How long a worker may take to listen. Default: {_DEFAULT.start_timeout:g}.",
        ),
    ] = None,
    stall_timeout: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="Silence after which a worker counts as hung. "
            f"Default: {_DEFAULT.stall_timeout:g}.",
        ),
    ] = None,
    collector: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|module:Class",
            help="What to collect: see `rnd-actors collectors`. Default: exactly --samples.",
        ),
    ] = None,
    collector_options: Annotated[
        list[str] | None,
        typer.Option(
            "--collector-option",
            metavar="KEY=VALUE",
            help="An option of the collector; may be given many times.",
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Write the samples there as they arrive: .jsonl, .csv or .parquet, - for stdout, "
            "or .sqlite or .db, which keeps the run for resume, show, report and export. "
            "May be given many times. Default: none.",
        ),
    ] = None,
    worker_log: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Keep all that the workers write there: a file a worker, of the last 50 MiB. "
            "Default: the last 20 lines, for what is said of a crash.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    append: Append = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    log_format: LogFormat = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A TOML file whose keys are the names of the options above."
        ),
    ] = None,
) -> int:
    """Run workers until exactly N samples have arrived, or until the goal of a collector.

    Every option but --config is also a variable (--base-port: RND_ACTORS_BASE_PORT) and a key of
    the --config file (base-port). Flags win over variables, and variables over the file.

    Exit codes: 0 complete, 1 failed, 2 wrong usage or settings, 3 deadline missed, 129, 130 or 143
    interrupted by SIGHUP, SIGINT or SIGTERM. A second signal ends it at once, without a result.
    """
    flags = locals()
    return execute(read_options(flags, flags.pop("config")))
