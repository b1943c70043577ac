"""All of the framework in virtual time, to the exact second."""

import math
import time
from typing import Any

import gevent
import pytest

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    ExitReason,
    Overflow,
    Request,
    Terminated,
)
from rnd_actors.errors import AskTimeoutError, RestartIntensityError
from rnd_actors.supervision import (
    BRUTAL_KILL,
    Backoff,
    ChildDown,
    ChildSpec,
    Delegated,
    Restart,
    RestartChild,
    RestartIntensity,
    Supervisor,
)
from rnd_actors.testing import Probe
from tests.actors.toys import (
    Began,
    BoomError,
    Do,
    Ended,
    Note,
    Puppet,
    Record,
    crash,
    hang,
    puppet,
    supervise,
)


class Dated(Record):
    """A diary that notes the virtual time of each entry."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def add(self, item: object) -> None:
        self.times.append(time.monotonic())
        super().add(item)

    def when(self, kind: type) -> list[float]:
        return [at for at, item in zip(self.times, self.items, strict=True) if type(item) is kind]


class Lazy(Actor[Request[Any]]):
    def receive(self, message: Request[Any]) -> None:
        self.defer(message)


def test_an_ask_times_out_after_its_seconds(simulated_system: ActorSystem) -> None:
    ref = simulated_system.start(ChildSpec("lazy", Lazy))
    with pytest.raises(AskTimeoutError, match="within 7 s"):
        ref.ask(Request(), timeout=7.0)
    assert time.monotonic() == 7.0


def test_a_child_that_always_crashes_is_restarted_after_its_backoff(
    simulated_system: ActorSystem,
) -> None:
    diary = Dated()
    backoff = Backoff(initial=1.0, maximum=5.0, jitter=0.0)

    def crash_later(puppet: Puppet) -> None:
        puppet.after(0.0, Do(crash))

    team = supervise(
        simulated_system,
        [puppet("child", diary, at_start=crash_later)],
        intensity=RestartIntensity(max_restarts=5, within=60.0),
        backoff=backoff,
    )
    reason = team.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)
    assert diary.when(Began) == [0.0, 0.0, 1.0, 3.0, 7.0, 12.0]


def test_a_restart_intensity_is_spent_only_within_its_seconds(
    simulated_system: ActorSystem,
) -> None:
    diary = Dated()

    def crash_in_ten_seconds(puppet: Puppet) -> None:
        puppet.after(10.0, Do(crash))

    team = supervise(
        simulated_system,
        [puppet("child", diary, at_start=crash_in_ten_seconds)],
        intensity=RestartIntensity(max_restarts=2, within=19.0),
        backoff=Backoff(initial=0.5, maximum=0.5, jitter=0.0),
    )
    gevent.sleep(60.0)
    assert team.is_alive
    assert diary.when(Began) == [0.0, 10.0, 20.5, 31.0, 41.5, 52.0]


@pytest.mark.parametrize(("limit", "seconds"), [(BRUTAL_KILL, 0.0), (2.5, 2.5), (60.0, 60.0)])
def test_an_actor_that_hangs_is_killed_at_its_limit(
    simulated_system: ActorSystem, limit: float, seconds: float
) -> None:
    diary = Dated()
    with ActorSystem() as system:
        system.start(puppet("hung", diary, shutdown=limit)).tell(Do(hang))
        gevent.sleep(1.0)
    assert diary.when(Ended) == [1.0 + seconds]


def test_timers_fire_at_their_times(simulated_system: ActorSystem) -> None:
    diary = Dated()

    def set_timers(puppet: Puppet) -> None:
        puppet.after(5.0, Note(1))
        puppet.every(2.0, "tick")
        puppet.after(3.0, Note(2)).cancel()

    simulated_system.start(puppet("puppet", diary, at_start=set_timers))
    gevent.sleep(7.0)
    assert diary.when(Note) == [5.0]
    assert diary.when(str) == [2.0, 4.0, 6.0]


def test_background_work_goes_on_beside_and_crashes_its_actor(
    simulated_system: ActorSystem,
) -> None:
    diary = Dated()

    def work() -> None:
        gevent.sleep(3.0)
        crash()

    def begin(puppet: Puppet) -> None:
        puppet.background(work)
        puppet.every(2.0, "tick")

    ref = simulated_system.start(puppet("worker", diary, at_start=begin, restart=Restart.TEMPORARY))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, BoomError)
    assert (diary.when(str), diary.when(Ended)) == ([2.0], [3.0])


def test_the_end_of_another_is_told_when_it_comes(simulated_system: ActorSystem) -> None:
    diary = Dated()
    watched = simulated_system.start(puppet("watched", restart=Restart.TEMPORARY))
    simulated_system.start(puppet("watcher", diary, at_start=lambda puppet: puppet.watch(watched)))
    gevent.sleep(4.0)
    watched.stop()
    gevent.sleep(4.0)
    assert diary.when(Terminated) == [4.0]


class Patient(Actor[Delegated]):
    """Has a child started again a minute after its end."""

    def receive(self, message: Delegated) -> None:
        match message:
            case ChildDown():
                self.background(self._restart_later, message)

    def _restart_later(self, down: ChildDown) -> None:
        gevent.sleep(60.0)
        down.supervisor.tell(RestartChild(down.child_id))


def test_a_delegated_restart_comes_when_it_is_decided(simulated_system: ActorSystem) -> None:
    diary = Dated()
    decider: ActorRef[Delegated] = simulated_system.start(ChildSpec("decider", Patient))
    child = puppet("child", diary, restart=Restart.DELEGATED, decider=decider)
    supervise(simulated_system, [child])
    gevent.sleep(1.0)
    ref = simulated_system.find("team/child")
    assert ref is not None
    ref.tell(Do(crash))
    gevent.sleep(100.0)
    assert diary.when(Began) == [0.0, 61.0]


def test_a_full_mailbox_slows_its_sender_down(simulated_system: ActorSystem) -> None:
    def take_a_second(_: Puppet) -> None:
        gevent.sleep(1.0)

    ref = simulated_system.start(puppet("slow", capacity=2, overflow=Overflow.BLOCK))
    sent = []
    for _ in range(6):
        ref.tell(Do(take_a_second))
        sent.append(time.monotonic())
    assert sent == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]
    with pytest.raises(AskTimeoutError, match=r"no room for .* within 0\.25 s"):
        ref.ask(Request(), timeout=0.25)
    assert time.monotonic() == 3.25


def test_an_actor_is_as_busy_as_it_was_in_virtual_time(simulated_system: ActorSystem) -> None:
    ref = simulated_system.start(puppet("puppet"))
    ref.tell(Do(lambda _: gevent.sleep(3.0)))
    gevent.sleep(10.0)
    assert ref.stats().busy_s == 3.0


def test_a_probe_waits_in_virtual_time(simulated_system: ActorSystem) -> None:
    probe = Probe(simulated_system, timeout=math.inf)
    simulated_system.start(
        puppet("puppet", at_start=lambda puppet: puppet.background(tell_tomorrow, probe))
    )
    probe.expect_none(within=86_000.0)
    assert probe.expect(str) == "good morning"


def tell_tomorrow(probe: Probe) -> None:
    gevent.sleep(86_400.0 - 1.0)
    probe.ref.tell("good morning")


def test_a_supervisor_ends_its_children_one_after_the_other(
    simulated_system: ActorSystem,
) -> None:
    diary = Dated()

    def take(seconds: float) -> Any:
        return lambda _: gevent.sleep(seconds)

    with ActorSystem() as system:
        specs = [puppet(str(seconds), diary, at_stop=take(seconds)) for seconds in (1.0, 2.0, 4.0)]
        system.start(ChildSpec("team", lambda: Supervisor(specs), shutdown=math.inf))
    reasons: list[ExitReason] = [entry.reason for entry in diary.all(Ended)]
    assert len(reasons) == 3
    assert diary.when(Ended) == [0.0, 4.0, 6.0]
    assert time.monotonic() == 7.0
