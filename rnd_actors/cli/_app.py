"""The commands and their options; an error is one line on stderr and an exit code."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from rnd_actors.cli._execute import execute
from rnd_actors.cli._options import read_options
from rnd_actors.cli._words import complain
from rnd_actors.errors import RndActorsError, SettingsError
from rnd_actors.running import RunSettings

__all__ = ["main"]

_PROGRAM: Final = "rnd-actors"
_DEFAULT: Final = RunSettings()

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, that of the process by default, and return the exit code."""
    try:
        return int(app(arguments, prog_name=_PROGRAM, standalone_mode=False))
    except typer.TyperException as error:
        complain(error.format_message())
        return 2
    except RndActorsError as error:
        complain(error)
        return 2 if isinstance(error, SettingsError) else 1


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  # slower than all the rest of this

        typer.echo(f"{_PROGRAM} {version(_PROGRAM)}")
        raise typer.Exit


@app.callback()
def _rnd_actors(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Collect samples from supervised workers, restarting those that crash."""


@app.command()
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
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the samples there as they arrive, one JSON object a line. Default: none.",
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="The result as one JSON object on stdout, and nothing else there."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Nothing on stderr but errors, even with -v.")
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            help="Tell failures and restarts on stderr as they happen; -vv: tell every event.",
        ),
    ] = 0,
    log_format: Annotated[
        str | None,
        typer.Option(metavar="text|json", help="The form of lines on stderr. Default: text."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A TOML file whose keys are the names of the options above."
        ),
    ] = None,
) -> int:
    """Run workers until exactly N samples have arrived.

    Every option but --config is also a variable (--base-port: RND_ACTORS_BASE_PORT) and a key of
    the --config file (base-port). Flags win over variables, and variables over the file.

    Exit codes: 0 complete, 1 failed, 2 wrong usage or settings, 3 deadline missed, 130 or 143
    interrupted by SIGINT or SIGTERM. A second signal ends it at once, without a result.
    """
    flags = locals()
    return execute(read_options(flags, flags.pop("config")))


@app.command()
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
