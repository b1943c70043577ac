"""Cases of the suites of Elixir's `Task` and `Task.Supervisor`."""

import time
from itertools import count
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorSystem, Crashed, Killed, Normal, Task, Terminated
from rnd_actors.errors import (
    AskTimeoutError,
    LinkedActorError,
    TaskCancelledError,
    TaskTimeoutError,
)
from rnd_actors.events import ActorFailed
from rnd_actors.supervision import CountChildren, Restart, TerminateChild, WhichChildren
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Gate,
    Puppet,
    Record,
    crash,
    hang,
    let_pass,
    puppet,
)
from tests.suites.toys import mortal, watched


def nap(seconds: float) -> float:
    """Take so long, and return that."""
    let_pass(seconds)
    return seconds


def note_after(seconds: float, diary: Record) -> None:
    let_pass(seconds)
    diary.add("done")


def running(system: ActorSystem) -> int:
    supervisor = system.find("task-supervisor")
    return 0 if supervisor is None else supervisor.ask(CountChildren()).active


# --- one task


def test_a_task_that_is_started_has_not_run_yet(system: ActorSystem, diary: Record) -> None:
    task = system.task(note_after, 1.0, diary)
    assert (task.is_ready, diary.items) == (False, [])
    task.get()
    assert (task.is_ready, diary.items) == (True, ["done"])


def test_a_task_is_waited_for_again_and_again_with_the_same_result(system: ActorSystem) -> None:
    task = system.task(nap, 1.0)
    assert [task.get(), task.get(), task.get(0)] == [1.0, 1.0, 1.0]


def test_several_wait_for_one_task(system: ActorSystem) -> None:
    task = system.task(nap, 1.0)
    waiting = [gevent.spawn(task.get) for _ in range(3)]
    assert [each.get() for each in waiting] == [1.0, 1.0, 1.0]


def test_a_task_that_is_not_over_in_time_is_asked_again_later(system: ActorSystem) -> None:
    task = system.task(nap, 3.0)
    outcomes: list[float | None] = []
    for _ in range(3):
        try:
            outcomes.append(task.get(1.25))
        except AskTimeoutError:
            outcomes.append(None)
    assert outcomes == [None, None, 3.0]


def test_a_look_at_a_task_does_not_wait(system: ActorSystem) -> None:
    task = system.task(nap, 3.0)
    with pytest.raises(AskTimeoutError):
        task.get(0)
    assert time.monotonic() < 1.0
    task.cancel()


def test_the_error_of_a_task_has_the_place_where_it_was_raised(system: ActorSystem) -> None:
    task = system.task(crash)
    with pytest.raises(BoomError) as caught:
        task.get()
    assert "crash" in [entry.name for entry in caught.traceback]


def test_the_error_of_a_task_hurts_nobody_who_does_not_ask_for_it(
    system: ActorSystem, events: Record
) -> None:
    actor = system.start(puppet("a"))
    actor.ask(Ask(lambda _: system.task(crash)))
    events.expect(ActorFailed)
    assert actor.ask(Ask(lambda me: me.incarnation)) == 1


def test_an_actor_that_waits_for_a_task_that_fails_fails_with_its_error(
    system: ActorSystem,
) -> None:
    ref = mortal(system, "a")
    ref.tell(Do(lambda _: system.task(crash).get()))
    assert ref.join() == Crashed(BoomError("as told"))


def test_a_task_that_is_linked_takes_the_actor_with_it(system: ActorSystem) -> None:
    ref = mortal(system, "a")
    gate = Gate()

    def work() -> None:
        gate.pass_through()
        raise BoomError("as told")

    ref.ask(Ask(lambda me: me.link(system.task(work).ref)))
    gate.open()
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, LinkedActorError)


def test_a_task_that_is_linked_and_ends_well_leaves_the_actor_alone(system: ActorSystem) -> None:
    ref = mortal(system, "a")
    task = ref.ask(Ask(lambda me: linked(me, system.task(nap, 1.0))))
    assert task.get() == 1.0
    assert ref.ask(Ask(lambda me: me.incarnation)) == 1


def linked(puppet: Puppet, task: Task[Any]) -> Task[Any]:
    puppet.link(task.ref)
    return task


def test_a_watcher_of_a_task_is_told_its_result(system: ActorSystem) -> None:
    task = system.task(nap, 1.0)
    told = watched(system, task.ref)
    assert told.expect(Terminated) == Terminated(task.ref, Normal(1.0))


def test_a_task_that_is_killed_from_outside_was_cancelled(system: ActorSystem) -> None:
    task = system.task(hang)
    task.ref.kill()
    with pytest.raises(TaskCancelledError, match="killed"):
        task.get()
    assert task.ref.join() == Killed()


