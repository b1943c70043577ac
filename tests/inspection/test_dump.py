"""A dump shows a whole system, also when a signal asks for it."""

import os
import signal
import time as clock
from io import StringIO
from typing import Any, Never

import gevent
import pytest

from rnd_actors.actors import Actor, ActorRef, ActorSystem
from rnd_actors.errors import ActorError, SettingsError
from rnd_actors.inspection import dump, dump_on_signal, inspect, suspend
from rnd_actors.supervision import Backoff, ChildSpec, CountChildren
from tests.actors.toys import (
    Ask,
    Began,
    Do,
    Ended,
    Gate,
    Note,
    Record,
    crash,
    found,
    in_turn,
    puppet,
    settle,
    start,
    supervise,
)
from tests.processes import PATIENCE_S


def spin_until(seen: Any) -> None:
    """Keep the loop busy until something is true, as a library in C would."""
    give_up_at = clock.perf_counter() + PATIENCE_S
    while not seen() and clock.perf_counter() < give_up_at:
        pass


def test_an_idle_system_is_its_tree(system: ActorSystem, one: ActorRef[Any]) -> None:
    assert dump(system).splitlines() == str(system.tree()).splitlines()
    assert "one Puppet #1 waits for a message" in dump(system)


def test_actors_that_are_not_idle_are_inspected(
    system: ActorSystem, one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    gate = Gate()
    one.tell(Do(gate.pass_through))
    gate.await_entry()
    one.tell(Note(1))
    suspended = start(supervise(system), puppet("suspended"))
    suspend(suspended)
    settle(other)
    text = dump(system)
    assert "\n\none Puppet #1 is busy with Do(" in text
    assert "\n  waiting: 1\n    Note(number=1)\n" in text
    assert "\n\nteam/suspended Puppet #1 waits for" in text
    assert "\n\nother " not in text
    assert "in pass_through" in text
    gate.open()
    settle(one)


def test_an_actor_that_has_not_noticed_its_message_yet_is_inspected(
    system: ActorSystem, one: ActorRef[Any]
) -> None:
    settle(one)
    one.tell(Note(1))
    assert "\n\none Puppet #1 waits for a message\n" in dump(system)


def test_an_actor_that_is_down_is_inspected(system: ActorSystem, diary: Record) -> None:
    backoff = Backoff(initial=100.0, maximum=100.0, jitter=0.0)
    team = supervise(system, [puppet("it", diary)], backoff=backoff)
    diary.expect(Began)
    down = found(system, "team/it")
    for number in (1, 2):  # the first restart is at once
        down.tell(Do(crash))
        diary.expect(Ended, number)
    team.ask(CountChildren())
    assert "\n\nteam/it  #2 is down (incarnation 2)\n" in dump(system)


def test_an_actor_can_dump_its_system(system: ActorSystem, one: ActorRef[Any]) -> None:
    text = one.ask(Ask(lambda _: dump(system)))
    assert "\n\none Puppet #1 is busy with Ask(" in text


def test_a_dump_is_bounded_and_says_what_is_left_out(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    busy = in_turn(lambda it: it.diary.add("busy"), gate.pass_through)
    refs = [system.start(puppet(f"it{number}", diary)) for number in range(600)]
    for ref in refs:
        ref.tell(Do(busy))
        ref.tell("x" * 100_000)
    diary.until("busy", 600)
    text = dump(system)
    assert "\n… and 101 more actors\n" in text
    assert text.endswith("\n… and 550 more that are not idle")
    assert len(text) < 500_000
    gate.open()
    for ref in refs:
        settle(ref)


def test_a_system_that_was_left_or_not_entered(one: ActorRef[Any]) -> None:
    with ActorSystem() as inner:
        inner.start(puppet("it"))
    assert "\n\nsystem  #1 has stopped for good: shutdown\n" in dump(inner)
    with pytest.raises(ActorError, match="actors live in an entered system"):
        dump(ActorSystem())


def test_a_signal_prints_it(system: ActorSystem, one: ActorRef[Any]) -> None:
    printed = StringIO()
    with dump_on_signal(system, file=printed):
        os.kill(os.getpid(), signal.SIGUSR1)
        spin_until(printed.getvalue)
    assert printed.getvalue() == f"{dump(system)}\n"


def test_a_signal_shows_where_an_actor_keeps_the_loop_busy(
    system: ActorSystem, one: ActorRef[Any]
) -> None:
    printed = StringIO()

    def spin(_: object) -> None:
        os.kill(os.getpid(), signal.SIGUSR2)
        spin_until(printed.getvalue)

    with dump_on_signal(system, signal.SIGUSR2, printed):
        one.ask(Ask(spin))
    text = printed.getvalue()
    assert "one Puppet #1 is busy with Ask(" in text
    assert "in spin" in text
    assert "inspection/_dump.py" not in text


def test_it_goes_to_stderr_and_the_handler_is_restored(
    system: ActorSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    former = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with dump_on_signal(system):
            os.kill(os.getpid(), signal.SIGUSR1)
            gevent.sleep(0)
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert capsys.readouterr().err == f"{dump(system)}\n"


def test_a_file_that_takes_nothing_hurts_nobody(system: ActorSystem, one: ActorRef[Any]) -> None:
    closed = StringIO()
    closed.close()
    seen: list[int] = []

    def spin(_: object) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        seen.append(1)

    with dump_on_signal(system, file=closed):
        one.ask(Ask(spin))
    settle(one)
    assert seen == [1]


def test_a_hook_that_raises_hurts_nobody(system: ActorSystem, one: ActorRef[Any]) -> None:
    printed = StringIO()

    def break_and_spin(it: Any) -> None:
        it.inspected = crash
        os.kill(os.getpid(), signal.SIGUSR1)
        spin_until(printed.getvalue)

    with dump_on_signal(system, file=printed):
        one.ask(Ask(break_and_spin))
    assert "inspected() = raises BoomError: as told" in printed.getvalue()


def test_what_is_no_signal_is_refused(system: ActorSystem) -> None:
    with (
        pytest.raises(SettingsError, match="number takes a member of Signals; got 10"),
        dump_on_signal(system, 10),  # type: ignore[arg-type]
    ):
        pass


def test_it_covers_a_system_from_its_beginning_to_its_end() -> None:
    printed, system = StringIO(), ActorSystem()

    def kill_and_spin(_: object) -> None:
        printed.truncate(0)
        os.kill(os.getpid(), signal.SIGUSR1)
        spin_until(printed.getvalue)

    with dump_on_signal(system, file=printed):
        kill_and_spin(None)
        assert "actors live in an entered system" in printed.getvalue()
        with system:
            system.start(puppet("it", at_stop=kill_and_spin))
        assert "it Puppet #1 is busy" in printed.getvalue()
        assert "in on_stop" in printed.getvalue()


class Unlooked(Actor[Never]):
    def inspected(self) -> dict[str, object]:
        raise GeneratorExit


def test_a_state_that_raises_anything_is_shown_so(system: ActorSystem) -> None:
    ref = system.start(ChildSpec("unlooked", Unlooked))
    assert inspect(ref).state == {"inspected()": "raises GeneratorExit"}


@pytest.mark.parametrize("file", ["x.txt", 7, object()], ids=str)
def test_what_cannot_be_written_to_is_refused_at_once(system: ActorSystem, file: Any) -> None:
    with pytest.raises(SettingsError, match="file takes a file of text, or None"):
        dump_on_signal(system, file=file).__enter__()


def test_a_signal_that_nobody_can_handle_is_refused(system: ActorSystem) -> None:
    with pytest.raises(SettingsError, match="number takes a signal that a program can handle"):
        dump_on_signal(system, signal.SIGKILL).__enter__()


def test_a_name_cannot_steer_the_terminal(system: ActorSystem) -> None:
    ref = system.start(puppet("\x1b[2J"))
    assert "\x1b" not in str(inspect(ref))
