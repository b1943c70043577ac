from rnd_actors.collecting._lifetimes import Lifetimes


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
