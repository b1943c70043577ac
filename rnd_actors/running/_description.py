"""What a store keeps of the beginning of a run, and of what was changed since."""

from attrs import evolve

from rnd_actors.collectors import Collection, Collector, CollectorSpec
from rnd_actors.running._settings import RunSettings
from rnd_actors.scaling import Scaling
from rnd_actors.sinks import is_store
from rnd_actors.store import Recording, RunDescription

_PORTS = 65536


def begin_recording(settings: RunSettings, collector: Collector) -> Recording | None:
    """Begin a run in the store among its outputs; return None if it has none.

    Raises:
        StoreError: that is no store, or cannot be written.
    """
    store = next(filter(is_store, settings.outputs), None)
    return None if store is None else Recording.begin(store, _description(settings, collector))


def describe(settings: RunSettings, collector: Collector, collection: Collection) -> RunDescription:
    """Return with what a run goes on if it is resumed, after somebody has steered it.

    Without a deadline all its workers start, as a policy that had one has started them.
    """
    if collection.deadline_s is None:
        replace_slow = settings.replace_slow
        if replace_slow is None and settings.scale is Scaling.DEADLINE:
            replace_slow = True
        settings = evolve(
            settings, scale=Scaling.FIXED, replace_slow=replace_slow, give_up_early=False
        )
    settings = evolve(
        with_workers(settings, collection.most_workers),
        samples=collector.goal or settings.samples,
        deadline=collection.deadline_s,
    )
    return _description(settings, collector)


def with_workers(settings: RunSettings, workers: int) -> RunSettings:
    """Return the settings of a run that goes on with so many workers."""
    return evolve(
        settings,
        workers=workers,
        workers_per_host=None,
        least_workers=min(settings.least_workers, workers),
        base_port=settings.base_port if settings.base_port + workers <= _PORTS else 0,
    )


def _description(settings: RunSettings, collector: Collector) -> RunDescription:
    collector_spec = CollectorSpec.of(collector)
    options = {} if collector_spec is None else collector_spec.options
    values = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return RunDescription(
        settings=settings.to_plain(),
        collector_spec=None if collector_spec is None else collector_spec.to_plain(),
        collector=f"{type(collector).__name__}({values})",
        goal=collector.goal,
    )
