"""The metrics of a system, and of the run in it, in the text format of Prometheus."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import SettingsError
from rnd_actors.metrics._actors import ActorFigures
from rnd_actors.metrics._run import RunFigures
from rnd_actors.running import LiveRun
from rnd_actors.sinks import check_file, replacing

_SUFFIX: Final = ".prom"


class Metrics:
    """The metrics of an actor system, of a run in it and of this process.

    They are read when they are asked for, in the thread of the system; the counts of actors that
    have ended stay. They can still be read when the system has been left.

    Args:
        system: an entered system. What had ended in it before this was made is not counted.
        live: the run in it, as `run(…, control=…)` passes it; None: there is none.

    Raises:
        ActorError: the system has not been entered yet.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.metrics import Metrics
        >>> class Printer(Actor[str]):
        ...     def receive(self, message: str) -> None:
        ...         print(message)
        >>> with ActorSystem() as system:
        ...     metrics = Metrics(system)
        ...     system.start(ChildSpec("printer-1", Printer)).tell("hello")
        hello
        >>> handled = {"actor": "printer-*", "outcome": "handled"}
        >>> metrics.registry.get_sample_value("rnd_actors_messages_total", handled)
        1
    """

    content_type: Final = CONTENT_TYPE_LATEST
    """The media type of `text()`, for the header of an answer."""

    def __init__(self, system: ActorSystem, live: LiveRun | None = None) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        """Metrics of one's own can be registered here, too."""
        self._figures: list[ActorFigures | RunFigures] = [ActorFigures(system)]
        if live is not None:
            self._figures.append(RunFigures(live))
        self.registry.register(_Families(self._figures))
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return all metrics in the text format that Prometheus reads."""
        return generate_latest(self.registry)

    def write(self, path: Path) -> None:
        """Write them to a file, which is replaced as a whole or not at all.

        Raises:
            SinkError: the file cannot be written; it is as it was.
        """
        text = self.text()
        with replacing(path) as file:
            file.write(text)

    def close(self) -> None:
        """Count no more; a system may outlive those who look at it."""
        for figures in self._figures:
            figures.close()


class _Families(Collector):
    """What the registry asks for metrics."""

    def __init__(self, figures: list[ActorFigures | RunFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for figures in self._figures:
            yield from figures.families()


def check_metrics_file(path: Path) -> None:
    """Check that metrics can be written to a file, without touching it.

    Its name must end in `.prom`: the textfile collector of the node exporter reads no others, and
    the file is replaced without a question.

    Raises:
        SettingsError: it has another name, or cannot be written.
    """
    setting = "metrics_file"
    if path.suffix != _SUFFIX:
        raise SettingsError(setting, f"a file whose name ends in {_SUFFIX}", str(path))
    check_file(path, setting, has_draft=True, refused=None)
