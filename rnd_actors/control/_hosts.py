"""What has become of the hosts of a run over a cluster."""

from collections.abc import Iterable
from typing import Any

from attrs import asdict, define, field

from rnd_actors.cluster import HostRefused, ShardLost, ShardUp
from rnd_actors.collectors import HostResult
from rnd_actors.events import Event


@define
class _Host:
    shards: set[int] = field(factory=set)
    state: str = "left"
    why: str | None = None


class Hosts:
    """Subscriber of the event stream that keeps which hosts have workers, and why others have none.

    A host that has lost its only shard is lost until it has one again, also while it is silent.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case ShardUp(shard=shard, host=name):
                for other in self._hosts.values():
                    other.shards.discard(shard)
                host = self._host(name)
                host.shards.add(shard)
                host.state, host.why = "up", None
            case ShardLost(shard=shard, host=name, why=why):
                host = self._host(name)
                host.shards.discard(shard)
                if not host.shards:
                    host.state, host.why = "lost", why
            case HostRefused(host=name, why=why):
                host = self._host(name)
                host.state, host.why = "refused", why

    def to_plain(self, results: Iterable[HostResult] = ()) -> list[dict[str, Any]]:
        """Return a row for each host, in the order of their names.

        It has `host`, `state` (up, lost, refused; left if it has no shard and none was lost),
        `why` it is lost or refused, its `shards`, and the other fields of its result.
        """
        counted = {result.host: result for result in results}
        rows = []
        for name in sorted({*self._hosts, *counted}):
            host = self._hosts.get(name, _Host())
            state = {"state": host.state, "why": host.why, "shards": sorted(host.shards)}
            rows.append({**asdict(counted.get(name, _nothing_on(name))), **state})
        return rows

    def _host(self, name: str) -> _Host:
        return self._hosts.setdefault(name, _Host())


def _nothing_on(name: str) -> HostResult:
    return HostResult(name, workers=0, samples=0, starts=0, crashes=0, lost=0)
