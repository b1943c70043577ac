"""A run that ended before its goal and goes on from there."""

import shlex
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

import gevent.event
from attrs import evolve, frozen

from rnd_actors._printing import shown_error
from rnd_actors._worker_limits import most_workers
from rnd_actors.collectors import Collection, Collector, CollectorSpec, Outcome, Result
from rnd_actors.errors import SettingsError, StoreError
from rnd_actors.events import Event
from rnd_actors.running._description import with_workers
from rnd_actors.running._live import Control
from rnd_actors.running._prepare import prepared
from rnd_actors.running._run import Session
from rnd_actors.running._settings import RunSettings
from rnd_actors.sinks import Existing, is_store
from rnd_actors.store import Checkpoint, Recording, damaged, read_checkpoint
from rnd_actors.workers import Spawn, WorkerProcess


@frozen(kw_only=True)
class ResumableRun:
    """A run of a store that can go on.

    Args:
        store: the SQLite store that it was recorded to.
        settings: of the run, for this store, with as many workers as its goal needs.
        collector: its collector, which has seen the stored samples.
        is_reached: whether its goal is reached already: it died before it could record that.
        checkpoint: all that was stored of it.
    """

    store: Path
    settings: RunSettings
    collector: Collector
    is_reached: bool
    checkpoint: Checkpoint

    @classmethod
    def of(
        cls,
        store: Path,
        checkpoint: Checkpoint,
        collector: Collector | None = None,
        *,
        trusted: bool = False,
    ) -> "ResumableRun":
        """Return the run with this checkpoint; arguments and errors are those of `resume`."""
        settings = cls.settings_of(checkpoint, store)
        if not (checkpoint.is_own or trusted):
            command = shlex.join([*settings.worker, *settings.worker_args])
            raise StoreError(
                f"run {checkpoint.run.id} in {store} was not begun by you on this computer, or was "
                f"changed since; it would run: {command} - if you want that, pass trusted=True"
            )
        collector = collector or _collector(checkpoint, store)
        reached = False
        try:
            for sample in checkpoint.samples:
                reached = collector.accepts(sample) and collector.is_reached(sample)
            workers = _needed_workers(settings, collector, checkpoint)
        except Exception as error:
            form = f"one that can be given the stored samples again ({shown_error(error)})"
            raise SettingsError("collector", form, type(collector).__name__) from error
        if workers != settings.workers:
            settings = with_workers(settings, workers)
        return cls(
            store=store,
            settings=settings,
            collector=collector,
            is_reached=reached,
            checkpoint=checkpoint,
        )

    @staticmethod
    def settings_of(checkpoint: Checkpoint, store: Path) -> RunSettings:
        """Return the settings of a run for its store, which may have been moved since.

        Raises:
            StoreError: the stored settings are damaged, or the store has no name of a store.
        """
        if not is_store(store):
            raise StoreError(f"{store} cannot be resumed: give it a name that ends in .db")
        plain = dict(checkpoint.settings)
        try:
            files = [output for output in map(Path, plain.pop("outputs")) if not is_store(output)]
            settings = RunSettings(**plain, outputs=[*files, store])
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(store, checkpoint.run.id, f"its settings are none: {error}") from error
        appends = settings.existing is Existing.APPEND
        return settings if appends else evolve(settings, existing=Existing.OVERWRITE)

    def changed(self, deadline: float | None, cluster: str | None) -> "ResumableRun":
        """Return the same with another deadline or cluster; None: those that it has."""
        settings = self.settings
        if deadline is not None:
            settings = evolve(settings, deadline=deadline)
        if cluster is not None:
            settings = evolve(settings, cluster=cluster)
        return evolve(self, settings=settings)

    def resume(
        self,
        *,
        subscriber: Callable[[Event], object] | None = None,
        interrupted: gevent.event.Event | None = None,
        spawn: Spawn = WorkerProcess.spawn,
        control: Control | None = None,
    ) -> Result:
        """Collect what is missing; arguments, errors and result are those of `run`."""
        checkpoint = self.checkpoint
        collection = Collection({})
        collection.resume_from(
            checkpoint.samples, checkpoint.counts, checkpoint.run.elapsed_s, checkpoint.hosts
        )
        with prepared(
            self.settings,
            spawn,
            self.collector,
            collection,
            earlier=checkpoint.incarnations,
            interrupted=interrupted,
        ) as (workers, autoscaling):
            if self.is_reached:
                collection.conclude(Outcome.COMPLETE, "the goal is reached")
            return Session(
                settings=self.settings,
                workers=workers,
                autoscaling=autoscaling,
                collector=self.collector,
                collection=collection,
                recording=Recording.resume(self.store, checkpoint.run),
                earlier=checkpoint.samples,
                subscriber=subscriber,
                interrupted=interrupted,
                control=control,
            ).run()