def test_a_task_that_is_over_cannot_be_cancelled_any_more(system: ActorSystem) -> None:
    task = system.task(nap, 0.0)
    task.get()
    task.cancel()
    assert task.get() == 0.0


def test_a_task_is_cancelled_before_it_has_begun(system: ActorSystem, diary: Record) -> None:
    task = system.task(note_after, 0.0, diary)
    task.cancel()
    with pytest.raises(TaskCancelledError):
        task.get()
    assert diary.items == []


def test_a_task_that_does_not_give_up_at_once_is_waited_for(
    system: ActorSystem, diary: Record
) -> None:
    def work() -> None:
        try:
            hang()
        finally:
            let_pass(2.0)
            diary.add("cleaned up")

    task = system.task(work)
    let_pass(0.0)
    task.cancel()
    with pytest.raises(TaskCancelledError):
        task.get()
    assert diary.items == ["cleaned up"]


def test_the_time_limit_of_a_task_ends_it_whoever_waits(
    system: ActorSystem, events: Record
) -> None:
    system.task(nap, 10.0, timeout=1.0)
    reason = events.expect(ActorFailed).reason
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, TaskTimeoutError)
    assert time.monotonic() == pytest.approx(1.0)


def test_a_task_catches_the_time_out_of_another_one_and_goes_on(system: ActorSystem) -> None:
    def outer() -> str:
        try:
            system.task(nap, 10.0, timeout=1.0).get()
        except TaskTimeoutError:
            return "inner"
        return "none"

    assert system.task(outer, timeout=5.0).get() == "inner"


def test_the_result_of_a_task_is_a_message_to_the_actor_that_goes_on(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("a", diary))
    ref.tell(Do(lambda me: me.pipe(system.task(nap, 2.0).get, lambda result: ("got", result))))
    assert ref.ask(Ask(lambda _: "goes on")) == "goes on"
    diary.until(("got", 2.0))


# --- whose it is, and what is left of it


def test_tasks_are_children_of_one_supervisor_and_leave_it_when_they_are_over(
    system: ActorSystem,
) -> None:
    tasks = [system.task(nap, seconds) for seconds in (1.0, 2.0)]
    supervisor = system.find("task-supervisor")
    assert supervisor is not None
    assert [info.ref for info in supervisor.ask(WhichChildren())] == [each.ref for each in tasks]
    for task in tasks:
        task.get()
    assert supervisor.ask(WhichChildren()) == ()


def test_the_supervisor_of_tasks_can_terminate_one(system: ActorSystem) -> None:
    task = system.task(hang)
    supervisor = system.find("task-supervisor")
    assert supervisor is not None
    supervisor.ask(TerminateChild(task.ref.name.partition("/")[2]))
    with pytest.raises(TaskCancelledError):
        task.get()


def test_a_task_of_an_actor_outlives_the_message_but_not_the_incarnation(
    system: ActorSystem,
) -> None:
    ref = system.start(puppet("a"))
    task = ref.ask(Ask(lambda _: system.task(hang)))
    let_pass(60.0)
    assert not task.is_ready
    ref.tell(Do(crash))
    with pytest.raises(TaskCancelledError):
        task.get()


@pytest.mark.parametrize("turns", range(12))
def test_an_owner_that_is_killed_while_it_starts_a_task_leaves_none_behind(
    system: ActorSystem, turns: int
) -> None:
    system.task(nap, 0.0).get()
    ref = mortal(system, "a")
    ref.tell(Do(lambda _: system.task(hang)))
    for _ in range(turns):
        gevent.sleep(0)
    ref.kill()
    ref.join()
    let_pass(60.0)
    assert running(system) == 0


@pytest.mark.parametrize("turns", range(12))
def test_who_is_killed_while_a_group_starts_a_task_leaves_none_behind(
    system: ActorSystem, turns: int
) -> None:
    def work() -> None:
        with system.task_group() as group:
            group.task(hang)

    system.task(nap, 0.0).get()
    outside = gevent.spawn(work)
    for _ in range(turns):
        gevent.sleep(0)
    outside.kill()
    let_pass(60.0)
    assert running(system) == 0


def test_a_task_that_nobody_owns_ends_with_the_system() -> None:
    with ActorSystem() as system:
        task = system.task(hang)
    with pytest.raises(TaskCancelledError):
        task.get()


# --- many


def test_a_stream_gives_results_in_order_with_the_slowest_first(system: ActorSystem) -> None:
    with system.task_group() as group:
        assert list(group.map(nap, [4.0, 3.0, 2.0, 1.0])) == [4.0, 3.0, 2.0, 1.0]
    assert time.monotonic() == pytest.approx(4.0)


