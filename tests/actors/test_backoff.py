"""Backoff: how long to wait before a restart."""

import math
import time
from types import SimpleNamespace
from typing import Any, TypeGuard

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.actors._children import Child
from rnd_actors.errors import SettingsError
from rnd_actors.events import ActorStarted, ChildRestarting, Event
from rnd_actors.simulation import explore
from rnd_actors.supervision import Backoff, ChildSpec, RestartIntensity, Supervisor
from tests.actors.toys import Do, Puppet, Record, crash, found, let_pass, puppet, supervise
from tests.actors.toys_supervision import up

SECONDS = st.floats(0.001, 1_000.0)
FAILURES = st.integers(1, 5_000)


def backoffs(jitter: st.SearchStrategy[float]) -> st.SearchStrategy[Backoff]:
    return st.builds(
        lambda one, other, factor, jitter: Backoff(
            min(one, other), max(one, other), factor, jitter
        ),
        SECONDS,
        SECONDS,
        st.floats(1.0, 10.0),
        jitter,
    )


def test_delays_grow_by_the_factor_up_to_the_maximum() -> None:
    backoff = Backoff(initial=1.0, maximum=10.0, factor=3.0, jitter=0.0)
    assert [backoff.delay(failures) for failures in range(1, 7)] == [0, 1, 3, 9, 10, 10]


def test_a_factor_of_one_keeps_the_delay_constant() -> None:
    backoff = Backoff(initial=2.0, maximum=10.0, factor=1.0, jitter=0.0)
    assert {backoff.delay(failures) for failures in range(2, 100)} == {2.0}


@given(backoff=backoffs(jitter=st.floats(0.0, 1.0)), failures=FAILURES)
@settings(deadline=None, database=None)
def test_a_delay_is_zero_or_within_its_bounds(backoff: Backoff, failures: int) -> None:
    delay = backoff.delay(failures)
    if failures == 1:
        assert delay == 0.0
    else:
        assert backoff.initial <= delay <= backoff.maximum * (1 + backoff.jitter)


@given(backoff=backoffs(jitter=st.just(0.0)), failures=FAILURES)
@settings(deadline=None, database=None)
def test_without_jitter_a_delay_is_never_shorter_than_the_one_before(
    backoff: Backoff, failures: int
) -> None:
    assert backoff.delay(failures) <= backoff.delay(failures + 1)


@given(backoff=backoffs(jitter=st.floats(0.1, 1.0)))
@settings(deadline=None, database=None)
def test_jitter_makes_delays_differ(backoff: Backoff) -> None:
    assert len({backoff.delay(2) for _ in range(20)}) > 1


@pytest.mark.parametrize("factor", [1e300, 10**300])
def test_a_delay_too_large_to_be_a_number_is_the_maximum(factor: float) -> None:
    assert Backoff(0.1, 5.0, factor, jitter=0.0).delay(1_000_000) == 5.0


@pytest.mark.parametrize(
    ("initial", "maximum"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (1.0, math.nan)]
)
def test_initial_and_maximum_must_be_in_order(initial: float, maximum: float) -> None:
    with pytest.raises(SettingsError, match=r"Backoff.initial takes 0 < initial <= maximum"):
        Backoff(initial, maximum)


