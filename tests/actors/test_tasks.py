"""Tasks: one-off work with a result or an error, alone, in groups, and over many items."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Killed, Normal, Task, Terminated
from rnd_actors.errors import (
    ActorDeadError,
    ActorError,
    AskTimeoutError,
    SettingsError,
    TaskCancelledError,
    TaskTimeoutError,
)
from rnd_actors.events import ActorFailed
from rnd_actors.supervision import CountChildren, TerminateChild
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    found,
    let_pass,
    puppet,
    settle,
)


def square(number: int) -> int:
    return number * number


def slowly(number: float) -> float:
    gevent.sleep(number)
    return number


def left(system: ActorSystem) -> int:
    """How many tasks there are."""
    return (
        system.root.ask(CountChildren()).specs
        and found(system, "task-supervisor").ask(CountChildren()).specs
    )


def test_a_task_has_a_result(system: ActorSystem) -> None:
    assert system.task(square, 7).get() == 49


def test_a_task_goes_on_while_others_do_something_else(system: ActorSystem) -> None:
    tasks = [system.task(slowly, seconds) for seconds in (3.0, 2.0, 1.0)]
    assert not any(task.is_ready for task in tasks)
    assert [task.get() for task in tasks] == [3.0, 2.0, 1.0]
    assert time.monotonic() == 3.0
    assert all(task.is_ready for task in tasks)


def test_an_error_of_a_task_comes_at_once(system: ActorSystem, events: Record) -> None:
    task = system.task(crash)
    with pytest.raises(BoomError, match="as told"):
        task.get()
    with pytest.raises(BoomError):
        task.get()
    [failed] = events.all(ActorFailed)
    assert failed.reason == Crashed(BoomError("as told"))


def test_a_task_is_not_started_again(system: ActorSystem) -> None:
    calls = count()

    def fail() -> None:
        next(calls)
        raise BoomError

    with pytest.raises(BoomError):
        system.task(fail).get()
    let_pass(60.0)
    assert next(calls) == 1


def test_a_task_has_the_name_of_its_function(system: ActorSystem) -> None:
    assert [system.task(square, n).ref.name for n in (1, 2)] == [
        "task-supervisor/square-1",
        "task-supervisor/square-2",
    ]
    assert repr(system.task(lambda: 1)) == "<Task task-supervisor/<lambda>-3>"


def test_a_task_that_takes_too_long_is_ended(system: ActorSystem) -> None:
    task = system.task(slowly, 10.0, timeout=2.0)
    with pytest.raises(TaskTimeoutError, match=r"slowly-1 took longer than 2.0 s"):
        task.get()
    assert time.monotonic() == 2.0


def test_a_task_cannot_take_its_time_limit_for_an_error_of_its_own(system: ActorSystem) -> None:
    def work() -> str:
        try:
            gevent.sleep(10.0)
        except Exception:  # noqa: BLE001
            return "in time"
        return "late"

    with pytest.raises(TaskTimeoutError):
        system.task(work, timeout=2.0).get()


def test_a_timeout_of_the_work_itself_is_not_the_limit_of_the_task(system: ActorSystem) -> None:
    def work() -> None:
        with gevent.Timeout(1.0):
            gevent.sleep(10.0)

    with pytest.raises(gevent.Timeout, match=r"1\.0 second"):
        system.task(work, timeout=2.0).get()


def test_no_task_is_started_while_the_system_ends(diary: Record) -> None:
    def try_to_work(puppet: Puppet) -> None:
        for start in (lambda: system.task(square, 1), lambda: system.start(puppet_spec)):
            try:
                start()
            except ActorDeadError as error:
                puppet.diary.add(str(error))

    puppet_spec = puppet("late")
    with ActorSystem() as system:
        system.start(puppet("last", diary, at_stop=try_to_work))
    assert diary.items[-2:] == ["system ends, and starts nobody any more"] * 2
    assert time.monotonic() == 0.0


def test_who_waits_may_give_up_and_the_task_goes_on(system: ActorSystem) -> None:
    task = system.task(slowly, 10.0)
    with pytest.raises(AskTimeoutError, match="slowly-1 is not over within 3 s"):
        task.get(timeout=3.0)
    assert task.get(timeout=30.0) == 10.0


def test_a_cancelled_task_cleans_up(system: ActorSystem, diary: Record) -> None:
    def work() -> None:
        try:
            gevent.sleep(100.0)
        finally:
            diary.add("cleaned up")

    task = system.task(work)
    let_pass(1.0)
    task.cancel()
    with pytest.raises(TaskCancelledError, match="work-1 was cancelled: killed"):
        task.get()
    assert diary.items == ["cleaned up"]
    task.cancel()


def test_nothing_is_left_of_tasks_that_are_over(system: ActorSystem) -> None:
    for number in range(20):
        system.task(square, number).get()
    assert left(system) == 0


def test_tasks_end_with_the_system(diary: Record) -> None:
    def work() -> None:
        try:
            gevent.sleep(100.0)
        finally:
            diary.add(time.monotonic())

    with ActorSystem() as system:
        task = system.task(work)
        let_pass(1.0)
    assert diary.items == [1.0]
    with pytest.raises(TaskCancelledError):
        task.get()


def owner(system: ActorSystem, work: Callable[[], object]) -> tuple[ActorRef[Any], Task[Any]]:
    ref = system.start(puppet("owner"))
    return ref, ref.ask(Ask(lambda _: system.task(work)))


def test_a_task_is_cancelled_with_its_owner(system: ActorSystem) -> None:
    ref, task = owner(system, lambda: slowly(100.0))
    ref.kill()
    assert task.ref.join() == Killed()
    assert time.monotonic() == 0.0


def test_a_task_of_background_work_is_cancelled_with_its_owner(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("owner", diary))
    ref.tell(
        Do(lambda puppet: puppet.background(lambda: puppet.diary.add(system.task(slowly, 100.0))))
    )
    task = diary.expect(Task)
    ref.tell(Do(crash))
    assert task.ref.join() == Killed()


def test_a_task_of_a_task_is_cancelled_with_it(system: ActorSystem, diary: Record) -> None:
    def outer() -> None:
        diary.add(system.task(slowly, 100.0))
        gevent.sleep(100.0)

    task = system.task(outer)
    inner = diary.expect(Task)
    task.cancel()
    assert inner.ref.join() == Killed()


def test_an_owner_keeps_nothing_of_tasks_that_are_over(system: ActorSystem) -> None:
    ref = system.start(puppet("owner"))
    for _ in range(3):
        ref.ask(Ask(lambda _: system.task(square, 1).get()))
    endings = ref.ask(Ask(lambda puppet: puppet._own.owned._endings))
    assert not endings


def test_an_actor_is_told_the_result_of_a_task(system: ActorSystem, diary: Record) -> None:
    def begin(puppet: Puppet) -> None:
        puppet.pipe(system.task(square, 3).get, Note)

    system.start(puppet("owner", diary, at_start=begin))
    diary.until(Note(9))


def test_a_task_can_be_watched(system: ActorSystem, diary: Record) -> None:
    task = system.task(slowly, 1.0)
    system.start(puppet("watcher", diary, at_start=lambda puppet: puppet.watch(task.ref)))
    assert diary.expect(Terminated).reason == Normal(1.0)


@pytest.mark.parametrize("timeout", [0, -1, "soon", float("inf"), float("nan")])
def test_a_wrong_time_limit_of_a_task_is_refused(system: ActorSystem, timeout: Any) -> None:
    with pytest.raises(SettingsError, match=r"task\(\) timeout takes seconds > 0"):
        system.task(square, 1, timeout=timeout)


def test_what_cannot_be_called_is_refused(system: ActorSystem) -> None:
    with pytest.raises(SettingsError, match=r"task\(\) function takes a function, and no corou"):
        system.task(7)  # type: ignore[arg-type]


def test_leaving_a_group_waits_for_all_its_tasks(system: ActorSystem) -> None:
    with system.task_group() as group:
        tasks = [group.task(slowly, seconds) for seconds in (1.0, 3.0, 2.0)]
    assert time.monotonic() == 3.0
    assert [task.get() for task in tasks] == [1.0, 3.0, 2.0]


def test_a_task_that_fails_ends_its_group(system: ActorSystem) -> None:
    def fail() -> None:
        gevent.sleep(1.0)
        crash()

    others = list[Task[float]]()

    def run() -> None:
        with system.task_group() as group:
            others.append(group.task(slowly, 100.0))
            group.task(fail)

    with pytest.raises(BoomError):
        run()
    assert time.monotonic() == 1.0
    assert others[0].ref.join() == Killed()


def test_no_task_is_added_to_a_group_that_has_failed(system: ActorSystem) -> None:
    refused = list[Exception]()

    def run() -> None:
        with system.task_group(max_running=1) as group:
            group.task(crash)
            for _ in range(3):
                try:
                    group.task(pytest.fail)
                except BoomError as error:
                    refused.append(error)

    with pytest.raises(BoomError):
        run()
    assert len(refused) == 3


def test_a_block_that_fails_ends_its_group(system: ActorSystem) -> None:
    tasks = list[Task[float]]()

    def run() -> None:
        with system.task_group() as group:
            tasks.append(group.task(slowly, 100.0))
            let_pass(1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    assert tasks[0].is_ready
    assert time.monotonic() == 1.0


def test_a_task_that_is_cancelled_does_not_end_its_group(system: ActorSystem) -> None:
    with system.task_group() as group:
        group.task(slowly, 100.0).cancel()
        other = group.task(slowly, 1.0)
    assert other.get() == 1.0


def test_a_group_is_left_at_once_when_who_waits_is_killed(system: ActorSystem) -> None:
    tasks = []

    def wait() -> None:
        with system.task_group() as group:
            tasks.append(group.task(slowly, 100.0))

    greenlet = gevent.spawn(wait)
    let_pass(1.0)
    greenlet.kill()
    assert tasks[0].ref.join() == Killed()
    assert time.monotonic() == 1.0


def test_a_group_never_runs_more_than_it_may(system: ActorSystem) -> None:
    running, peaks = [0], set()

    def work() -> None:
        running[0] += 1
        peaks.add(running[0])
        gevent.sleep(1.0)
        running[0] -= 1

    with system.task_group(max_running=3) as group:
        for _ in range(9):
            group.task(work)
    assert max(peaks) == 3
    assert time.monotonic() == 3.0


@pytest.mark.parametrize("most", [0, -1, 1.5, "3"])
def test_a_wrong_number_of_tasks_at_a_time_is_refused(system: ActorSystem, most: Any) -> None:
    with pytest.raises(SettingsError, match=r"task_group\(\) max_running takes a whole number"):
        system.task_group(max_running=most)


@pytest.mark.parametrize("most", [None, 1, 2, 7])
def test_results_come_in_the_order_of_the_items(system: ActorSystem, most: int | None) -> None:
    seconds = [3.0, 1.0, 2.0, 0.5]
    with system.task_group(max_running=most) as group:
        assert list(group.map(slowly, seconds)) == seconds


def test_results_come_as_they_are_ready(system: ActorSystem) -> None:
    with system.task_group() as group:
        assert list(group.map(slowly, [3.0, 1.0, 2.0], in_order=False)) == [1.0, 2.0, 3.0]


def test_items_are_taken_when_there_is_room(system: ActorSystem) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    with system.task_group(max_running=2) as group:
        results = group.map(square, items())
        assert [next(results) for _ in range(3)] == [0, 1, 4]
        assert taken == [0, 1, 2, 3, 4]
        results.close()  # type: ignore[attr-defined]


def test_results_that_nobody_wants_any_more_are_not_waited_for(system: ActorSystem) -> None:
    with system.task_group(max_running=3) as group:
        for result in group.map(slowly, [1.0, 100.0, 100.0, 100.0]):
            assert result == 1.0
            break
    assert time.monotonic() == 1.0


def test_an_error_of_one_item_ends_all(system: ActorSystem) -> None:
    def invert(number: float) -> float:
        gevent.sleep(1.0)
        return 1 / number

    with pytest.raises(ZeroDivisionError), system.task_group(max_running=2) as group:
        list(group.map(invert, [1.0, 0.0, 1.0, 1.0]))
    assert time.monotonic() == 1.0
    assert left(system) == 0


def test_each_item_has_its_time(system: ActorSystem) -> None:
    with pytest.raises(TaskTimeoutError), system.task_group() as group:
        list(group.map(slowly, [1.0, 5.0], timeout=2.0))
    assert time.monotonic() == 2.0


def test_no_items_are_no_results(system: ActorSystem) -> None:
    with system.task_group() as group:
        assert list(group.map(square, [])) == []


def test_a_thousand_items_leave_nothing_behind(system: ActorSystem) -> None:
    with system.task_group(max_running=10) as group:
        assert sum(group.map(square, range(1000), in_order=False)) == 332833500
    assert left(system) == 0


def test_an_actor_of_the_same_name_as_a_task_bothers_nobody(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("tasks", diary))
    assert system.task(square, 2).get() == 4
    settle(ref)
    assert diary.items == [Began("tasks", 1)]


def test_a_task_holds_up_nobody_who_does_not_wait_for_it(system: ActorSystem) -> None:
    gate = Gate()
    task = system.task(gate.pass_through)
    gate.await_entry()
    assert system.task(square, 2).get() == 4
    gate.open()
    task.get()


def test_the_error_of_a_group_is_raised_and_not_that_others_were_cancelled_for_it(
    system: ActorSystem,
) -> None:
    def invert(number: float) -> float:
        gevent.sleep(number)
        if number == 1.0:
            raise LookupError("the second one")
        return number

    def run() -> None:
        with system.task_group() as group:
            list(group.map(invert, [5.0, 1.0]))

    with pytest.raises(LookupError, match="the second one"):
        run()


def test_a_group_has_tasks_in_its_block_alone(system: ActorSystem) -> None:
    group = system.task_group()
    with pytest.raises(ActorError, match="a group has tasks in its block alone"):
        group.task(square, 1)
    with group:
        results = group.map(square, [1, 2])
    with pytest.raises(ActorError, match="a group has tasks in its block alone"):
        list(results)


def test_a_task_can_be_started_by_an_actor_that_the_root_ends(
    system: ActorSystem, diary: Record
) -> None:
    system.task(square, 1).get()
    system.start(puppet("last", diary, at_stop=lambda _: diary.add(system.task(square, 3).get())))
    system.root.ask(TerminateChild("last"))
    assert diary.items[-1] == 9


def test_work_of_any_name_is_a_task(system: ActorSystem) -> None:
    class Work:
        __name__ = None

        def __call__(self) -> int:
            return 1

    assert system.task(Work()).get() == 1
    work = Work()
    work.__name__ = ""  # type: ignore[assignment]
    assert repr(system.task(work)) == "<Task task-supervisor/Work-2>"


def test_a_coroutine_function_is_no_work(system: ActorSystem) -> None:
    async def work() -> None:
        """Never run."""

    with pytest.raises(SettingsError, match="and no coroutine function"):
        system.task(work)
