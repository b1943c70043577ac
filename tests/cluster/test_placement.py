from itertools import pairwise

import pytest

from rnd_actors.cluster._messages import ShardLost, ShardUp
from rnd_actors.cluster._placement import SILENCE_S, Placement, host_of

A, B, C = (f"tcp://10.0.0.{number}:4000" for number in (1, 2, 3))
A2 = "tcp://10.0.0.1:4001"


def placement(shards: int, *addresses: str) -> Placement:
    made = Placement.of(shards, now=0.0)
    for address in addresses:
        made.joined(address)
    return made


def up(placement: Placement, *placed: tuple[int, int, str], now: float = 0.0) -> None:
    for shard, epoch, address in placed:
        assert placement.heard(shard, epoch, now) == ShardUp(shard, epoch, host_of(address))


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:4000", "tls://10.0.0.1:1", "10.0.0.1"])
def test_a_host_is_that_of_the_address(address: str) -> None:
    assert host_of(address) == "10.0.0.1"


def test_each_worker_of_dask_on_the_loopback_is_a_host() -> None:
    here = [f"tcp://127.0.0.1:{port}" for port in (4001, 4002)]
    assert placement(2, *here).place(0.0) == [(1, 1, here[0]), (2, 1, here[1])]
    assert host_of(here[0]) == "127.0.0.1:4001"


def test_each_host_has_one_shard_however_many_workers_of_dask_it_has() -> None:
    assert placement(2, A, A2, B).place(0.0) == [(1, 1, A), (2, 1, B)]


def test_a_shard_waits_for_a_host_of_its_own_that_joins_later() -> None:
    late = placement(3, A, B)
    assert [shard for shard, _, _ in late.place(0.0)] == [1, 2]
    assert late.place(1.0) == []
    late.joined(C)
    assert late.place(2.0) == [(3, 1, C)]


def test_what_a_lost_host_had_goes_to_the_host_with_the_fewest() -> None:
    three = placement(3, A, B, C)
    up(three, *three.place(0.0))
    assert three.left(C) == [ShardLost(3, 1, "10.0.0.3", "the host is gone")]
    assert three.place(1.0) == [(3, 2, A)]
    three.left(B)
    assert three.place(2.0) == [(2, 2, A)]


def test_a_new_host_is_better_than_one_that_has_a_shard() -> None:
    two = placement(2, A, B)
    two.place(0.0)
    two.joined(C)
    two.left(A)
    assert two.place(1.0) == [(1, 2, C)]


def test_a_shard_that_ends_is_placed_again() -> None:
    one = placement(1, A)
    up(one, *one.place(0.0))
    assert one.ended(1, 1, "killed") == ShardLost(1, 1, "10.0.0.1", "killed")
    assert one.ended(1, 1, "killed") is None
    assert one.place(1.0) == [(1, 2, A)]


def test_a_silent_host_is_left_and_used_again_when_it_answers() -> None:
    two = placement(2, A, B)
    up(two, *two.place(0.0))
    two.heard(1, 1, SILENCE_S)
    why = f"it was silent for {SILENCE_S:g} s"
    assert two.silent(SILENCE_S) == []
    assert two.silent(SILENCE_S + 0.1) == [ShardLost(2, 1, "10.0.0.2", why)]
    assert two.place(4.0) == [(2, 2, A)]
    two.left(A)
    assert two.place(5.0) == []
    assert two.silent_addresses == [B]
    two.joined(B)
    assert two.silent_addresses == []
    assert two.place(6.0) == [(1, 2, B), (2, 3, B)]


def test_a_shard_has_longer_to_start_than_to_be_silent() -> None:
    one = placement(1, A)
    one.place(0.0)
    assert one.silent(SILENCE_S + 1) == []
    why = "it did not start within 20 s; its host may be busy with other tasks"
    assert one.silent(60.0) == [ShardLost(1, 1, "10.0.0.1", why)]


def test_a_time_in_which_nobody_listened_is_not_silence() -> None:
    one = placement(1, A)
    up(one, *one.place(0.0))
    one.paused(10.0, now=11.0)
    assert one.silent(SILENCE_S + 9.0) == []
    assert one.silent(SILENCE_S + 11.0) != []


def test_who_was_heard_after_such_a_time_has_no_longer_to_be_silent() -> None:
    one = placement(1, A)
    up(one, *one.place(0.0))
    one.heard(1, 1, 10.0)
    one.paused(10.0, now=10.0)
    assert one.silent(10.1 + SILENCE_S) != []


def test_only_the_first_sign_of_life_of_an_epoch_is_news() -> None:
    one = placement(1, A)
    up(one, *one.place(0.0))
    assert one.heard(1, 1, 1.0) is None
    assert not one.is_present(1, 2)


def test_it_is_settled_when_all_that_have_a_host_are_up() -> None:
    two = placement(2, A)
    assert not two.is_settled
    placed = two.place(0.0)
    assert not two.is_settled
    up(two, *placed)
    assert two.is_settled


def test_a_shard_that_never_starts_is_hopeless() -> None:
    one = placement(1, A)
    for epoch in range(1, 4):
        assert one.hopeless(0.0) is None
        assert one.place(0.0) == [(1, epoch, A)]
        one.ended(1, epoch, "no such file")
    assert one.hopeless(0.0) == "shard 1 did not start, 3 times in a row: no such file"


def test_a_hello_begins_the_count_again() -> None:
    one = placement(1, A)
    for epoch in range(1, 20):
        up(one, *one.place(0.0))
        one.ended(1, epoch, "crashed")
        assert one.hopeless(0.0) is None


def test_a_run_without_hosts_is_hopeless_after_a_while() -> None:
    one = placement(1, A)
    assert one.hopeless(99.0) is None
    one.left(A)
    assert one.hopeless(100.0) is None
    assert one.hopeless(129.0) is None
    assert one.hopeless(131.0) == "no host has been there for 30 s"
    one.joined(B)
    assert one.hopeless(1000.0) is None


def test_a_run_all_of_whose_hosts_are_silent_is_hopeless_after_a_while() -> None:
    one = placement(1, A)
    up(one, *one.place(0.0))
    assert one.hopeless(99.0) is None
    one.silent(100.0)
    assert one.hopeless(100.0) is None
    assert one.hopeless(131.0) == "no host has been there for 30 s"


def test_a_silent_host_that_leaves_is_not_asked_any_more() -> None:
    one = placement(1, A)
    one.place(0.0)
    one.silent(100.0)
    one.left(A)
    assert one.silent_addresses == []


def test_a_shard_that_does_not_start_on_a_host_goes_to_another_one() -> None:
    three = placement(2, A, B, C)
    up(three, *three.place(0.0))
    three.ended(1, 1, "killed")
    assert three.place(1.0) == [(1, 2, A)]  # it had started there
    three.ended(1, 2, "no memory")
    assert three.place(2.0) == [(1, 3, C)]
    three.ended(1, 3, "no memory")
    assert three.place(3.0) == [(1, 4, B)]


def test_epochs_only_grow() -> None:
    one = placement(1, A, B)
    epochs = []
    for now in range(10):
        [(_, epoch, _)] = one.place(float(now))
        epochs.append(epoch)
        one.heard(1, epoch, float(now))
        one.ended(1, epoch, "x")
    assert all(earlier < later for earlier, later in pairwise(epochs))
