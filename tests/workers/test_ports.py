"""Which ports workers are given."""

import random
import resource

import pytest

from rnd_actors.workers import _ports, choose_ports


def test_more_ports_are_chosen_than_there_are_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        assert len(set(choose_ports(0, 2000))) == 2000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("seed", range(20))
def test_ports_that_are_chosen_twice_do_not_count_twice(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(_ports, "_AT_ONCE", 10)
    monkeypatch.setattr(_ports, "_free_ports", lambda count: chance.sample(range(100), count))
    assert len(set(choose_ports(0, 45))) == 45


def test_a_lack_of_ports_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ports, "_AT_ONCE", 10)
    monkeypatch.setattr(_ports, "_free_ports", lambda count: range(10))
    with pytest.raises(OSError, match="there are no 45 free ports"):
        choose_ports(0, 45)