def resume(
    store: Path,
    run: int | None = None,
    *,
    collector: Collector | None = None,
    deadline: float | None = None,
    cluster: str | None = None,
    trusted: bool = False,
    subscriber: Callable[[Event], object] | None = None,
    interrupted: gevent.event.Event | None = None,
    spawn: Spawn = WorkerProcess.spawn,
    control: Control | None = None,
) -> Result:
    """Go on with a run that was interrupted, missed its deadline, failed or died.

    It keeps its settings and its samples. Its other files are written again from the beginning or,
    if the run appends to them, from the beginning of the run.

    Args:
        store: an SQLite store that the run was recorded to.
        run: its id; None: the latest.
        collector: a new one, for runs whose collector cannot be made again from the store.
        deadline: seconds from now; None: as many as the run was given.
        cluster: the scheduler of a Dask cluster to go on with; None: where the run was.
        trusted: whether the programs that the store names may be run even if you have not begun
            this run on this computer, or if its settings were changed since.
        subscriber: called with every event of the run; it must be quick and must not wait.
        interrupted: setting this flag ends the run soon, with the samples so far.
        spawn: how each worker is started.
        control: what looks at the run and steers it, as in `run`.

    Raises:
        NotPatchedError: gevent has not patched this process.
        StoreError: there is no such run, or it is complete, being worked on, damaged, or from
            somebody else.
        SettingsError: its collector cannot be made again, or raises when it is given the stored
            samples, or a value is not accepted.
    """
    resumable = ResumableRun.of(store, read_checkpoint(store, run), collector, trusted=trusted)
    return resumable.changed(deadline, cluster).resume(
        subscriber=subscriber, interrupted=interrupted, spawn=spawn, control=control
    )


def _needed_workers(settings: RunSettings, collector: Collector, checkpoint: Checkpoint) -> int:
    """Return with how many workers to go on: with more than it had if only they reach the goal.

    Those are workers that have left the run. If they do not help either, none comes back.
    """

    def is_enough(workers: int) -> bool:
        most = collector.attainable(frozenset(range(1, workers + 1)))
        return most is None or goal is None or most >= goal

    goal, known = collector.goal, max(checkpoint.incarnations, default=0)
    numbers = range(settings.workers, min(known, most_workers(settings.cluster)) + 1)
    place = bisect_left(numbers, True, key=is_enough)  # noqa: FBT003  # the least that is enough
    return numbers[place] if place < len(numbers) else settings.workers


def _collector(checkpoint: Checkpoint, store: Path) -> Collector:
    match checkpoint.collector_spec:
        case None:
            raise StoreError(
                f"the collector of run {checkpoint.run.id} in {store} cannot be made again: "
                "resume it from a program, with resume(store, run, collector=…)"
            )
        case {"target": str(target), "options": dict(options)}:
            return CollectorSpec(target, options).make()
    raise damaged(store, checkpoint.run.id, "nothing says how its collector is made again")
