from rnd_actors.collectors import Collection, Lifetimes
from rnd_actors.workers import Samples


def test_a_worker_that_never_came_up_tells_nothing() -> None:
    times = Lifetimes()
    assert (times.startup_s, times.rate_per_s, times.streamed_s(9.0)) == (None, None, 0.0)


def test_startup_is_the_mean_time_to_the_first_line() -> None:
    times = Lifetimes()
    for up_at, first_at in ((10.0, 11.0), (20.0, 23.0)):
        times.up(up_at)
        times.lines(1, first_at)
        times.down(first_at + 1)
    assert times.startup_s == 2.0


def test_the_rate_is_that_of_the_lines_after_the_first() -> None:
    times = Lifetimes()
    times.up(0.0)
    for at, count in ((5.0, 1), (6.0, 2), (9.0, 6)):
        times.lines(count, at)
    times.down(100.0)
    assert times.rate_per_s == 2.0


def test_time_is_streamed_from_the_first_line_to_the_end_or_until_now() -> None:
    times = Lifetimes()
    times.up(0.0)
    times.lines(1, 1.0)
    times.down(4.0)
    times.up(5.0)
    assert times.streamed_s(9.0) == 3.0
    times.lines(1, 10.0)
    assert times.streamed_s(12.0) == 5.0


def test_the_rate_in_a_result_counts_all_lines_of_a_batch() -> None:
    collection = Collection.for_workers({3: 3003})
    for first_seq, received_at in ((0, 1.0), (4, 3.0)):
        values = (1, 2, 3, 4)
        batch = Samples(3, 1, first_seq, values, 0, received=first_seq + 4, received_at=received_at)
        collection.count(batch, accepted=4)
    [worker] = collection.result(goal=None, deadline_s=None).workers
    assert worker.rate_per_s == 2.0
