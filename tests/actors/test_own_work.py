"""Actors with work of their own: `run()` has the greenlet, and is interrupted where it waits."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Never

import gevent
import pytest
from gevent import GreenletExit
from gevent.event import Event as Flag

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    ExitReason,
    Killed,
    Normal,
    Request,
    Stopped,
)
from rnd_actors.errors import ActorError, UnhandledMessageError
from rnd_actors.events import ActorFailed, ActorStuck, DeadLetter, MessageUnhandled
from rnd_actors.simulation import explore
from rnd_actors.supervision import (
    INFINITY,
    ChildSpec,
    Restart,
    Strategy,
    Supervisor,
    TerminateChild,
)
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Gate,
    Record,
    balance,
    crash,
    kill,
    let_pass,
    nothing,
    puppet,
    settle,
)
from tests.actors.toys_supervision import team

Work = Callable[["Worker"], object]


def idle(worker: "Worker") -> None:
    """The work of a worker that waits until it is interrupted."""
    worker.diary.add("works")
    try:
        Flag().wait()
    finally:
        worker.diary.add("interrupted")


class Worker(Actor[Never]):
    """Does its work and keeps a diary of its life."""

    def __init__(self, diary: Record, work: Work, at_start: Work, at_stop: Work) -> None:
        self.diary = diary
        self._work = work
        self._at_start = at_start
        self._at_stop = at_stop

    def on_start(self) -> None:
        self.diary.add(("starts", self.incarnation))
        self._at_start(self)

    def run(self) -> None:
        self._work(self)

    def on_stop(self, reason: ExitReason) -> None:
        self.diary.add(("stops", self.incarnation, reason))
        self._at_stop(self)


def worker(
    diary: Record,
    work: Work = idle,
    *,
    at_start: Work = nothing,  # type: ignore[assignment]
    at_stop: Work = nothing,  # type: ignore[assignment]
    restart: Restart = Restart.TEMPORARY,
    **options: Any,
) -> ChildSpec:
    """The spec of a worker; `options` are further fields of `ChildSpec`."""
    make = lambda: Worker(diary, work, at_start, at_stop)  # noqa: E731
    return ChildSpec("worker", make, restart=restart, **options)


def test_run_has_the_greenlet_of_the_actor(system: ActorSystem, diary: Record) -> None:
    seen: list[object] = []

    def note(_: object) -> None:
        seen.append(gevent.getcurrent())

    system.start(worker(diary, note, at_start=note, at_stop=note)).join()
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert isinstance(seen[0], gevent.Greenlet)


def test_the_start_of_the_actor_is_over_before_its_work_is(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(worker(diary))
    diary.until("works")
    assert ref.is_alive
    assert "interrupted" not in diary.items


INTERRUPTIONS: dict[str, tuple[Callable[[ActorRef[Any], Worker], object], ExitReason]] = {
    "ref.stop()": (lambda ref, _: ref.stop(), Normal()),
    "ref.drain()": (lambda ref, _: ref.drain(), Normal()),
    "stop()": (lambda _, actor: actor.stop(), Normal()),
    "a failure in the background": (
        lambda _, actor: actor.background(crash),
        Crashed(BoomError("as told")),
    ),
    "a kill": (lambda ref, _: kill(ref), Killed()),
}


@pytest.mark.parametrize("how", INTERRUPTIONS)
def test_run_is_interrupted_where_it_waits(system: ActorSystem, diary: Record, how: str) -> None:
    interrupt, reason = INTERRUPTIONS[how]
    actors = list[Worker]()
    ref = system.start(worker(diary, at_start=actors.append))
    diary.until("works")
    interrupt(ref, actors[0])
    assert ref.join() == reason
    assert diary.items == [("starts", 1), "works", "interrupted", ("stops", 1, reason)]


@pytest.mark.parametrize("options", [{}, {"drain": True}, {"shutdown": INFINITY}], ids=str)
def test_run_is_interrupted_when_its_supervisor_ends_it(
    system: ActorSystem, diary: Record, options: dict[str, Any]
) -> None:
    supervisor = team(system, [worker(diary, **options)])
    diary.until("works")
    supervisor.ask(TerminateChild("worker"))
    assert diary.items == [("starts", 1), "works", "interrupted", ("stops", 1, Stopped())]


def test_run_is_interrupted_when_the_system_is_left(diary: Record) -> None:
    with ActorSystem() as system:
        system.start(worker(diary))
        diary.until("works")
    assert diary.items == [("starts", 1), "works", "interrupted", ("stops", 1, Stopped())]


def test_what_interrupts_run_is_a_greenlet_exit(system: ActorSystem, diary: Record) -> None:
    def work(actor: Worker) -> None:
        actor.diary.add("works")
        try:
            Flag().wait()
        except Exception:  # noqa: BLE001
            actor.diary.add("an error")
        except GreenletExit:
            actor.diary.add("an exit")
            raise

    ref = system.start(worker(diary, work))
    diary.until("works")
    ref.stop()
    assert ref.join() == Normal()
    assert "an exit" in diary.items
    assert "an error" not in diary.items


def test_run_is_interrupted_where_it_waits_for_an_answer(
    system: ActorSystem, diary: Record
) -> None:
    gate, slow = Gate(), system.start(puppet("slow"))
    ref = system.start(worker(diary, lambda _: slow.ask(Ask(gate.pass_through), None)))
    gate.await_entry()
    ref.stop()
    assert ref.join() == Normal()
    gate.open()
    settle(slow)


def test_a_worker_that_stops_itself_is_interrupted_where_it_waits_next(
    system: ActorSystem, diary: Record
) -> None:
    def work(actor: Worker) -> None:
        actor.stop()
        actor.diary.add("goes on")
        idle(actor)

    ref = system.start(worker(diary, work))
    assert ref.join() == Normal()
    assert diary.items[1:4] == ["goes on", "works", "interrupted"]


@pytest.mark.parametrize(
    "how", ["ref.stop()", "ref.drain()", "stop()", "a failure in the background"]
)
def test_what_is_to_stop_in_its_on_start_does_not_begin_to_work(
    system: ActorSystem, diary: Record, how: str
) -> None:
    interrupt, reason = INTERRUPTIONS[how]

    def stop(actor: Worker) -> None:
        interrupt(actor.ref, actor)
        let_pass(1.0)

    ref = system.start(worker(diary, at_start=stop))
    assert ref.join() == reason
    assert diary.items == [("starts", 1), ("stops", 1, reason)]


def test_an_actor_whose_work_is_done_has_stopped_normally(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(worker(diary, nothing, restart=Restart.TRANSIENT))  # type: ignore[arg-type]
    assert ref.join() == Normal()
    assert diary.items == [("starts", 1), ("stops", 1, Normal())]


def test_a_permanent_actor_whose_work_is_done_begins_anew(
    system: ActorSystem, diary: Record
) -> None:
    team(system, [worker(diary, lambda _: let_pass(60.0), restart=Restart.PERMANENT)])
    diary.until(("starts", 3))
    assert diary.all(tuple)[:4] == [
        ("starts", 1),
        ("stops", 1, Normal()),
        ("starts", 2),
        ("stops", 2, Normal()),
    ]


def test_an_exception_in_run_is_a_crash(system: ActorSystem, diary: Record, events: Record) -> None:
    def work(actor: Worker) -> None:
        if actor.incarnation == 1:
            crash()
        idle(actor)

    team(system, [worker(diary, work, restart=Restart.TRANSIENT)])
    diary.until("works")
    reason = Crashed(BoomError("as told"))
    assert diary.items == [("starts", 1), ("stops", 1, reason), ("starts", 2), "works"]
    assert events.all(ActorFailed) == [ActorFailed("team/worker", 1, reason)]


def test_a_worker_that_is_killed_is_restarted(system: ActorSystem, diary: Record) -> None:
    team(system, [worker(diary, restart=Restart.TRANSIENT)])
    diary.until("works")
    ref = system.find("team/worker")
    assert ref is not None
    kill(ref)
    diary.until("works", 2)
    assert ("stops", 1, Killed()) in diary.items
    assert ref.is_alive


def test_run_that_does_not_end_when_it_is_interrupted_is_killed_in_time(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    def work(actor: Worker) -> None:
        try:
            idle(actor)
        except GreenletExit:
            Flag().wait()

    supervisor = team(system, [worker(diary, work, shutdown=3.0)])
    diary.until("works")
    ref = system.find("team/worker")
    assert ref is not None
    supervisor.ask(TerminateChild("worker"))
    assert ref.join() == Killed()
    assert events.all(ActorStuck) == []


def test_messages_to_a_worker_are_dead_letters(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref: ActorRef[Any] = system.start(worker(diary, at_start=lambda actor: actor.ref.tell(0)))  # type: ignore[arg-type]
    diary.until("works")
    ref.tell(1)
    ref.tell(None)
    events.expect(DeadLetter, 3)
    assert [letter.message for letter in events.all(DeadLetter)] == [0, 1, None]
    assert [event.message for event in events.all(MessageUnhandled)] == [0, 1, None]
    assert "interrupted" not in diary.items
    assert balance(ref) == (3, 3)


def test_a_worker_that_is_asked_does_not_handle_that(system: ActorSystem, diary: Record) -> None:
    ref: ActorRef[Any] = system.start(worker(diary))
    diary.until("works")
    with pytest.raises(UnhandledMessageError, match="worker does not handle"):
        ref.ask(Request())
    assert "interrupted" not in diary.items
    assert balance(ref) == (1, 1)


def test_a_worker_with_a_bounded_mailbox_makes_room_by_itself(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref: ActorRef[Any] = system.start(worker(diary, capacity=1))
    diary.until("works")
    for number in range(5):
        ref.tell(number)
    events.expect(DeadLetter, 5)
    assert [letter.message for letter in events.all(DeadLetter)] == list(range(5))


@pytest.mark.parametrize("work", [idle, nothing], ids=["interrupted", "done"])
def test_a_stop_during_on_stop_does_not_interrupt_it(
    system: ActorSystem, diary: Record, work: Work
) -> None:
    gate = Gate()

    def wait(actor: Worker) -> None:
        gate.pass_through()
        actor.diary.add("on_stop is over")

    ref = system.start(worker(diary, work, at_stop=wait))
    if work is idle:
        diary.until("works")
        ref.stop()
    gate.await_entry()
    ref.stop()
    ref.drain()
    let_pass(1.0)
    gate.open()
    assert ref.join() == Normal()
    assert diary.items.count("on_stop is over") == 1


def test_a_worker_goes_on_after_an_actor_that_it_watches_has_stopped(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    other = system.start(puppet("other", restart=Restart.TEMPORARY))
    system.start(worker(diary, at_start=lambda actor: actor.watch(other)))
    diary.until("works")
    other.stop()
    events.expect(DeadLetter)
    assert "interrupted" not in diary.items


def test_work_that_winds_down_is_not_interrupted_again(system: ActorSystem, diary: Record) -> None:
    class Careful(Actor[Never]):
        def run(self) -> None:
            try:
                Flag().wait()
            finally:
                diary.add("winds down")
                let_pass(1.0)
                diary.add("has wound down")

    ref = system.start(ChildSpec("careful", Careful, restart=Restart.TEMPORARY))
    ref.stop()
    diary.until("winds down")
    ref.stop()
    assert ref.join() == Normal()
    assert diary.items == ["winds down", "has wound down"]


def test_an_actor_that_has_not_been_started_has_no_checkpoints(diary: Record) -> None:
    with pytest.raises(ActorError, match="does not run in a system"):
        Worker(diary, idle, idle, idle).checkpoint()


def test_a_stop_that_comes_as_the_work_ends_does_not_interrupt_on_stop(diary: Record) -> None:
    def main(system: ActorSystem) -> None:
        gate, record = Gate(), Record()

        def wait(actor: Worker) -> None:
            let_pass(1.0)
            actor.diary.add("on_stop is over")

        ref = system.start(worker(record, lambda _: gate.pass_through(), at_stop=wait))
        gate.await_entry()
        gate.open()
        ref.stop()
        assert ref.join() == Normal()
        assert record.items.count("on_stop is over") == 1

    explore(main, seeds=range(20))


def test_one_that_takes_the_place_of_a_stuck_one_goes_on_to_listen(
    system: ActorSystem, events: Record
) -> None:
    is_free = Flag()

    class Stubborn(Actor[Never]):
        def run(self) -> None:
            while self.incarnation == 1 and not is_free.is_set():
                with suppress(GreenletExit):
                    is_free.wait()
            if self.incarnation > 1:
                gevent.sleep(3600.0)

    specs = [puppet("crasher"), ChildSpec("stubborn", Stubborn, shutdown=0.1)]
    team = ChildSpec("team", lambda: Supervisor(specs, strategy=Strategy.ONE_FOR_ALL))
    system.start(team)
    gevent.sleep(0.1)
    crasher = system.find("team/crasher")
    assert crasher is not None
    crasher.tell(Do(crash))
    gevent.sleep(10.0)
    is_free.set()
    gevent.sleep(0.1)
    second = system.find("team/stubborn")
    assert second is not None
    second.tell("word")
    gevent.sleep(0.1)
    assert DeadLetter("team/stubborn", "word", "the actor has no case for it") in events.items
