"""The commands about stored runs: `runs`, `show`, `report`, `export` and `resume`."""

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from rnd_actors import _validators as valid
from rnd_actors._printing import escaped, one_line
from rnd_actors.cli._options import (
    OTHERWISE,
    PATH,
    SECONDS,
    TEXT,
    Append,
    Json,
    Kind,
    LogFormat,
    LogFormatOption,
    MetricsFile,
    Overwrite,
    Quiet,
    Verbose,
    existing_of,
    naming_options,
    option,
)
from rnd_actors.cli._text import print_table, say
from rnd_actors.cli._web import Web, WebName, WebToken, open_page
from rnd_actors.errors import SettingsConflictError, SettingsError, StoreError

if TYPE_CHECKING:
    from rnd_actors.running import RunSettings
    from rnd_actors.store import Checkpoint

_FILE: Final = "FILE"
_RUN_ID: Final = Kind(
    valid.accepts(
        "the id of a run, a whole number (`rnd-actors runs DB` lists them)",
        lambda value: type(value) is int,
    ),
    int,
)
_Store: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DB", help="A store, which `run --output DB` has written.")
]
_Run: TypeAlias = Annotated[
    int | None,
    typer.Argument(
        metavar="RUN", parser=_RUN_ID, show_default="the latest", help="The id of a run in it."
    ),
]


def runs(store: _Store) -> int:
    """List the runs of a store."""
    from rnd_actors.store import list_runs  # noqa: PLC0415

    rows = (
        (
            str(run.id),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started_at)),
            run.state,
            str(run.samples) if run.goal is None else f"{run.samples}/{run.goal}",
            f"{run.elapsed_s:.2f} s",
            str(run.sessions),
            one_line(run.collector),
        )
        for run in list_runs(store)
    )
    numbers = dict.fromkeys(("samples", "time", "sessions"), "right")
    columns = {"run": "right", "begun": "left", "state": "left", **numbers, "collector": "fold"}
    print_table(columns, rows)
    return 0


def show(store: _Store, run: _Run = None) -> int:
    """Show a stored run in the terminal: what came of it, and what its workers were doing."""
    from rich.console import Console  # noqa: PLC0415

    from rnd_actors.cli._views import history_view  # noqa: PLC0415
    from rnd_actors.store import read_run  # noqa: PLC0415

    Console(highlight=False).print(history_view(read_run(store, run)))
    return 0


def report(
    context: typer.Context,
    store: _Store,
    run: _Run = None,
    *,
    output: Annotated[
        Path,
        option(
            PATH,
            "FILE",
            "Where to write it: .html with pictures, .md, or .json with the figures only.",
            "--output",
            "-o",
        ),
    ],
    overwrite: Overwrite = False,
) -> int:
    """Write a report of a stored run: its figures, its timeline and its pictures.

    It needs the extra rnd-actors[report]. A run that still goes on is reported as far as it is.
    """
    from rnd_actors.reporting import write_report  # noqa: PLC0415
    from rnd_actors.store import read_run  # noqa: PLC0415

    history = read_run(store, run)
    with naming_options(context):
        write_report(history, output, overwrite=overwrite)
    return 0


def export(
    context: typer.Context,
    store: _Store,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] FILE",
            help="The id of a run in it, by default the latest, and where to: .jsonl, .csv, "
            ".parquet, or - for stdout; .sqlite or .db is another store, which gets one run more.",
        ),
    ],
    *,
    overwrite: Overwrite = False,
    append: Append = False,
) -> int:
    """Write the samples of a run to a file."""
    from rnd_actors.sinks import check_output, is_store, write_file  # noqa: PLC0415
    from rnd_actors.store import copy_run, read_samples  # noqa: PLC0415

    *ids, file = what
    if len(ids) > 1:
        raise typer.BadParameter(f"expected DB [RUN] FILE; got {len(what) + 1} names")
    run = _RUN_ID(ids[0], "RUN") if ids else None
    target = Path(file)
    existing = existing_of(context, overwrite=overwrite, append=append)
    check_output(target, existing, _FILE, OTHERWISE)
    if target.exists() and store.exists() and target.samefile(store):
        raise SettingsError(_FILE, "another file than the store", file)
    if is_store(target):
        copy_run(store, run, target)
    else:
        write_file(target, existing, read_samples(store, run))
    return 0


def resume(
    context: typer.Context,
    store: _Store,
    run: _Run = None,
    *,
    deadline: Annotated[
        float | None,
        option(
            SECONDS,
            "SECONDS",
            "Stop then, counted from now.",
            show_default="as many as the run was given",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        option(
            TEXT,
            "ADDRESS|local:N",
            "Go on with the hosts of this Dask scheduler.",
            show_default="where the run was",
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Do not ask before what a store from somebody else names is run."
        ),
    ] = False,
    web: Web = None,
    web_name: WebName = None,
    web_token: WebToken = None,
    metrics_file: MetricsFile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> int:
    """Go on with a run that was interrupted, missed its deadline, failed or was killed.

    A store names programs and files. If you have not begun the run on this computer, or if that
    was changed since, they are shown, and nothing is run before you say yes.

    It keeps its settings and samples, and goes on to its goal; its other files are written again.
    Exit codes are those of `run`.
    """
    from rnd_actors.cli._session import Session, execute  # noqa: PLC0415
    from rnd_actors.running import ResumableRun  # noqa: PLC0415
    from rnd_actors.sinks import STDOUT  # noqa: PLC0415
    from rnd_actors.store import read_checkpoint  # noqa: PLC0415

    checkpoint = read_checkpoint(store, run)
    if not checkpoint.is_own:
        _confirm(checkpoint, ResumableRun.settings_of(checkpoint, store), store, yes=yes)
    resumable = ResumableRun.of(store, checkpoint, trusted=True)
    if json and STDOUT in resumable.settings.outputs:
        raise SettingsConflictError(
            "--json needs stdout for itself, and the samples of this run go there"
        )
    with naming_options(context):
        resumable = resumable.changed(deadline, cluster)
        session = Session(
            settings=resumable.settings,
            resumable=resumable,
            listener=open_page(context, web, web_name, web_token, quiet=quiet),
            metrics_file=metrics_file,
            json=json,
            quiet=quiet,
            verbose=verbose,
            log_format=log_format,
        )
        return execute(session)


def _confirm(checkpoint: "Checkpoint", settings: "RunSettings", store: Path, *, yes: bool) -> None:
    """Show what a run would do that this user has not begun; without a yes, refuse to resume it."""
    run = f"run {checkpoint.run.id} in {store}"
    command = escaped(shlex.join([*settings.worker, *settings.worker_args]))
    if not (yes or (sys.stdin.isatty() and sys.stderr.isatty())):
        raise StoreError(
            f"{run} was not begun by you on this computer, or was changed since; "
            f"it would run: {command} - if you want that, add --yes"
        )
    collector_spec = checkpoint.collector_spec or {}
    collector = f"{collector_spec.get('target')} with {collector_spec.get('options')}"
    files = [*settings.outputs, *filter(None, [settings.worker_log])]
    say(f"{escaped(run)} was not begun by you on this computer, or was changed since.")
    say(f"  it runs      {command}")
    say(f"  it collects  {escaped(collector)}")
    say(f"  it writes    {escaped(shlex.join(map(str, files)))}")
    if yes:
        return
    sys.stderr.write("Resume it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise StoreError(f"{run} was not resumed, since you did not say yes")
