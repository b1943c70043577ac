import pytest

from rnd_actors.cluster._remote_shard import Receipts
from rnd_actors.errors import ClusterError


def test_a_parcel_counts_once() -> None:
    receipts = Receipts()
    receipts.begin(1)
    numbers = [1, 1, 2, 1, 2, 3, 3]
    assert [receipts.accepts(1, number) for number in numbers] == [1, 0, 1, 0, 0, 1, 0]


def test_a_newer_epoch_fences_those_before() -> None:
    receipts = Receipts()
    receipts.begin(1)
    assert receipts.accepts(1, 1)
    receipts.begin(2)
    assert not receipts.accepts(1, 2)
    assert receipts.accepts(2, 1)
    receipts.begin(1)
    assert not receipts.accepts(1, 3)
    assert receipts.accepts(2, 2)


def test_nothing_counts_before_the_first_epoch() -> None:
    assert not Receipts().accepts(1, 1)


def test_a_parcel_that_is_missing_is_told() -> None:
    receipts = Receipts()
    receipts.begin(1)
    with pytest.raises(ClusterError, match="parcel 1 of epoch 1 is missing"):
        receipts.accepts(1, 2)
