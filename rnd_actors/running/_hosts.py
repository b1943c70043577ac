"""The cluster of a run, if it has one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from gevent.event import Event as Flag

from rnd_actors.errors import ClusterError, SettingsError
from rnd_actors.running._settings import RunSettings
from rnd_actors.workers import STANDIN

if TYPE_CHECKING:
    from rnd_actors.cluster import Cluster


@contextmanager
def connected(settings: RunSettings, interrupted: Flag | None) -> "Iterator[Cluster | None]":
    """Connect to the cluster of a run, and leave nothing there at the end.

    Give None if it has none, or if it was interrupted before it could connect.

    Raises:
        SettingsError: it cannot be reached, or cannot run the workers; or Dask is not installed.
    """
    if settings.cluster is None:
        yield None
        return
    if find_spec("distributed") is None:
        form = "an address once Dask is installed: pip install 'rnd-actors[cluster]'"
        raise SettingsError("cluster", form, settings.cluster)
    from rnd_actors.cluster import Cluster  # noqa: PLC0415  # only such runs need it

    interrupted = interrupted or Flag()
    connecting = Cluster.connected(
        settings.cluster,
        settings.hosts,
        None if settings.worker == STANDIN else settings.worker[0],
        settings.cluster_timeout,
        interrupted,
    )
    cluster = None
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(connecting)
        except ClusterError as error:
            if not interrupted.is_set():
                form = f"the address of a cluster that can be used ({error})"
                raise SettingsError("cluster", form, settings.cluster) from error
        yield cluster
