"""The search for the schedule that fails."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ScheduleFailedError, VirtualTimeoutError
from rnd_actors.simulation import Crash, InjectedError, explore, simulate
from rnd_actors.simulation._simulate import KeptTrace, excerpt
from tests.actors.toys import Note, puppet
from tests.simulation.racy import RacyCache, RacyTeller, RightCache, RightTeller, bank, library

Main = Callable[[ActorSystem], Any]

RACES = pytest.mark.parametrize(
    ("main", "failure"),
    [
        pytest.param(bank(RacyTeller), "a deposit was lost: 100", id="bank"),
        pytest.param(library(RacyCache), "the cache is stale: 0", id="cache"),
    ],
)


def failure_of(main: Main) -> ScheduleFailedError:
    with pytest.raises(ScheduleFailedError) as caught:
        explore(main)
    return caught.value


@RACES
def test_no_race_shows_on_gevents_own_loops(main: Main, failure: str) -> None:
    with ActorSystem() as system:
        assert main(system)
    assert simulate(main, ()).result


@RACES
def test_a_race_is_found_within_some_tens_of_schedules(main: Main, failure: str) -> None:
    error = failure_of(main)
    assert error.seed in range(50)
    assert isinstance(error.__cause__, AssertionError)
    assert failure in str(error.__cause__)
    words = f"seed {error.seed} fails ({error.seed} passed before it): AssertionError: {failure}"
    assert error.message.startswith(words)


@RACES
def test_the_schedule_of_a_race_fails_again_in_just_the_same_way(main: Main, failure: str) -> None:
    found = failure_of(main)
    assert isinstance(found.seed, int)
    for _ in range(2):
        trace: list[str] = []
        with pytest.raises(AssertionError, match=failure):
            simulate(main, found.seed, trace=trace.append)
        assert tuple(trace) == found.trace


def test_the_trace_of_a_lost_deposit_tells_how_it_was_lost() -> None:
    error = failure_of(bank(RacyTeller))
    said = [line.split(" s  ")[1] for line in error.trace]
    steps = [
        "main asks ann Deposit(amount=100)",
        "ann asks account Read()",
        "bob tells account Write(balance=100)",
        "main asks account Read()",
    ]
    assert [said.index(step) for step in steps] == sorted(map(said.index, steps))
    assert said.count("account handles Write(balance=100)") == 2
    assert all(re.match(r" +\d+\.\d{3} s  ", line) for line in error.trace)
    assert str(error).splitlines() == [error.message, *error.trace]


def test_the_trace_of_a_stale_cache_tells_how_it_became_stale() -> None:
    said = [line.split(" s  ")[1] for line in failure_of(library(RacyCache)).trace]
    steps = [
        "cache asks account Read()",
        "account handles Add(amount=7)",
        "cache handles Changed()",
    ]
    assert [said.index(step) for step in steps] == sorted(map(said.index, steps))


@pytest.mark.slow
@pytest.mark.parametrize("main", [bank(RightTeller), library(RightCache)], ids=["bank", "cache"])
def test_without_its_race_it_passes_a_thousand_schedules(main: Main) -> None:
    runs = explore(main, range(1_000))
    assert len(runs) == 1_000
    assert len({run.result for run in runs}) == 1


def test_only_the_schedules_that_are_asked_for_are_tried() -> None:
    error = failure_of(bank(RacyTeller))
    assert isinstance(error.seed, int)
    assert len(explore(bank(RacyTeller), range(error.seed))) == error.seed
    with pytest.raises(ScheduleFailedError) as caught:
        explore(bank(RacyTeller), [(), error.seed, (1, 2, 3)])
    assert caught.value.seed == error.seed


def test_what_fails_only_once_is_said_not_to_be_reproducible() -> None:
    runs: list[int] = []

    def main(_: ActorSystem) -> None:
        runs.append(len(runs))
        assert len(runs) != 4, "the fourth run"

    with pytest.raises(ScheduleFailedError, match="but not when it is run again") as caught:
        explore(main)
    assert caught.value.seed == 3
    assert runs == [0, 1, 2, 3, 4]


def test_what_fails_in_another_way_is_said_not_to_be_reproducible() -> None:
    errors = iter([KeyError("first"), ValueError("second")])

    def main(_: ActorSystem) -> None:
        raise next(errors)

    with pytest.raises(
        ScheduleFailedError, match=r"seed 0 fails: KeyError.*but not when it is run again"
    ):
        explore(main)


def test_what_fails_again_is_not_said_to_be_unreproducible() -> None:
    assert "again" not in failure_of(bank(RacyTeller)).message


def test_faults_are_explored_too() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(puppet("puppet"))
        for number in range(5):
            ref.tell(Note(number))
        gevent.sleep(1.0)
        assert ref.stats().failed < 3, "unlucky"

    explore(main)
    with pytest.raises(ScheduleFailedError, match="unlucky") as caught:
        explore(main, faults=[Crash("puppet", probability=0.3)])
    assert any(InjectedError.__name__ in line for line in caught.value.trace)


def test_each_schedule_has_a_limit() -> None:
    with pytest.raises(ScheduleFailedError, match="not over after 5 s") as caught:
        explore(lambda _: gevent.sleep(10.0), limit=5.0)
    assert isinstance(caught.value.__cause__, VirtualTimeoutError)


def ticking(system: ActorSystem) -> None:
    """Fail for a reason that lies two thousand lines of a timer before the end."""
    ticker = system.start(puppet("ticker"))
    victim = system.start(puppet("victim"))
    for number in range(1_000):
        if number == 500:
            victim.tell(Note(-1))
        ticker.tell(Note(number))
        gevent.sleep(0.01)
    raise KeyError("no luck")


def test_of_a_long_trace_what_leads_to_the_failure_is_shown_and_all_is_kept(
    tmp_path: Path,
) -> None:
    file = tmp_path / "trace.txt"
    with pytest.raises(ScheduleFailedError) as caught:
        explore(ticking, trace_to=file)
    text, trace = str(caught.value), caught.value.trace
    assert len(text.splitlines()) < 60
    assert text.splitlines()[1] == trace[0]
    for words in ("ticker started", "number=0)", "number=999)", "victim handles", "victim stopped"):
        assert words in text
    assert "number=300)" not in text
    assert sum("lines left out" in line for line in text.splitlines()) >= 2
    assert sum("ticker handles" in line for line in trace) == 1_000
    assert f"{file} has all {len(trace)} lines of the trace" in text.splitlines()[-1]
    assert file.read_text().splitlines() == list(trace)


def test_without_a_file_the_error_says_how_to_get_one() -> None:
    text = str(failure_of(ticking))
    assert "trace_to=FILE would write all" in text.splitlines()[-1]


def test_the_trace_can_be_asked_for_some_actors() -> None:
    failure = failure_of(ticking)
    about = failure.about("victim")
    assert [line.split(" s  ")[1] for line in about if "Note" in line] == [
        "main tells victim Note(number=-1)",
        "victim handles Note(number=-1)",
    ]
    assert len(failure.about("victim", "ticker")) > 2_000
    assert failure.about("vic") == failure.about("team/victim") == ()


def test_a_trace_that_has_no_routine_is_shown_from_both_ends() -> None:
    trace = [f"{n:10.3f} s  {'x' * n} starts" for n in range(1_000)]
    shown = excerpt(trace)
    assert shown == (*trace[:40], "... 840 lines left out ...", *trace[-120:])


def test_a_trace_that_does_not_fit_into_memory_has_no_middle() -> None:
    trace = KeptTrace()
    for number in range(1_000_001):
        trace.add(str(number))
    lines = trace.lines()
    assert (lines[0], lines[-1]) == ("0", "1000000")
    assert len(lines) < 760_000
    assert "... 500000 lines that were not kept ..." in lines
