"""What a run over hosts answers about them."""

from rnd_actors.cluster import HostRefused, ShardLost, ShardUp
from rnd_actors.collectors import HostResult
from rnd_actors.control._hosts import Hosts
from rnd_actors.events import Event


def told(*events: Event) -> list[tuple[str, str, list[int], str | None]]:
    hosts = Hosts()
    for event in events:
        hosts(event)
    shown = ("host", "state", "shards", "why")
    return [tuple(host[key] for key in shown) for host in hosts.to_plain()]


def test_a_host_with_a_shard_is_up() -> None:
    assert told(ShardUp(1, 1, "a"), ShardUp(2, 1, "b")) == [
        ("a", "up", [1], None),
        ("b", "up", [2], None),
    ]


def test_a_host_that_has_lost_its_shard_is_lost_until_it_has_one_again() -> None:
    lost = ShardUp(1, 1, "a"), ShardLost(1, 1, "a", "the host is gone")
    assert told(*lost) == [("a", "lost", [], "the host is gone")]
    assert told(*lost, ShardUp(1, 2, "b")) == [
        ("a", "lost", [], "the host is gone"),
        ("b", "up", [1], None),
    ]
    assert told(*lost, ShardUp(1, 2, "a")) == [("a", "up", [1], None)]


def test_a_host_with_another_shard_is_not_lost_with_one() -> None:
    both = ShardUp(1, 1, "a"), ShardUp(2, 2, "a")
    assert told(*both, ShardLost(1, 1, "a", "it was killed")) == [("a", "up", [2], None)]


def test_a_host_that_is_refused_says_why() -> None:
    refused = HostRefused("a", "it has no worker")
    assert told(refused) == [("a", "refused", [], "it has no worker")]
    assert told(refused, ShardUp(1, 1, "a")) == [("a", "up", [1], None)]


def test_a_host_has_the_sums_of_its_workers_also_those_of_an_earlier_session() -> None:
    hosts = Hosts()
    hosts(ShardUp(1, 1, "b"))
    rows = hosts.to_plain([HostResult("a", 2, 3, 4, 1, 5), HostResult("b", 1, 7, 1, 0, 0)])
    assert [(row["host"], row["state"], row["samples"]) for row in rows] == [
        ("a", "left", 3),
        ("b", "up", 7),
    ]
