from sys import float_info
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rnd_actors.errors import SettingsError
from rnd_actors.planning import PlanSettings, WorkerProfile
from rnd_actors.planning._run import planned_run
from rnd_actors.scaling import (
    DeadlineLost,
    DeadlinePolicy,
    Decision,
    FixedPolicy,
    Measured,
    RunView,
    WorkerFigures,
    WorkerView,
)
from tests.scaling.views import FIRST_S, starting, stream, view


def started(policy: DeadlinePolicy, now: float, *workers: WorkerView, **others: Any) -> int:
    return len(workers) + policy.decide(view(now, *workers, **others)).start


def streams(number: int, seconds: float, gap: float = 1.0) -> list[WorkerView]:
    return [stream(n, seconds, gap) for n in range(1, number + 1)]


def test_a_fixed_number_starts_at_once_and_stays() -> None:
    assert FixedPolicy().decide(view(0.0)) == Decision(start=16)
    assert FixedPolicy().decide(view(5.1, *streams(16, 5.0))) == Decision()


@pytest.mark.parametrize(("deadline", "workers"), [(10.0, 16), (20.0, 8), (40.0, 4), (150.0, 2)])
def test_as_many_start_as_the_deadline_needs_by_the_contract(deadline: float, workers: int) -> None:
    assert started(DeadlinePolicy(), 0.0, deadline_s=deadline) == workers


