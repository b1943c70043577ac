"""Strategies for hypothesis, which is needed to import this module."""

from hypothesis import strategies as st

__all__ = ["schedules"]

_MOST_CHOICES = 200
"""After so many choices it is always the oldest callback that runs."""
_WIDEST_CHOICE = 8
"""Of more callbacks that could run at once, those after the eighth are not the next."""


def schedules() -> st.SearchStrategy[tuple[int, ...]]:
    """Return a strategy whose examples are schedules, which `simulate` takes as seeds.

    A failure shrinks to the schedule that is nearest to gevent's own: with the fewest and smallest
    choices that are not 0.

    Example:
        >>> from hypothesis import given
        >>> from rnd_actors.simulation import simulate
        >>> from rnd_actors.testing.strategies import schedules
        >>> @given(schedules())
        ... def test_the_system_can_be_left(schedule):
        ...     simulate(lambda system: None, schedule)
        >>> test_the_system_can_be_left()
    """
    choices = st.integers(min_value=0, max_value=_WIDEST_CHOICE - 1)
    return st.lists(choices, max_size=_MOST_CHOICES).map(tuple)
