from typing import Any

import pytest

from rnd_actors.errors import SettingsError
from rnd_actors.simulation import VirtualTime
from rnd_actors.simulation._loop import pick_of


def test_choices_are_taken_modulo_how_many_there_are_and_then_the_oldest() -> None:
    pick = pick_of((5, 1, 0))
    assert [pick(count) for count in (2, 2, 3, 4, 5)] == [1, 1, 0, 0, 0]


def test_a_number_as_seed_picks_each_callback_at_some_time() -> None:
    pick = pick_of(7)
    assert {pick(3) for _ in range(100)} == {0, 1, 2}


@pytest.mark.parametrize("seed", [None, 1.5, "abc", (0.5,), {1}])
def test_a_seed_that_is_no_number_and_no_sequence_of_them_is_refused(seed: Any) -> None:
    with pytest.raises(SettingsError, match=r"^seed takes a whole number, or a sequence of them"):
        VirtualTime(seed)
