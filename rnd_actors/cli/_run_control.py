"""What looks at a run of the command: its control socket, its page, and the metrics for a file."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from rnd_actors.cli._text import complain
from rnd_actors.errors import SettingsError
from rnd_actors.running import LiveRun

if TYPE_CHECKING:
    from rnd_actors.metrics import Metrics
    from rnd_actors.web import Listener


@define
class RunControl:
    """The `control` of a run.

    Args:
        interrupt: called to stop the run, and a second time to end it at once.
        metrics_file: a file for its metrics; None: none.
        listener: where its page is served; None: it has none.

    Raises:
        SettingsError: metrics cannot be written to that file, or the extra `rnd-actors[web]` is not
            installed.
    """

    interrupt: Callable[[], object]
    metrics_file: Path | None
    listener: "Listener | None" = None
    _metrics: "Metrics | None" = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.metrics_file is not None:
            _check(self.metrics_file)

    @contextmanager
    def __call__(self, live: LiveRun) -> Iterator[None]:
        """Look at the run until its workers have ended."""
        from rnd_actors.control import serve_run  # noqa: PLC0415

        if self.metrics_file is not None:
            from rnd_actors.metrics import Metrics  # noqa: PLC0415  # an extra

            self._metrics = Metrics(live.system, live)
        with serve_run(live, self.interrupt), self._page_of(live):
            yield

    def _page_of(self, live: LiveRun) -> AbstractContextManager[object]:
        if self.listener is None:
            return nullcontext()
        from rnd_actors.web import serve_live_run  # noqa: PLC0415  # an extra

        return serve_live_run(live, self.listener, self.interrupt)

    def write_metrics(self) -> None:
        """Write the metrics of the run, which has ended, to their file.

        Raises:
            SinkError: the file cannot be written; it is as it was.
        """
        if self._metrics is not None and self.metrics_file is not None:
            self._metrics.write(self.metrics_file)
        elif self.metrics_file is not None:
            complain(f"{self.metrics_file} is not written: the run ended before its workers began")


def _check(path: Path) -> None:
    try:
        from rnd_actors.metrics import check_metrics_file  # noqa: PLC0415  # an extra
    except ImportError as error:
        accepted = (
            f"a file if rnd-actors[web] is installed ({error}): pip install 'rnd-actors[web]'"
        )
        raise SettingsError("metrics_file", accepted, str(path)) from error
    check_metrics_file(path)
