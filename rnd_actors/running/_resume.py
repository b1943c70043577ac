"""A run that goes on where it has ended before its goal."""

from collections.abc import Callable
from pathlib import Path

import gevent.event
from attrs import evolve, frozen

from rnd_actors.actors import Event, require_patched
from rnd_actors.collecting import Collection, Collector, Outcome, Recipe, Result
from rnd_actors.errors import StoreError
from rnd_actors.running._course import Course
from rnd_actors.running._limits import make_room
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._specs import worker_settings
from rnd_actors.sinks import is_store
from rnd_actors.store import Recording, Remains, read_remains
from rnd_actors.workers import Spawn, WorkerProcess, choose_ports

__all__ = ["Unfinished", "resume"]


@frozen(kw_only=True)
class Unfinished:
    """A run of a store that can go on.

    Args:
        store: where it is.
        settings: what it was asked to do.
        collector: its collector, which has seen what was collected.
        is_reached: whether its goal is reached already: it died just before it could say so.
        remains: what was stored of it.

    Example:
        >>> from pathlib import Path
        >>> from rnd_actors import Unfinished
        >>> Unfinished.read(Path("/no/such/store.db"))
        Traceback (most recent call last):
        rnd_actors.errors.StoreError: there is no store at /no/such/store.db
    """

    store: Path
    settings: RunSettings
    collector: Collector
    is_reached: bool
    remains: Remains

    @classmethod
    def read(
        cls, store: Path, run: int | None = None, collector: Collector | None = None
    ) -> "Unfinished":
        """Read what is left of a run; this changes nothing.

        Args:
            store: an SQLite store that the run was recorded to.
            run: its id; None: the latest.
            collector: a new one, for runs whose collector cannot be made again from the store.

        Raises:
            StoreError: there is no such run, or it is complete, or being worked on.
            SettingsError: its collector cannot be made again.
        """
        remains = read_remains(store, run)
        collector = collector or _collector(remains, store)
        reached = False
        for sample in remains.samples:
            reached = collector.accepts(sample) and collector.is_reached(sample)
        return cls(
            store=store,
            settings=_settings(remains, store),
            collector=collector,
            is_reached=reached,
            remains=remains,
        )

    def go_on(
        self,
        *,
        subscriber: Callable[[Event], object] | None = None,
        interrupted: gevent.event.Event | None = None,
        spawn: Spawn = WorkerProcess.spawn,
    ) -> Result:
        """Collect what is missing; arguments, errors and result are those of `run`."""
        require_patched()
        settings, remains = self.settings, self.remains
        if spawn == WorkerProcess.spawn:
            make_room(settings.workers)
        ports = choose_ports(settings.base_port, settings.workers)
        collection = Collection.of(dict(enumerate(ports, start=1)))
        collection.go_on(remains.samples, remains.tally, remains.run.elapsed_s)
        if self.is_reached:
            collection.conclude(Outcome.COMPLETE, "the goal is reached")
        return Course(
            settings=settings,
            workers=worker_settings(settings, ports, remains.incarnations),
            collector=self.collector,
            collection=collection,
            recording=Recording.resume(self.store, remains.run),
            earlier=remains.samples,
            subscriber=subscriber,
            interrupted=interrupted,
            spawn=spawn,
        ).take()


def resume(
    store: Path,
    run: int | None = None,
    *,
    collector: Collector | None = None,
    deadline: float | None = None,
    subscriber: Callable[[Event], object] | None = None,
    interrupted: gevent.event.Event | None = None,
    spawn: Spawn = WorkerProcess.spawn,
) -> Result:
    """Go on with a run that was interrupted, missed its deadline, failed or died.

    It keeps its settings and its samples. Its files besides the store are written anew.

    Args:
        store: an SQLite store that the run was recorded to.
        run: its id; None: the latest.
        collector: a new one, for runs whose collector cannot be made again from the store.
        deadline: seconds from now; None: as many as the run was given.
        subscriber: called with every event of the run; it must be quick and must not wait.
        interrupted: setting this flag ends the run soon, with what there is.
        spawn: how each worker is started.

    Raises:
        NotPatchedError: gevent has not patched this process.
        StoreError: there is no such run, or it is complete, or being worked on.
        SettingsError: its collector cannot be made again, or a value is not accepted.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> import gevent.event
        >>> from rnd_actors import RunSettings, resume, run
        >>> interrupted = gevent.event.Event()
        >>> interrupted.set()
        >>> with TemporaryDirectory() as folder:
        ...     store = Path(folder, "runs.db")
        ...     settings = RunSettings(samples=8, workers=2, base_port=0, outputs=store,
        ...         worker_args=("-interval", "0"))
        ...     first = run(settings, interrupted=interrupted)
        ...     second = resume(store)
        >>> first.outcome.value, second.outcome.value, second.samples
        ('interrupted', 'complete', 8)
    """
    unfinished = Unfinished.read(store, run, collector)
    if deadline is not None:
        settings = evolve(unfinished.settings, deadline=deadline)
        unfinished = evolve(unfinished, settings=settings)
    return unfinished.go_on(subscriber=subscriber, interrupted=interrupted, spawn=spawn)


def _settings(remains: Remains, store: Path) -> RunSettings:
    """Return the settings of the run; the store may have been moved since."""
    plain = dict(remains.settings)
    files = [output for output in map(Path, plain.pop("outputs")) if not is_store(output)]
    return RunSettings(**plain, outputs=[*files, store])


def _collector(remains: Remains, store: Path) -> Collector:
    if remains.recipe is None:
        raise StoreError(
            f"the collector of run {remains.run.id} in {store} cannot be made again: "
            "resume it from a program, with resume(store, run, collector=…)"
        )
    return Recipe(**remains.recipe).make()
