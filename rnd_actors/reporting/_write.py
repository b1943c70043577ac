"""Writes a report to a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rnd_actors.errors import SettingsError, SinkError
from rnd_actors.reporting._contents import Contents
from rnd_actors.reporting._json import as_json
from rnd_actors.reporting._markdown import as_markdown
from rnd_actors.sinks import check_file, replacing
from rnd_actors.store import RunHistory

__all__ = ["write_report"]


def write_report(history: RunHistory, path: Path, *, overwrite: bool = False) -> None:
    """Write what is to be told of a run to a file, which is replaced as a whole or not at all.

    Args:
        history: of the run, which may still go on.
        path: the suffix says the form: `.html` is one page with pictures that needs no network,
            `.md` has drawings in characters, `.json` the figures only.
        overwrite: whether it is replaced if it holds something already.

    Raises:
        SettingsError: another suffix, a path that cannot be written, a file that holds something
            already, or the extra
            `rnd-actors[report]` is not installed.
        SinkError: the disk is full, or fails; what was there is there still.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors.collecting import Collection
        >>> from rnd_actors.reporting import write_report
        >>> from rnd_actors.store import RunHistory, StoredRun
        >>> run = StoredRun(id=1, state="failed", started_at=0.0, samples=0, goal=150, workers=1,
        ...     sessions=0, elapsed_s=0.0, collector="SampleCount(goal=150)")
        >>> result = Collection.of({1: 3001}).result(goal=150, deadline_s=None)
        >>> history = RunHistory(run=run, result=result, sessions=(), samples=(),
        ...     incarnations=())
        >>> with TemporaryDirectory() as folder:
        ...     write_report(history, Path(folder, "report.md"))
        ...     print(Path(folder, "report.md").read_text().splitlines()[0])
        # Run 1: a worker that is not known
    """
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        accepted = f"a file whose name ends in {', '.join(_FORMS)}"
        raise SettingsError("output", accepted, str(path))
    refused = None if overwrite else "files that hold nothing yet, unless overwrite is given"
    check_file(path, "output", has_draft=True, refused=refused)
    try:
        text = form(Contents.of(history))
    except ImportError as error:
        accepted = (
            f"a report if rnd-actors[report] is installed ({error}): "
            "pip install 'rnd-actors[report]'"
        )
        raise SettingsError("output", accepted, str(path)) from error
    _replace(path, text)


def _html(contents: Contents) -> str:
    from rnd_actors.reporting._html import as_html  # noqa: PLC0415  # loads matplotlib, an extra

    return as_html(contents)


_FORMS: Final[dict[str, Callable[[Contents], str]]] = {
    ".html": _html,
    ".md": as_markdown,
    ".json": as_json,
}


def _replace(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise SinkError(f"cannot write {path}: {error.strerror}") from error