@pytest.mark.parametrize("policy", [FixedPolicy, DeadlinePolicy])
@pytest.mark.parametrize("deadline", [5e-324, 20.0, float_info.max])
@pytest.mark.parametrize("startup", [0.0, 1e-12, 1e12])
@pytest.mark.parametrize("mtbf", [None, 1e-12, 1e12])
@pytest.mark.parametrize("rate", [1e-12, 1e12])
def test_no_figure_is_too_large_or_small_to_be_reckoned_with(
    rate: float, mtbf: float | None, startup: float, deadline: float, policy: Any
) -> None:
    told = policy(known=WorkerFigures(rate=rate, mtbf=mtbf, startup=startup), replace_slow=True)
    for run in view(0.0), view(5.1, *streams(3, 5.0), starting(4, 0.5)):
        assert isinstance(told.decide(evolve(run, deadline_s=deadline)), Decision)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"rate": 1e300}, "rate takes a number a second from 1e-12 to 1e+12; got 1e+300"),
        ({"rate": 0}, "rate takes a number a second from 1e-12 to 1e+12; got 0"),
        ({"mtbf": 5e-324}, "mtbf takes seconds from 1e-12 to 1e+12; got 5e-324"),
        ({"startup": 1e200}, "startup takes seconds from 1e-12 to 1e+12, or 0; got 1e+200"),
    ],
)
def test_figures_are_those_of_possible_workers(figures: dict[str, float], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        WorkerFigures(**figures)
    assert str(caught.value) == told


def test_what_is_known_of_the_workers_counts_from_the_beginning() -> None:
    assert started(DeadlinePolicy(known=WorkerFigures(rate=2.0)), 0.0) == 4
    assert started(DeadlinePolicy(known=WorkerFigures(startup=5.0)), 0.0) > 10
    assert started(DeadlinePolicy(known=WorkerFigures(startup=2.0, mtbf=5.0)), 0.0) > 10


def test_who_wants_to_be_surer_needs_more() -> None:
    known = WorkerFigures(startup=0.1)
    sure = [
        started(DeadlinePolicy(confidence=p, known=known), 0.0, goal=160) for p in (0.5, 0.9999)
    ]
    assert sure == [8, 9]


@pytest.mark.parametrize(("deadline", "workers"), [(12.0, 16), (18.0, 16), (20.0, 8)])
def test_all_start_at_once_if_the_deadline_needs_them_should_a_start_take_long(
    deadline: float, workers: int
) -> None:
    assert started(DeadlinePolicy(), 0.0, deadline_s=deadline) == workers


def test_the_fewer_there_may_be_the_sooner_a_deadline_needs_them_all() -> None:
    numbers = [started(DeadlinePolicy(), 0.0, most=most) for most in (12, 14, 16, 18)]
    assert numbers == [12, 14, 8, 8]


def test_who_knows_how_long_a_start_takes_holds_workers_back_also_for_a_near_deadline() -> None:
    told = DeadlinePolicy(known=WorkerFigures(startup=0.1))
    assert started(told, 0.0, deadline_s=12.0) == 13
    less_sure = DeadlinePolicy(confidence=0.9)
    assert started(less_sure, 0.0, deadline_s=12.0) == 13
    seen = Measured(first_samples=8, starting_s=0.8)  # in an earlier session
    assert started(DeadlinePolicy(), 0.0, deadline_s=12.0, measured=seen) == 13


def test_workers_that_do_what_they_should_get_no_company() -> None:
    for seconds in range(1, 20):
        assert started(DeadlinePolicy(), FIRST_S + seconds, *streams(8, seconds)) == 8


def test_one_is_added_as_soon_as_they_fall_short() -> None:
    assert started(DeadlinePolicy(), 5.1, *streams(8, 5.0, gap=1.25)) > 9


def test_more_are_added_the_longer_the_first_sample_is_overdue() -> None:
    starts = [starting(n) for n in range(1, 9)]
    numbers = [started(DeadlinePolicy(), now, *starts) for now in (0.04, 1.0, 2.0, 3.0)]
    assert numbers == sorted(set(numbers))


def test_crashes_that_cost_much_want_more_workers() -> None:
    measured = Measured(
        first_samples=20, starting_s=60.0, crashes=10, streamed_s=40.0, paced=40, paced_s=40.0
    )
    crashes = {"measured": measured, "samples": 60}
    assert started(DeadlinePolicy(), 8.1, *streams(10, 8.0), samples=60) == 10
    assert started(DeadlinePolicy(), 8.1, *streams(10, 8.0), **crashes) > 10


def test_those_that_are_up_stay_though_fewer_would_do() -> None:
    assert DeadlinePolicy().decide(view(5.1, *streams(16, 5.0))) == Decision()


def test_there_are_never_fewer_nor_more_than_allowed() -> None:
    assert started(DeadlinePolicy(), 0.0, goal=1, least=4) == 4
    assert started(DeadlinePolicy(), 0.0, goal=100_000, most=12) == 12


@pytest.mark.parametrize("missing", ["goal", "deadline_s"])
def test_without_a_goal_or_a_deadline_all_start(missing: str) -> None:
    assert started(DeadlinePolicy(), 0.0, **{missing: None}) == 16


def test_a_deadline_is_called_lost_the_second_time_in_a_row_and_once() -> None:
    policy, run = DeadlinePolicy(replace_slow=False), streams(16, 11.0)
    lost = [policy.decide(view(now, *run, samples=0)).lost for now in (11.15, 11.3, 11.45)]
    assert lost[0] is lost[2] is None
    assert isinstance(lost[1], DeadlineLost)
    assert lost[1].expected + lost[1].missing == 150
    assert 130 < lost[1].expected < 150
    assert str(lost[1]) == (
        f"the deadline is lost: {lost[1].expected} samples by then, {lost[1].missing} missing"
    )


def test_a_deadline_that_was_only_once_in_danger_is_not_lost() -> None:
    policy = DeadlinePolicy(replace_slow=False)
    for samples in (0, 100, 0, 100):
        assert policy.decide(view(11.3, *streams(16, 11.0), samples=samples)).lost is None


def test_what_was_known_before_the_run_does_not_make_it_lost() -> None:
    policy = DeadlinePolicy(known=WorkerFigures(rate=0.01))
    fresh = [starting(n) for n in range(1, 17)]
    for run in (fresh, fresh, streams(16, 0.3, gap=0.1), streams(16, 0.4, gap=0.1)):
        assert policy.decide(view(0.55, *run, deadline_s=1.5)).lost is None


def test_a_deadline_that_more_workers_can_keep_is_not_lost() -> None:
    policy = DeadlinePolicy()
    for _ in range(3):
        assert policy.decide(view(5.1, *streams(2, 5.0))).lost is None


def test_samples_that_come_just_in_time_are_reckoned_with() -> None:
    policy = DeadlinePolicy()
    for _ in range(3):  # each worker will send at 19.1 and at 20.1
        run = view(19.05, *streams(16, 18.0), deadline_s=20.12, samples=118)
        assert policy.decide(run).lost is None


def test_a_sample_that_is_due_at_the_deadline_is_not_lost() -> None:
    policy = DeadlinePolicy(known=WorkerFigures(rate=0.9), replace_slow=False)
    for _ in range(3):
        run = view(19.3, *streams(16, 19.0), deadline_s=20.1, samples=134)
        assert policy.decide(run).lost is None


def test_as_long_as_the_first_sample_may_come_now_a_start_is_not_lost() -> None:
    policy = DeadlinePolicy()
    for _ in range(3):
        assert policy.decide(view(9.0, *[starting(n) for n in range(1, 17)])).lost is None


@pytest.mark.parametrize("kind", [FixedPolicy, DeadlinePolicy])
def test_as_long_as_overdue_starts_may_be_over_now_no_deadline_is_lost_by_them(
    kind: type[FixedPolicy | DeadlinePolicy],
) -> None:
    policy = kind()
    for now in (0.75, 0.85):
        assert policy.decide(partly_up(now)).lost is None
    policy.decide(partly_up(1.35))
    lost = policy.decide(partly_up(1.45)).lost
    assert lost is not None
    assert lost.expected == pytest.approx(4 * 20 + 12 * 6, abs=12)


@pytest.mark.parametrize("kind", [FixedPolicy, DeadlinePolicy])
def test_a_deadline_is_not_lost_by_a_machine_that_stood_still(
    kind: type[FixedPolicy | DeadlinePolicy],
) -> None:
    """16 workers sent a sample a second for 3 s and nothing for 5 s, and go on as before."""
    policy = kind()
    for now, paced in ((7.9, 3), (8.2, 3), (8.5, 4), (9.5, 5)):
        run = [
            evolve(each, paced=paced, arrivals=paced, last_s=last_s, squares=squares)
            for each in streams(16, 3.0)
            for last_s, squares in [(now - 0.4, paced + 24.0) if paced > 3 else (3.1, 3.0)]
        ]
        assert policy.decide(view(now, *run, deadline_s=25.0, goal=300)).lost is None


@pytest.mark.parametrize("kind", [FixedPolicy, DeadlinePolicy])
def test_a_deadline_is_not_lost_by_streams_of_very_different_rates(
    kind: type[FixedPolicy | DeadlinePolicy],
) -> None:
    policy, run = kind(replace_slow=False), [stream(1, 12.0, gap=0.25), stream(2, 12.0)]
    for now in (12.15, 12.3):  # the next incarnation of the slow one may be like the other
        assert policy.decide(view(now, *run, deadline_s=40.0, goal=220, most=2)).lost is None


@pytest.mark.parametrize("kind", [FixedPolicy, DeadlinePolicy])
def test_a_deadline_is_not_lost_by_incarnations_that_are_over(
    kind: type[FixedPolicy | DeadlinePolicy],
) -> None:
    policy, run = kind(), streams(16, 2.0)
    seen = Measured(
        first_samples=56, starting_s=5.6, crashes=40, streamed_s=192.0, paced=64, paced_s=192.0
    )
    for now in (12.15, 12.3):
        late = [
            evolve(each, started_s=now - 2.15, first_s=now - 2.05, last_s=now - 0.05)
            for each in run
        ]
        assert policy.decide(view(now, *late, goal=210, samples=96, measured=seen)).lost is None


@pytest.mark.parametrize(
    ("workers", "samples", "deadline", "profile"),
    [
        (4, 372, 10.0, WorkerProfile(rate=10.0, irregular=True)),
        (2, 64, 40.0, WorkerProfile(mtbf=5.0, slow_share=0.2)),
    ],
    ids=["irregular", "slow"],
)
def test_a_deadline_is_hardly_ever_kept_that_was_said_to_be_lost(
    workers: int, samples: int, deadline: float, profile: WorkerProfile
) -> None:
    plan = PlanSettings(samples=samples, deadline=deadline, workers=workers, profile=profile)
    runs = [planned_run(plan, FixedPolicy(replace_slow=True), n, deadline) for n in range(150)]
    kept = [run for run in runs if run.elapsed_s <= deadline]
    assert len(kept) > 130
    assert not [run for run in kept if run.lost_at_s is not None]


def partly_up(now: float) -> RunView:
    """Of 16 workers with 10 samples a second, 4 have needed 0.5 s; the others are overdue."""
    up = [evolve(each, started_s=-0.4) for each in streams(4, now - FIRST_S, gap=0.1)]
    late = [starting(n, -0.4) for n in range(5, 17)]
    return view(now, *up, *late, deadline_s=2.0, goal=200)


@pytest.mark.parametrize(
    "settings",
    [{"confidence": 0.4}, {"confidence": 1.0}, {"replace_slow": 1}, {"known": {"rate": 1.0}}],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"^{next(iter(settings))} takes "):
        DeadlinePolicy(**settings)


seconds = st.integers(0, 10**12).map(lambda microseconds: microseconds / 1e6)
counts = st.integers(0, 10**6)


@st.composite
def workers(draw: st.DrawFn, id_: int, now: float) -> WorkerView:
    started_s, first_s, last_s = sorted(round(now * draw(st.floats(0, 1)), 6) for _ in range(3))
    if draw(st.booleans()):
        return starting(id_, started_s)
    paced = draw(counts)
    arrivals = draw(st.integers(1, paced)) if paced else 0
    squares = (last_s - first_s) ** 2 / max(1, paced) * draw(st.floats(1, 10))
    return WorkerView(
        id=id_,
        started_s=started_s,
        first_s=first_s,
        last_s=last_s if paced else first_s,
        paced=paced,
        arrivals=arrivals,
        squares=squares,
    )


@st.composite
def views(draw: st.DrawFn) -> RunView:
    now = draw(seconds)
    present = [draw(workers(n, now)) for n in range(1, draw(st.integers(0, 6)) + 1)]
    measured = Measured(
        first_samples=draw(counts),
        starting_s=draw(seconds),
        crashes=draw(counts),
        streamed_s=draw(seconds),
        paced=draw(counts),
        paced_s=draw(seconds),
    )
    return view(
        now,
        *present,
        deadline_s=draw(st.none() | st.floats(1e-3, 1e6)),
        goal=draw(st.none() | st.integers(1, 10**9)),
        samples=draw(counts),
        most=draw(st.integers(6, 50)),
        measured=measured,
    )


@pytest.mark.parametrize("kind", [FixedPolicy, DeadlinePolicy])
@given(run=views())
def test_any_view_has_a_decision_that_can_be_carried_out(
    kind: type[FixedPolicy | DeadlinePolicy], run: RunView
) -> None:
    policy = kind(replace_slow=True)
    for _ in range(2):
        decision = policy.decide(run)
        assert 0 <= decision.start <= run.most - len(run.workers)
        assert set(decision.replace) <= {worker.id for worker in run.workers}
        assert len(set(decision.replace)) == len(decision.replace)
        assert decision.lost is None or decision.lost.missing >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", float("nan")),
        ("start", 2.5),
        ("start", None),
        ("replace", None),
        ("replace", "1"),
        ("replace", (1, 1)),
        ("lost", "yes"),
    ],
)
def test_a_decision_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"^{name} takes "):
        Decision(**{name: value})
