"""The command `run`: makes its options into the settings of a run."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnd_actors._worker_limits import MOST_WORKERS
from rnd_actors.cli._options import (
    EXECUTABLE,
    OTHERWISE,
    PATH,
    PROGRAM_SOMEWHERE,
    SECONDS,
    TEXT,
    Append,
    CommandLine,
    Json,
    LogFormat,
    LogFormatOption,
    MetricsFile,
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
from rnd_actors.cli._scaling import (
    DEFAULT_WORKERS,
    Confidence,
    Figures,
    ReplaceSlow,
    Scale,
    ScaleOption,
    Workers,
    known_figures,
    require_agreement,
    require_cluster,
)
from rnd_actors.cli._web import Web, WebName, WebToken, open_page
from rnd_actors.errors import SettingsConflictError, SettingsError

if TYPE_CHECKING:
    from rnd_actors.collectors import Collector


def run(
    context: typer.Context,
    *,
    samples: Annotated[
        int, option(whole_number(1, 10**9), "N", "Stop at exactly N samples.")
    ] = 150,
    workers: Workers = DEFAULT_WORKERS,
    scale: ScaleOption = Scale.FIXED,
    confidence: Confidence = 0.99,
    replace_slow: ReplaceSlow = None,
    figures: Figures = None,
    worker: Annotated[
        CommandLine | None,
        option(
            PROGRAM_SOMEWHERE,
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
    give_up_early: Annotated[
        bool,
        typer.Option(
            "--give-up-early",
            help="End as soon as the deadline is lost, with what there is, and exit with 3.",
        ),
    ] = False,
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
    cluster: Annotated[
        str | None,
        option(
            TEXT,
            "ADDRESS|local:N",
            "Run the workers on the hosts of a Dask scheduler; local:3: on three of this machine.",
            show_default="the workers run on this machine",
        ),
    ] = None,
    hosts: Annotated[
        int | None,
        option(
            whole_number(1, 1000),
            "N",
            "How many hosts of the cluster are used.",
            show_default="all that are there",
        ),
    ] = None,
    workers_per_host: Annotated[
        int | None,
        option(
            whole_number(1, MOST_WORKERS),
            "N",
            "Instead of --workers: so many on each of --hosts.",
            show_default="--workers are spread over the hosts",
        ),
    ] = None,
    cluster_timeout: Annotated[
        float | None,
        option(
            SECONDS,
            "SECONDS",
            "How long the scheduler and the hosts may take to answer.",
            show_default="10, or 60 with local:N",
        ),
    ] = None,
    overwrite: Overwrite = False,
    append: Append = False,
    web: Web = None,
    web_name: WebName = None,
    web_token: WebToken = None,
    metrics_file: MetricsFile = None,
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
        context,
        worker_args="worker_arg",
        outputs="output",
        collector_options="collector_option",
        least_workers="workers",
    ):
        require_agreement(context, scale, workers, deadline)
        require_cluster(context, workers, cluster)
        if give_up_early and deadline is None:
            needing = label(context, "give_up_early")
            raise SettingsConflictError(f"{needing} needs --deadline SECONDS")
        settings = RunSettings(
            samples=samples,
            **_number_of_workers(context, workers.most, workers_per_host, hosts),
            least_workers=1 if workers.least is None else workers.least,
            scale=scale.value,
            confidence=confidence,
            replace_slow=replace_slow,
            figures=known_figures(context, figures),
            give_up_early=give_up_early,
            worker=STANDIN if worker is None else _program(worker, cluster),
            worker_args=worker_arg or (),
            base_port=base_port,
            deadline=deadline,
            start_timeout=start_timeout,
            stall_timeout=stall_timeout,
            outputs=output or (),
            worker_log=worker_log,
            existing=existing_of(context, overwrite=overwrite, append=append),
            cluster=cluster,
            hosts=hosts,
            cluster_timeout=cluster_timeout,
        )
        for file in settings.outputs:
            check_output(file, settings.existing, otherwise=OTHERWISE)
        if json and STDOUT in settings.outputs:
            both = f"{label(context, 'output')} - and {label(context, 'json')}"
            raise SettingsConflictError(f"{both} exclude each other: each needs stdout for itself")
        session = Session(
            settings=settings,
            collector=_collector(context, collector, collector_option or ()),
            listener=open_page(context, web, web_name, web_token, quiet=quiet),
            metrics_file=metrics_file,
            json=json,
            quiet=quiet,
            verbose=verbose,
            log_format=log_format,
        )
        return execute(session)


def _number_of_workers(
    context: typer.Context, workers: int, per_host: int | None, hosts: int | None
) -> dict[str, Any]:
    if per_host is None:
        return {"workers": workers}
    mine = label(context, "workers_per_host")
    if source(context, "workers") != "DEFAULT":
        both = f"{label(context, 'workers')} and {mine}"
        raise SettingsConflictError(f"{both} exclude each other: choose one of them")
    if hosts is None:
        raise SettingsConflictError(f"{mine} needs to know how many hosts: say it with --hosts")
    return {"workers_per_host": per_host}


def _program(worker: CommandLine, cluster: str | None) -> CommandLine:
    """Return the command line of a worker, which is looked for where the worker is to run."""
    if cluster is not None:
        return worker
    if (found := worker.found()) is None:
        raise SettingsError("worker", EXECUTABLE, shlex.join(worker))
    return found


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
