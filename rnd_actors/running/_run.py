"""A run from settings to a result."""

from collections.abc import Callable

import gevent.event

from rnd_actors.actors import Event, require_patched
from rnd_actors.collecting import Collection, Collector, Recipe, Result, SampleCount
from rnd_actors.running._course import Course
from rnd_actors.running._outputs import begin_outputs
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._specs import ports_for, worker_settings
from rnd_actors.sinks import check_output, is_store
from rnd_actors.store import Recording, RunDescription
from rnd_actors.workers import Spawn, WorkerProcess

__all__ = ["run"]


def run(
    settings: RunSettings = RunSettings(),
    collector: Collector | None = None,
    *,
    subscriber: Callable[[Event], object] | None = None,
    interrupted: gevent.event.Event | None = None,
    spawn: Spawn = WorkerProcess.spawn,
) -> Result:
    """Start the workers, collect until the goal is reached, stop them, and say how it went.

    Args:
        settings: what to run, and how patiently.
        collector: what to collect; by default exactly `settings.samples` samples.
        subscriber: called with every event of the run; it must be quick and must not wait.
        interrupted: setting this flag ends the run soon, with what there is.
        spawn: how each worker is started; a `SimulatedWorker` can take the place of a process.

    Raises:
        NotPatchedError: gevent has not patched this process.
        SettingsError: an output cannot be written, or holds something that is not to be lost, or
            the operating system does not allow as many file descriptors or processes as so many
            workers need.
        StoreError: an output is to be a store of runs, and cannot.

    Example:
        >>> from rnd_actors import RunSettings, run
        >>> fast = RunSettings(samples=20, workers=2, worker_args=("-interval", "0"), base_port=0)
        >>> result = run(fast)
        >>> result.outcome.value, result.samples, len(result.values)
        ('complete', 20, 20)
    """
    require_patched()
    for output in settings.outputs:
        check_output(output, settings.existing)
    collector = collector or SampleCount(settings.samples)
    ports = ports_for(settings, spawn)
    recording = _recording(settings, collector)
    begin_outputs(settings, recording)
    return Course(
        settings=settings,
        workers=worker_settings(settings, ports, earlier={}),
        collector=collector,
        collection=Collection.of(dict(enumerate(ports, start=1))),
        recording=recording,
        subscriber=subscriber,
        interrupted=interrupted,
        spawn=spawn,
    ).take()


def _recording(settings: RunSettings, collector: Collector) -> Recording | None:
    for store in filter(is_store, settings.outputs):
        recipe = Recipe.of(collector)
        return Recording.begin(
            store,
            RunDescription(
                settings=settings.to_plain(),
                recipe=None if recipe is None else recipe.to_plain(),
                collector=_words(collector, recipe),
                goal=collector.goal,
            ),
        )
    return None


def _words(collector: Collector, recipe: Recipe | None) -> str:
    options = {} if recipe is None else recipe.options
    values = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"{type(collector).__name__}({values})"
