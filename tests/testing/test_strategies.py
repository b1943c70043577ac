"""The strategies for hypothesis."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from rnd_actors.actors import ActorSystem
from rnd_actors.simulation import simulate
from rnd_actors.testing.strategies import schedules
from tests.simulation.racy import RacyCache, RacyTeller, RightTeller, bank, library

SEARCH = settings(
    max_examples=1_000,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)


def fails(main: Callable[[ActorSystem], object]) -> Callable[[tuple[int, ...]], bool]:
    def fails_on(schedule: tuple[int, ...]) -> bool:
        try:
            simulate(main, schedule)
        except AssertionError:
            return True
        return False

    return fails_on


@given(schedules())
@settings(max_examples=50, database=None)
def test_an_example_is_a_sequence_of_small_choices(schedule: tuple[int, ...]) -> None:
    assert isinstance(schedule, tuple)
    assert len(schedule) <= 200
    assert all(choice in range(8) for choice in schedule)


@pytest.mark.parametrize("main", [bank(RacyTeller), library(RacyCache)], ids=["bank", "cache"])
def test_a_race_is_found_and_shrunk_to_a_few_choices(main: Callable[[ActorSystem], Any]) -> None:
    schedule = find(schedules(), fails(main), settings=SEARCH)
    assert fails(main)(schedule)
    assert schedule[-1] != 0
    assert sum(choice != 0 for choice in schedule) <= 4
    assert not fails(main)(schedule[:-1])


def test_without_a_race_nothing_is_found() -> None:
    with pytest.raises(NoSuchExample):
        find(schedules(), fails(bank(RightTeller)), settings=settings(SEARCH, max_examples=100))
