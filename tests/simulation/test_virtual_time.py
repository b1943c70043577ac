"""The block of virtual time: what it replaces is put back, and nothing is left of it."""

import math
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag

from rnd_actors.actors import Actor, ActorSystem, Request
from rnd_actors.errors import SettingsError
from rnd_actors.simulation import Simulated, VirtualTime, simulate
from rnd_actors.simulation._virtual_time import current_simulation
from rnd_actors.supervision import ChildSpec
from rnd_actors.testing import no_leaks


def test_the_hub_is_replaced_in_the_block_and_put_back_afterwards() -> None:
    before = gevent.get_hub()
    with VirtualTime() as time:
        assert gevent.get_hub() is not before
        assert current_simulation() is time
    assert gevent.get_hub() is before
    assert current_simulation() is None
    gevent.sleep(0)


def test_the_hub_is_put_back_after_an_error_and_the_error_comes_out() -> None:
    before = gevent.get_hub()
    with pytest.raises(ZeroDivisionError), VirtualTime():
        _ = 1 / 0
    assert gevent.get_hub() is before
    gevent.sleep(0)


def test_simulations_can_be_nested() -> None:
    def inner(system: ActorSystem) -> str:
        gevent.sleep(7.0)
        return system.start(ChildSpec("inner", Actor)).name

    def outer(system: ActorSystem) -> tuple[Simulated[str], bool]:
        gevent.sleep(1.0)
        simulated = simulate(inner)
        gevent.sleep(1.0)
        return simulated, system.start(ChildSpec("outer", Actor)).is_alive

    assert simulate(outer) == Simulated((Simulated("inner", 7.0), True), 2.0)


def test_an_actor_can_simulate_others() -> None:
    class Simulator(Actor[Request[float]]):
        def receive(self, message: Request[float]) -> None:
            self.reply(message, simulate(lambda _: gevent.sleep(60.0)).elapsed_s)

    def main(system: ActorSystem) -> float:
        return system.start(ChildSpec("simulator", Simulator)).ask(Request())

    assert simulate(main) == Simulated(60.0, 0.0)


def test_greenlets_that_are_left_are_killed_in_the_order_of_their_start() -> None:
    ended: list[int] = []

    def wait_for_ever(number: int) -> None:
        try:
            Flag().wait()
        finally:
            ended.append(number)

    with no_leaks(), VirtualTime(()):
        for number in range(30):
            gevent.spawn(wait_for_ever, number)
        gevent.sleep(0)
    assert ended == list(range(30))


def test_a_greenlet_of_another_hub_lives_on() -> None:
    gate = Flag()
    outside = gevent.spawn(gate.wait)
    gevent.sleep(0)
    with VirtualTime():
        gevent.sleep(1.0)
    assert not outside.dead
    gate.set()
    outside.join()


def test_a_greenlet_that_swallows_its_kill_is_waited_for_only_a_second() -> None:
    last_words: list[str] = []

    def live_on() -> None:
        try:
            Flag().wait()
        except gevent.GreenletExit:
            gevent.sleep(3600.0)
            last_words.append("never")

    with VirtualTime() as time:
        stubborn = gevent.spawn(live_on)
        gevent.sleep(5.0)
    assert (time.now, last_words) == (6.0, [])
    stubborn.throw(gevent.GreenletExit)


def test_what_main_returns_is_the_result_and_leaving_takes_its_time() -> None:
    class Slow(Actor[Any]):
        def on_stop(self, reason: object) -> None:
            gevent.sleep(2.0)

    def main(system: ActorSystem) -> str:
        system.start(ChildSpec("slow", Slow))
        gevent.sleep(3.0)
        return "done"

    assert simulate(main) == Simulated("done", 5.0)


def test_what_main_raises_comes_out_after_the_system_has_been_left() -> None:
    refs = []

    def main(system: ActorSystem) -> None:
        refs.append(system.start(ChildSpec("idle", Actor)))
        raise KeyError("no luck")

    with pytest.raises(KeyError, match="no luck"):
        simulate(main)
    assert not refs[0].is_alive


def test_a_simulation_beside_a_real_system_leaves_that_alone() -> None:
    trace: list[str] = []
    with ActorSystem() as real:
        simulate(lambda _: None, trace=trace.append)
        traced = len(trace)
        real.start(ChildSpec("idle", Actor)).tell("not traced")
    assert len(trace) == traced > 0


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_a_limit_is_above_zero(limit: float) -> None:
    with pytest.raises(SettingsError, match="limit takes seconds > 0; got"):
        VirtualTime(limit=limit)
