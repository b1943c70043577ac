"""The same run over hosts, on Dask distributed: shards of workers, one on each host."""

from rnd_actors.cluster._cluster import Cluster
from rnd_actors.cluster._local import size_of_local
from rnd_actors.cluster._messages import HostRefused, ShardLost, ShardUp
from rnd_actors.cluster._remote_worker import RemoteWorker

__all__ = ["Cluster", "HostRefused", "RemoteWorker", "ShardLost", "ShardUp", "size_of_local"]
