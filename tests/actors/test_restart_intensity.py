"""The restart intensity: how many restarts are too many."""

import random
import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rnd_actors.actors import ActorSystem, Crashed
from rnd_actors.actors._policy import RestartWindow
from rnd_actors.errors import RestartIntensityError
from rnd_actors.events import ChildRestarting, Event, RestartIntensityReached
from rnd_actors.simulation import explore
from rnd_actors.supervision import Backoff, ChildSpec, Restart, RestartIntensity, Supervisor
from tests.actors.toys import Do, Puppet, Record, crash, found, puppet
from tests.actors.toys_supervision import team, up


def test_the_restart_intensity_is_spent_after_its_restarts() -> None:
    window = RestartWindow(RestartIntensity(max_restarts=2, within=10.0))
    assert [window.spend(now) for now in (0.0, 1.0, 2.0, 3.0)] == [True, True, False, False]


def test_a_restart_counts_until_the_window_has_passed_it() -> None:
    window = RestartWindow(RestartIntensity(max_restarts=1, within=10.0))
    assert [window.spend(now) for now in (0.0, 9.9, 10.0, 19.9, 20.0)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_each_restart_leaves_the_window_on_its_own() -> None:
    window = RestartWindow(RestartIntensity(max_restarts=2, within=10.0))
    assert [window.spend(now) for now in (0.0, 6.0, 11.0, 12.0)] == [True, True, True, False]


def test_what_was_refused_does_not_count() -> None:
    window = RestartWindow(RestartIntensity(max_restarts=1, within=10.0))
    for now in (0.0, 5.0, 9.0):
        window.spend(now)
    assert window.spend(10.0)


def test_a_restart_intensity_of_no_restarts_is_spent_from_the_start() -> None:
    window = RestartWindow(RestartIntensity(max_restarts=0, within=10.0))
    assert not window.spend(0.0)
    assert not window.spend(100.0)


def test_a_restart_intensity_says_itself_in_words() -> None:
    assert str(RestartIntensity(max_restarts=3, within=0.5)) == "3 restarts within 0.5 s"


def test_the_default_is_that_of_elixir() -> None:
    assert RestartIntensity() == RestartIntensity(max_restarts=3, within=5.0)


@pytest.mark.parametrize("wrong", [{"max_restarts": -1}, {"within": 0.0}, {"within": -1.0}])
def test_a_restart_intensity_has_limits(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RestartIntensity(**wrong)  # type: ignore[arg-type]


OWN, TOTAL = RestartIntensity(2, within=4.0), RestartIntensity(4, within=3.0)


def test_in_every_schedule_a_supervisor_fails_at_the_first_restart_beyond_a_restart_intensity() -> (
    None
):
    def crash_until_the_team_fails(system: ActorSystem) -> RestartIntensity:
        events: list[tuple[float, Event]] = []

        def crash_some_time(puppet: Puppet) -> None:
            puppet.after(random.randrange(24) / 4, Do(crash))

        system.events.subscribe(lambda event: events.append((time.monotonic(), event)))
        children = [puppet(name, at_start=crash_some_time) for name in "abc"]
        backoff = Backoff(initial=0.5, maximum=0.5, jitter=0.0)
        boss = team(system, children, intensity=OWN, total_intensity=TOTAL, backoff=backoff)
        reason = boss.join()
        assert isinstance(reason, Crashed)
        assert isinstance(reason.error, RestartIntensityError)
        return exceeded_intensity(events)

    assert {run.result for run in explore(crash_until_the_team_fails, range(200))} == {OWN, TOTAL}


def exceeded_intensity(events: list[tuple[float, Event]]) -> RestartIntensity:
    """Return the intensity for which a child was given up; no restart may have been beyond one."""
    restarts: list[tuple[float, str]] = []

    def counting(child: str, intensity: RestartIntensity, now: float) -> int:
        family = child if intensity is OWN else "team/"
        return sum(then > now - intensity.within for then, name in restarts if family in name)

    abandoned = []
    for now, event in events:
        if isinstance(event, ChildRestarting):
            restarts.append((now, event.child))
            for intensity in (OWN, TOTAL):
                assert counting(event.child, intensity, now) <= (intensity.max_restarts or 0)
        elif isinstance(event, RestartIntensityReached):
            abandoned.append(event.intensity)
            assert counting(event.child, event.intensity, now) == event.intensity.max_restarts
    (spent,) = abandoned
    return spent


class RestartWindowIsLikeAList(RuleBasedStateMachine):
    """A naive model: all granted restarts, each of which counts for `within` seconds.

    Times are multiples of 1/8, so that floats are exact.
    """

    @initialize(max_restarts=st.integers(0, 4), within=st.integers(8, 24))
    def begin(self, max_restarts: int, within: int) -> None:
        self.intensity = RestartIntensity(max_restarts, within / 8)
        self.window = RestartWindow(self.intensity)
        self.now = 0.0
        self.granted: list[float] = []

    @rule(eighths=st.integers(0, 12))
    def spend_later(self, eighths: int) -> None:
        self.now += eighths / 8
        counting = [then for then in self.granted if then > self.now - self.intensity.within]
        granted = self.window.spend(self.now)
        assert granted == (len(counting) < (self.intensity.max_restarts or 0))
        if granted:
            self.granted.append(self.now)

    @invariant()
    def no_window_holds_more_than_the_restart_intensity(self) -> None:
        for begin in self.granted:
            inside = [
                then for then in self.granted if begin <= then < begin + self.intensity.within
            ]
            assert len(inside) <= (self.intensity.max_restarts or 0)


RestartWindowIsLikeAList.TestCase.settings = settings(
    deadline=None, database=None, max_examples=50, stateful_step_count=40
)
TestRestartWindow = RestartWindowIsLikeAList.TestCase


def test_a_total_restart_intensity_alone_is_the_only_limit(
    system: ActorSystem, diary: Record
) -> None:
    total = RestartIntensity(10, within=60.0)
    backoff = Backoff(initial=0.01, maximum=0.01)
    boss = system.start(
        ChildSpec(
            "team",
            lambda: Supervisor([puppet("a", diary)], total_intensity=total, backoff=backoff),
            restart=Restart.TEMPORARY,
        )
    )
    for number in range(1, 11):
        up(diary, "team/a", number)
        found(system, "team/a").tell(Do(crash))
    up(diary, "team/a", 11)
    assert boss.is_alive
    found(system, "team/a").tell(Do(crash))
    reason = boss.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
