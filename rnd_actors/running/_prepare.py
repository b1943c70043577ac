"""What a session needs before it begins: its first workers, their limits and their cluster."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from gevent.event import Event as Flag

from rnd_actors._worker_limits import most_workers
from rnd_actors.actors import require_patched
from rnd_actors.collectors import Autoscaling, Collection, Collector, Outcome, check_declared
from rnd_actors.running._hosts import connected
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._workers import Workers
from rnd_actors.scaling import Scaling, policy_for
from rnd_actors.sinks import check_output
from rnd_actors.workers import Spawn

TOLD_TO_STOP: Final = "it was told to stop"


@contextmanager
def prepared(
    settings: RunSettings,
    spawn: Spawn,
    collector: Collector,
    collection: Collection,
    *,
    earlier: Mapping[int, int],
    interrupted: Flag | None,
) -> Iterator[tuple[Workers, Autoscaling]]:
    """Check what a session needs, and connect to its cluster while the block runs.

    Give its first workers, and who decides on further ones.

    Args:
        settings: of the run.
        spawn: how each worker is started.
        collector: of the run.
        collection: that of the earlier sessions, or an empty one; it is told of the workers.
        earlier: how many incarnations each worker has had in earlier sessions.
        interrupted: setting this flag ends the attempt to connect, and concludes the collection.

    Raises:
        NotPatchedError: gevent has not patched this process.
        SettingsError: the collector declares what no run can have, an output cannot be written, a
            limit is too low for so many workers, or the cluster cannot be used.
    """
    require_patched()
    check_declared(collector)
    for output in settings.outputs:
        check_output(output, settings.existing)
    collection.deadline_s = settings.deadline
    collection.least_workers, collection.most_workers = settings.least_workers, settings.workers
    collection.possible_workers = most_workers(settings.cluster)
    autoscaling = autoscaling_of(settings, collector)
    number = autoscaling.first(collection, collector)
    with connected(settings, interrupted) as cluster:
        if settings.cluster is not None and cluster is None:
            collection.conclude(Outcome.INTERRUPTED, TOLD_TO_STOP)
        workers = Workers.first(settings, spawn, cluster, number, earlier)
        collection.employ({each.id: each.port for each in workers.by_id.values()})
        yield workers, autoscaling


def first_workers(settings: RunSettings, collector: Collector | None) -> int:
    """Return how many workers a run begins with for sure; a policy may want more."""
    own = None if collector is None else collector.policy
    is_fixed = own is None and settings.scale is Scaling.FIXED
    return settings.workers if is_fixed else settings.least_workers


def autoscaling_of(settings: RunSettings, collector: Collector) -> Autoscaling:
    """Return who decides on the workers of a run: the collector's own policy, or an installed one.

    A run without a deadline may be given one while it goes on.
    """
    policy = collector.policy
    if policy is None:
        policy = policy_for(
            settings.scale,
            confidence=settings.confidence,
            replace_slow=settings.replace_slow,
            known=settings.figures,
        )
    return Autoscaling(policy, settings.give_up_early)