def test_a_stream_gives_results_as_they_come_with_the_slowest_first(system: ActorSystem) -> None:
    with system.task_group() as group:
        results = list(group.map(nap, [4.0, 3.0, 2.0, 1.0], in_order=False))
    assert results == [1.0, 2.0, 3.0, 4.0]


def test_a_stream_with_one_at_a_time_takes_as_long_as_all_together(system: ActorSystem) -> None:
    with system.task_group(max_running=1) as group:
        assert list(group.map(nap, [1.0, 2.0, 3.0])) == [1.0, 2.0, 3.0]
    assert time.monotonic() == pytest.approx(6.0)


def test_a_stream_runs_no_more_at_a_time_than_it_may(system: ActorSystem) -> None:
    most = 0

    def work(_: int) -> None:
        nonlocal most
        most = max(most, running(system))
        let_pass(1.0)

    with system.task_group(max_running=3) as group:
        list(group.map(work, range(10)))
    assert most == 3


def test_a_stream_that_is_left_early_ends_what_still_runs(system: ActorSystem) -> None:
    with system.task_group() as group:
        first = next(group.map(nap, [0.0, 1e9, 1e9, 1e9]))
    assert (first, running(system)) == (0.0, 0)
    assert time.monotonic() < 1.0


def test_a_stream_of_an_endless_source_is_taken_from_as_it_is_needed(system: ActorSystem) -> None:
    taken = count()
    with system.task_group(max_running=2) as group:
        results = group.map(nap, (float(number) for number in taken))
        assert [next(results) for _ in range(3)] == [0.0, 1.0, 2.0]
        results.close()  # type: ignore[attr-defined]
    assert next(taken) <= 5


def test_a_stream_that_wants_to_go_on_after_errors_lets_the_function_return_them(
    system: ActorSystem,
) -> None:
    def divide(number: int) -> Any:
        try:
            return 12 // number
        except ZeroDivisionError as error:
            return type(error)

    with system.task_group() as group:
        assert list(group.map(divide, [3, 0, 4])) == [4, ZeroDivisionError, 3]


def test_a_stream_whose_second_item_fails_has_given_the_first_one(
    system: ActorSystem, diary: Record
) -> None:
    def take() -> None:
        with system.task_group(max_running=1) as group:
            for result in group.map(lambda number: 12 // number, [3, 0, 4]):
                diary.add(result)

    with pytest.raises(ZeroDivisionError):
        take()
    assert diary.items == [4]


def test_a_source_that_fails_ends_what_still_runs(system: ActorSystem) -> None:
    def source() -> Any:
        yield 1e9
        raise BoomError("no more")

    with pytest.raises(BoomError), system.task_group() as group:
        list(group.map(nap, source()))
    assert running(system) == 0


def test_each_item_has_its_own_time_limit(system: ActorSystem) -> None:
    with system.task_group(max_running=1) as group:
        assert list(group.map(nap, [2.0, 2.0, 2.0], timeout=3.0)) == [2.0, 2.0, 2.0]


def test_a_stream_in_an_actor_ends_with_it(system: ActorSystem) -> None:
    def stream(_: Puppet) -> None:
        with system.task_group() as group:
            list(group.map(nap, [1e9] * 5))

    ref = mortal(system, "a")
    ref.tell(Do(stream))
    let_pass(1.0)
    assert running(system) == 5
    ref.kill()
    ref.join()
    let_pass(0.0)
    assert running(system) == 0


def test_all_results_of_a_group_are_there_when_it_is_left(system: ActorSystem) -> None:
    with system.task_group() as group:
        tasks = [group.task(nap, float(seconds)) for seconds in range(5)]
    assert all(task.is_ready for task in tasks)
    assert [task.get() for task in tasks] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_an_error_in_a_group_within_a_group_ends_both(system: ActorSystem) -> None:
    slow: list[Task[Any]] = []

    def nest() -> None:
        with system.task_group() as outer, system.task_group() as inner:
            slow.append(outer.task(hang))
            inner.task(crash)

    with pytest.raises(BoomError):
        nest()
    with pytest.raises(TaskCancelledError):
        slow[0].get()


def test_a_group_of_a_task_is_its_own(system: ActorSystem) -> None:
    def outer() -> float:
        with system.task_group() as group:
            return sum(group.map(nap, [1.0, 2.0]))

    assert system.task(outer).get() == 3.0
    assert running(system) == 0


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT])
def test_an_actor_that_is_restarted_starts_its_task_again(
    system: ActorSystem, diary: Record, restart: Restart
) -> None:
    def start(me: Puppet) -> None:
        me.pipe(system.task(nap, 1.0).get, lambda result: ("got", me.incarnation, result))

    ref = system.start(puppet("a", diary, at_start=start, restart=restart))
    ref.kill()
    diary.until(("got", 2, 1.0))
    assert ("got", 1, 1.0) not in diary.items
