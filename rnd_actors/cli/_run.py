"""The command `run`: makes its options into the settings of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnd_actors.cli._options import (
    OTHERWISE,
    PATH,
    PROGRAM,
    SECONDS,
    Append,
    CommandLine,
    Json,
    LogFormat,
    LogFormatOption,
    Overwrite,
    Quiet,
    StallTimeout,
    StartTimeout,
    Verbose,
    WorkerArgs,
    configure,
    existing_of,
    label,
    naming_options,
    option,
    source,
    whole_number,
    words,
)
from rnd_actors.errors import SettingsConflictError

if TYPE_CHECKING:
    from rnd_actors.collectors import Collector


def run(
    context: typer.Context,
    *,
    samples: Annotated[
        int, option(whole_number(1, 10**9), "N", "Stop at exactly N samples.")
    ] = 150,
    workers: Annotated[int, option(whole_number(1, 1000), "N", "Worker processes.")] = 16,
    worker: Annotated[
        CommandLine | None,
        option(
            PROGRAM,
            "COMMAND",
            "The worker to run: a path, or a command line split as a shell would.",
            show_default="a stand-in that comes with rnd-actors",
        ),
    ] = None,
    worker_arg: WorkerArgs = None,
    base_port: Annotated[
        int,
        option(
            whole_number(0, 65535),
            "PORT",
            "Worker i listens on PORT+i-1; 0: free ports are chosen.",
        ),
    ] = 3001,
    deadline: Annotated[
        float | None,
        option(
            SECONDS,
            "SECONDS",
            "Stop then, keep what has arrived, and exit with 3.",
            show_default="none",
        ),
    ] = None,
    start_timeout: StartTimeout = 5.0,
    stall_timeout: StallTimeout = 5.0,
    collector: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|module:Class",
            show_default="exactly --samples",
            help="What to collect: see `rnd-actors collectors`.",
        ),
    ] = None,
    collector_option: Annotated[
        list[str] | None, words("--collector-option", "KEY=VALUE", "An option of the collector.")
    ] = None,
    output: Annotated[
        list[str] | None,
        words(
            "--output",
            "FILE",
            "Write the samples there as they arrive: .jsonl, .csv or .parquet, - for stdout, "
            "or .sqlite or .db, which keeps the run for resume, show, report and export.",
        ),
    ] = None,
    worker_log: Annotated[
        Path | None,
        option(
            PATH,
            "DIR",
            "Keep all that the workers write there: a file a worker, of the last 50 MiB.",
            show_default="the last 20 lines, for what is said of a crash",
        ),
    ] = None,
    overwrite: Overwrite = False,
    append: Append = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    log_format: LogFormatOption = LogFormat.TEXT,
    config: Annotated[  # noqa: ARG001  # `configure` has read it
        Path | None,
        option(
            PATH,
            "FILE",
            "A TOML file whose keys are the names of the options above.",
            is_eager=True,
            callback=configure,
            allow_from_autoenv=False,
        ),
    ] = None,
) -> int:
    """Run workers until exactly N samples have arrived, or until the goal of a collector.

    Every option but --config is also a variable (--base-port: RND_ACTORS_BASE_PORT) and a key of
    the --config file (base-port). Flags win over variables, and variables over the file.

    Exit codes: 0 complete, 1 failed, 2 wrong usage or settings, 3 deadline missed, 129, 130 or 143
    interrupted by SIGHUP, SIGINT or SIGTERM. A second signal ends it at once, without a result.
    """
    from rnd_actors.cli._session import Session, execute  # noqa: PLC0415
    from rnd_actors.running import RunSettings  # noqa: PLC0415
    from rnd_actors.sinks import STDOUT, check_output  # noqa: PLC0415
    from rnd_actors.workers import STANDIN  # noqa: PLC0415

    with naming_options(
        context, worker_args="worker_arg", outputs="output", collector_options="collector_option"
    ):
        settings = RunSettings(
            samples=samples,
            workers=workers,
            worker=worker or STANDIN,
            worker_args=worker_arg or (),
            base_port=base_port,
            deadline=deadline,
            start_timeout=start_timeout,
            stall_timeout=stall_timeout,
            outputs=output or (),
            worker_log=worker_log,
            existing=existing_of(context, overwrite=overwrite, append=append),
        )
        for file in settings.outputs:
            check_output(file, settings.existing, otherwise=OTHERWISE)
        if json and STDOUT in settings.outputs:
            both = f"{label(context, 'output')} - and {label(context, 'json')}"
            raise SettingsConflictError(f"{both} exclude each other: each needs stdout for itself")
        session = Session(
            settings=settings,
            collector=_collector(context, collector, collector_option or ()),
            json=json,
            quiet=quiet,
            verbose=verbose,
            log_format=log_format,
        )
        return execute(session)


def _collector(
    context: typer.Context, name: str | None, options: Sequence[str]
) -> "Collector | None":
    from rnd_actors.collectors import make_collector  # noqa: PLC0415

    if name is None:
        if options:
            given = label(context, "collector_option")
            raise SettingsConflictError(f"{given} needs a collector: name it with --collector")
        return None
    if source(context, "samples") != "DEFAULT":
        both = f"{label(context, 'samples')} and {label(context, 'collector')}"
        raise SettingsConflictError(
            f"{both} exclude each other: the collector has a goal of its own (count: goal=N)"
        )
    return make_collector(name, options)