@pytest.mark.parametrize("wrong", [{"factor": 0.9}, {"jitter": -0.1}, {"jitter": 1.1}])
def test_factor_and_jitter_have_limits(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Backoff(**wrong)


def test_a_backoff_of_the_defaults_is_within_a_tenth_of_a_second_and_six() -> None:
    delays = [Backoff().delay(failures) for failures in range(2, 50)]
    assert 0.1 <= min(delays) <= max(delays) <= 6.0


def test_in_every_schedule_a_restart_comes_when_its_backoff_is_over_and_not_earlier() -> None:
    backoff = Backoff(initial=1.0, maximum=10.0, factor=3.0, jitter=0.5)

    def crash_again_and_again(system: ActorSystem) -> float:
        events: list[tuple[float, Event]] = []

        def crash_later(puppet: Puppet) -> None:
            puppet.after(2.0, Do(crash))

        system.events.subscribe(lambda event: events.append((time.monotonic(), event)))
        supervise(system, [puppet(name, at_start=crash_later) for name in "ab"], backoff=backoff)
        let_pass(30.0)
        longest = 0.0
        for name in ("team/a", "team/b"):
            started = [now for now, event in events if is_start_of(event, name)]
            waits = [(now, event.delay_s) for now, event in events if is_wait_of(event, name)]
            assert started == [0.0, *(now + delay for now, delay in waits)][: len(started)]
            assert len(started) >= len(waits) >= 4
            assert waits[0] == (2.0, 0.0)
            for (_, delay), least in zip(waits[1:], (1.0, 3.0, 9.0, 10.0, 10.0), strict=False):
                assert least <= delay <= 1.5 * least
                longest = max(longest, delay)
        return longest

    longest = {run.result for run in explore(crash_again_and_again, range(200))}
    assert len(longest) == 200, "jitter is random"


def is_start_of(event: Event, name: str) -> bool:
    return isinstance(event, ActorStarted) and event.actor == name


def is_wait_of(event: Event, name: str) -> TypeGuard[ChildRestarting]:
    return isinstance(event, ChildRestarting) and event.child == name


class BackoffGrowsUntilHealth(RuleBasedStateMachine):
    """A child fails again and again, sometimes after a sign of health; the model only counts."""

    @initialize(
        initial=st.floats(0.001, 1.0),
        growth=st.floats(1.0, 100.0),
        factor=st.floats(1.0, 10.0),
        jitter=st.floats(0.0, 1.0),
    )
    def begin(self, initial: float, growth: float, factor: float, jitter: float) -> None:
        self.backoff = Backoff(initial, initial * growth, factor, jitter)
        cell: Any = SimpleNamespace(healthy=False)
        self.child = Child(cell, ChildSpec("child", Actor), is_kept=True)
        self.barren_in_a_row = 0

    @rule()
    def fails_without_health(self) -> None:
        self.barren_in_a_row += 1
        self._fail(healthy=False)

    @rule()
    def fails_after_health(self) -> None:
        self.barren_in_a_row = 0
        self._fail(healthy=True)

    def _fail(self, *, healthy: bool) -> None:
        self.child.cell.healthy = healthy
        self.child.note_failure(quiet_s=60.0)
        backoff, delay = self.backoff, self.backoff.delay(self.child.failures)
        if self.barren_in_a_row < 2:
            assert delay == 0
        else:
            steps = self.barren_in_a_row - 2
            least = min(backoff.initial * backoff.factor**steps, backoff.maximum)
            assert least <= delay <= least * (1 + backoff.jitter)
            assert backoff.initial <= delay <= backoff.maximum * (1 + backoff.jitter)


BackoffGrowsUntilHealth.TestCase.settings = settings(
    deadline=None, database=None, max_examples=50, stateful_step_count=30
)
TestBackoffGrowsUntilHealth = BackoffGrowsUntilHealth.TestCase


@pytest.mark.parametrize(("within", "quiet"), [(5.0, 10.0), (20.0, 20.0)])
@pytest.mark.parametrize("forgets", [True, False])
def test_a_backoff_forgets_failures_after_a_quiet_time(
    system: ActorSystem,
    events: Record,
    within: float,
    quiet: float,
    forgets: bool,  # noqa: FBT001
) -> None:
    backoff, intensity = (
        Backoff(initial=0.5, maximum=5.0, jitter=0.0),
        RestartIntensity(100, within),
    )
    diary = Record()
    children = [puppet("a", diary)]
    system.start(
        ChildSpec("team", lambda: Supervisor(children, backoff=backoff, intensity=intensity))
    )
    for number in range(1, 5):
        up(diary, "team/a", number)
        let_pass(quiet + 0.25 * forgets)
        found(system, "team/a").tell(Do(crash))
    up(diary, "team/a", 5)
    delays = [event.delay_s for event in events.all(ChildRestarting)]
    assert delays == ([0.0] * 4 if forgets else [0.0, 0.5, 1.0, 2.0])
