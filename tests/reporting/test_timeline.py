import pytest

from rnd_actors.reporting import Activity, Lane, Stretch, draw_timeline, timeline
from rnd_actors.store import RunHistory, Session
from tests.reporting.histories import (
    BEGAN,
    a_run,
    history_of,
    life,
    on_two_hosts,
    sample,
    worker_result,
)

DIED_AND_RESUMED = (
    Session(number=1, started_at=BEGAN, elapsed_s=4.0),
    Session(number=2, started_at=BEGAN + 100.0, elapsed_s=6.0),
)
WORKERS = (worker_result(),)


def stretches(history: RunHistory) -> list[tuple[str, float, float]]:
    [lane] = timeline(history).lanes
    return [
        (stretch.activity.name.lower(), stretch.begin_s, stretch.end_s)
        for stretch in lane.stretches
    ]


def test_an_incarnation_starts_and_then_streams_until_it_crashes() -> None:
    lives = (life(1, 0.0, 0.5, 3.0, failure="killed"), life(2, 4.0, 4.25, 10.0))
    history = history_of((), lives, workers=WORKERS)
    assert stretches(history) == [
        ("starting", 0.0, 0.5),
        ("streaming", 0.5, 3.0),
        ("starting", 4.0, 4.25),
        ("streaming", 4.25, 10.0),
    ]
    [lane] = timeline(history).lanes
    assert (lane.crashes, lane.streaming_s) == ((3.0,), 8.25)


def test_an_incarnation_that_never_answers_only_starts() -> None:
    history = history_of((), (life(1, 0.0, None, 2.0, failure="killed"),), workers=WORKERS)
    assert stretches(history) == [("starting", 0.0, 2.0)]


def test_a_complete_run_ends_with_its_last_sample() -> None:
    lives = (life(1, 0.0, 0.5, 12.0), life(1, 0.0, 0.5, 11.0, failure="killed", worker=2))
    both = timeline(history_of((), lives, workers=WORKERS))
    assert both.end_s == 10.0
    assert [lane.stretches[-1].end_s for lane in both.lanes] == [10.0, 10.0]
    assert both.lanes[1].crashes == ()


def test_a_run_that_is_not_complete_ends_when_the_last_thing_happened() -> None:
    lives = (life(1, 0.0, None, 12.0, failure="killed"), life(2, 12.5, None, None))
    history = history_of((sample(0, 0.7),), lives, workers=WORKERS, state="running")
    assert timeline(history).end_s == 12.5


@pytest.mark.parametrize("ended", [None, 103.0], ids=["not known", "noted too late"])
def test_no_incarnation_outlives_its_session(ended: float | None) -> None:
    lives = (life(1, 0.0, 0.5, ended), life(2, 101.0, 101.5, 106.0))
    history = history_of((), lives, sessions=DIED_AND_RESUMED, workers=WORKERS)
    assert stretches(history) == [
        ("starting", 0.0, 0.5),
        ("streaming", 0.5, 4.0),
        ("starting", 5.0, 5.5),
        ("streaming", 5.5, 10.0),
    ]
    assert timeline(history).breaks == (4.0,)


def test_what_begins_after_the_last_sample_of_a_session_takes_no_time_of_the_run() -> None:
    lives = (life(1, 0.0, 0.5, 3.0), life(2, 57.0, 57.5, 59.0), life(3, 100.0, 100.5, 106.0))
    history = history_of((), lives, sessions=DIED_AND_RESUMED, workers=WORKERS, state="interrupted")
    assert timeline(history).end_s == 10.0
    assert stretches(history)[1:] == [
        ("streaming", 0.5, 3.0),
        ("starting", 4.0, 4.5),
        ("streaming", 4.5, 10.0),
    ]


def test_an_incarnation_that_is_alive_streams_until_the_end() -> None:
    lives = (life(1, 0.0, 0.5, None),)
    history = history_of((sample(0, 8.0),), lives, workers=WORKERS, state="running")
    assert stretches(history)[-1] == ("streaming", 0.5, 8.0)


def test_what_happens_in_a_cell_is_a_crash_before_streaming_before_starting() -> None:
    lane = Lane(
        worker=1,
        stretches=(
            Stretch(Activity.STARTING, 0.0, 1.5),
            Stretch(Activity.STREAMING, 1.5, 4.0),
            Stretch(Activity.STARTING, 6.0, 6.1),
        ),
        crashes=(4.0,),
    )
    assert "".join(cell.value for cell in lane.cells(8.0, 8)) == "░███X·░·"


def test_a_lane_without_time_has_nothing_in_its_cells() -> None:
    lane = Lane(1, (Stretch(Activity.STREAMING, 0.0, 0.0),), crashes=())
    assert lane.cells(0.0, 3) == (Activity.DOWN,) * 3


@pytest.mark.parametrize("width", [1, 40, 200])
def test_a_drawn_timeline_is_as_wide_as_it_may_be(width: int) -> None:
    rows = list(draw_timeline(timeline(a_run()), width))
    assert [label for label, _ in rows] == [f"{worker:2} " for worker in range(1, 17)]
    assert {len(cells) for _, cells in rows} == {max(1, width - 3)}


def test_lanes_are_grouped_by_the_host_that_each_worker_was_on_last() -> None:
    lanes = timeline(on_two_hosts(a_run())).lanes
    assert [lane.worker for lane in lanes] == [*range(1, 17, 2), *range(4, 17, 2), 2]
    assert [lane.worker for lane in timeline(a_run()).lanes] == [*range(1, 17)]
