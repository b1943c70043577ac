import pytest

from rnd_actors.actors import Crashed, Killed, Stopped
from rnd_actors.collectors import (
    DeadlineChanged,
    GoalChanged,
    RunScaled,
    SamplesAccepted,
    WorkerDrained,
)
from rnd_actors.errors import WorkerExitedError
from rnd_actors.events import (
    ActorFailed,
    ActorStarted,
    ActorStopped,
    ChildRestarting,
    Event,
    RestartIntensityReached,
)
from rnd_actors.running import Progress, WorkerRow, WorkerState
from rnd_actors.supervision import RestartIntensity
from rnd_actors.workers import MalformedLine, WorkerSpawned, WorkerStreaming


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(goal=10, workers=2, clock=clock)


def samples(worker: int, total: int, accepted: int = 1) -> SamplesAccepted:
    return SamplesAccepted(worker, accepted, 10 * total, total, total / 10)


def test_a_worker_has_a_row_before_anything_happens(progress: Progress) -> None:
    assert progress.workers == {1: WorkerRow(), 2: WorkerRow()}


def test_a_row_shows_process_samples_and_restarts(progress: Progress) -> None:
    progress(WorkerSpawned(2, 3, pid=77, port=3002))
    progress(WorkerStreaming(2, 3))
    progress(samples(2, total=1))
    progress(samples(2, total=4, accepted=3))
    assert progress.workers[2] == WorkerRow(
        WorkerState.STREAMING, port=3002, pid=77, samples=4, restarts=2, last_value=40
    )


def test_workers_on_hosts_are_listed_host_by_host(progress: Progress) -> None:
    assert [worker for worker, _ in progress.by_host] == [1, 2]
    progress(WorkerSpawned(1, 1, pid=1, port=3001, host="10.0.0.2"))
    progress(WorkerSpawned(2, 1, pid=2, port=3002, host="10.0.0.1"))
    assert [(worker, row.host) for worker, row in progress.by_host] == [
        (2, "10.0.0.1"),
        (1, "10.0.0.2"),
    ]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (WorkerSpawned(1, 1, pid=7, port=3001), "starting"),
        (WorkerStreaming(1, 1), "streaming"),
        (ActorFailed("workers/1", 1, Killed()), "crashed"),
        (ChildRestarting("workers/1", 0.5), "restarting"),
        (RestartIntensityReached("workers/1", RestartIntensity(), Killed()), "given up"),
        (ActorStopped("workers/1", 1, Stopped()), "stopped"),
        (ActorStopped("collector", 1, Stopped()), "waiting"),
        (ActorStarted("workers/1", 1), "waiting"),
    ],
)
def test_a_row_shows_what_its_worker_is_doing(progress: Progress, event: Event, state: str) -> None:
    progress(event)
    assert progress.workers[1].state.value == state
    assert progress.workers[2].state.value == "waiting"


def test_rate_and_time_left_leave_out_the_first_sample_of_each_worker(
    progress: Progress, clock: Clock
) -> None:
    progress(WorkerSpawned(1, 1, pid=7, port=3001))
    clock.now += 0.5
    progress(samples(1, total=1))
    progress(samples(2, total=2))
    assert progress.report().rate_per_s is None
    clock.now += 1.0
    progress(samples(1, total=3))
    progress(samples(2, total=4))
    clock.now += 0.25
    report = progress.report()
    assert (report.elapsed_s, report.rate_per_s, report.left_s) == (1.75, 2.0, 3.0)


def test_a_report_is_a_line_of_what_there_is_to_say(progress: Progress, clock: Clock) -> None:
    assert str(progress.report()) == "0 of 10 samples, no worker yet"
    progress(WorkerSpawned(1, 2, pid=7, port=3001))
    progress(samples(1, total=1))
    clock.now += 2.0
    progress(samples(1, total=5, accepted=4))
    progress(MalformedLine(1, 2, b"oops"))
    progress(ActorFailed("workers/1", 2, Crashed(WorkerExitedError("gone\nfor \x1bgood"))))
    assert str(progress.report()) == (
        "5 of 10 samples in 2.0 s, 2.0/s (ideal 4.0/s), done at 4.5 s, restarts: 1, "
        "warnings: 2, the last: "
        "gone for good"
    )


def test_one_clock_tells_now_the_end_and_the_deadline_and_how_late_it_will_be(clock: Clock) -> None:
    progress = Progress(goal=10, workers=1, deadline=8.0, clock=clock)
    assert str(progress.report()) == "0 of 10 samples, no worker yet, deadline 8 s"
    progress(WorkerSpawned(1, 1, pid=7, port=3001))
    for total in (1, 2, 3):
        progress(samples(1, total))
        clock.now += 1.0
    report = progress.report()
    assert report.clock == "now 3.0 s, done at 9.0 s, deadline 8 s (1.0 s late)"
    assert (report.left_s, report.late_s) == (7.0, 1.0)
    clock.now += 20.0
    assert progress.report().clock == "now 23.0 s, done at 23.0 s, deadline 8 s (15.0 s late)"


def test_the_ideal_rate_leaves_out_the_time_without_a_worker(clock: Clock) -> None:
    progress = Progress(goal=100, workers=3, clock=clock)
    total = 0
    for incarnation in (1, 2):
        progress(WorkerSpawned(1, incarnation, pid=7, port=3001))
        for _ in range(3):
            total += 1
            progress(samples(1, total))
            clock.now += 0.5
        clock.now += 10.0
    report = progress.report()
    assert report.ideal_rate_per_s == 3 * 2.0
    assert report.rate_per_s is not None
    assert report.rate_per_s < 0.5


def test_a_goal_that_is_no_number_is_foreseen_by_how_far_it_is(clock: Clock) -> None:
    progress = Progress(goal=None, workers=1, clock=clock)
    progress(WorkerSpawned(1, 1, pid=7, port=3001))
    for total in (1, 2, 3):
        progress(samples(1, total))
        clock.now += 1.0
    report = progress.report()
    assert (report.count, report.progress) == ("3", 0.3)
    assert report.left_s == pytest.approx(7.0)
    assert report.finish_s == pytest.approx(9.0)


def test_what_came_before_a_break_is_no_pace(clock: Clock) -> None:
    progress = Progress(goal=110, workers=1, clock=clock)
    progress(WorkerSpawned(1, 5, pid=7, port=3001))
    for total in (101, 102, 103):
        progress(SamplesAccepted(1, 1, 42, total, total / 110))
        clock.now += 1.0
    report = progress.report()
    assert (report.count, report.rate_per_s, report.left_s) == ("103 of 110", 1.0, 7.0)


@pytest.mark.parametrize(
    ("counts", "worst"),
    [((1, 4, 4), 1), ((4, 1, 4), 2), ((2, 4, 4), None), ((0, 3, 3), None), ((4, 4, 0), 3)],
)
def test_the_worst_worker_is_one_that_is_clearly_behind(
    counts: tuple[int, ...], worst: int | None, clock: Clock
) -> None:
    progress = Progress(goal=100, workers=3, clock=clock)
    for worker, count in enumerate(counts, 1):
        for total in range(count):
            progress(samples(worker, total + 1))
    assert progress.worst == worst


def test_workers_that_come_and_go_have_rows(progress: Progress) -> None:
    progress(RunScaled(2, started=(3,), draining=(1,)))
    progress(WorkerSpawned(3, 1, pid=9, port=3003))
    progress(ActorStopped("workers/1", 1, Stopped()))
    assert progress.workers[1].state.value == "draining"
    progress(WorkerDrained(1))
    assert progress.workers[1].state.value == "drained"
    assert progress.workers[3] == WorkerRow(WorkerState.STARTING, port=3003, pid=9, is_late=True)


def test_the_rate_after_scaling_is_in_proportion_until_it_is_measured(
    progress: Progress, clock: Clock
) -> None:
    progress(WorkerSpawned(1, 1, pid=7, port=3001))
    for second in range(5):
        for worker in (1, 2):
            progress(samples(worker, total=2 * second + worker))
        clock.now += 1.0
    clock.now -= 1.0
    assert progress.report().rate_per_s == 2.0
    progress(RunScaled(4, started=(3, 4), draining=()))
    assert progress.report().rate_per_s == 4.0
    for second in range(5):
        clock.now += 1.0
        progress(samples(1, total=11 + second))
    assert progress.report().rate_per_s == 1.0


def test_another_goal_and_another_deadline_show_at_once(progress: Progress) -> None:
    progress(samples(1, total=5))
    progress(GoalChanged(20, progress=0.25))
    progress(DeadlineChanged(7.0))
    report = progress.report()
    assert (report.goal, report.progress, report.deadline_s) == (20, 0.25, 7.0)
