"""What `inspect` shows of an actor, whatever it is and whatever state it is in."""

import re
from collections.abc import Mapping
from enum import Enum
from math import ceil
from typing import Any, Never

import pytest
from attrs import define, frozen
from rich.console import Console

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Overflow
from rnd_actors.errors import SettingsError
from rnd_actors.inspection import Inspection, inspect, trace
from rnd_actors.registry import Registry
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import Backoff, ChildSpec, CountChildren, Restart
from tests.actors.toys import (
    Ask,
    Began,
    Do,
    Ended,
    Gate,
    Note,
    Record,
    crash,
    let_pass,
    nothing,
    puppet,
    settle,
    start,
    start_soon,
    supervise,
)


class Stateful(Actor[Any]):
    """Has the state that a test gives it."""

    def __init__(self, **state: object) -> None:
        vars(self).update(state)


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError("no\nway")


def inspected(system: ActorSystem, make: Any) -> Inspection:
    return inspect(system.start(ChildSpec("it", make)))


def test_the_state_is_the_public_attributes(system: ActorSystem) -> None:
    it = inspected(system, lambda: Stateful(total=42, names=["a"], _hidden=1))
    assert it.state == {"total": "42", "names": "['a']"}
    assert (it.name, it.kind, it.incarnation, it.doing) == (
        "it",
        "Stateful",
        1,
        "waits for a message",
    )


def test_the_fields_of_an_attrs_class_are_shown_without_those_that_are_unset(
    system: ActorSystem,
) -> None:
    @define(slots=True, eq=False)
    class Counter(Actor[Any]):
        total: int = 42
        _hidden: int = 1

        def on_start(self) -> None:
            del self.total
            self.late = "yes"

    assert inspected(system, Counter).state == {"late": "'yes'"}


def test_an_actor_says_itself_what_is_shown(system: ActorSystem) -> None:
    class Discreet(Actor[Any]):
        password = "1234"

        def inspected(self) -> Mapping[str, object]:
            return {"password": "*" * len(self.password)}

    assert inspected(system, Discreet).state == {"password": "'****'"}


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (lambda: 1 / 0, "raises ZeroDivisionError: division by zero"),
        (lambda: 42, "raises AttributeError: 'int' object has no attribute 'items'"),
    ],
    ids=["an error", "no mapping"],
)
def test_a_hook_that_fails_is_shown_instead(system: ActorSystem, result: Any, shown: str) -> None:
    class Broken(Actor[Any]):
        def inspected(self) -> Any:
            return result()

    assert inspected(system, Broken).state == {"inspected()": shown}


def test_names_that_cannot_be_printed_are_shown_as_that(system: ActorSystem) -> None:
    class Odd(Actor[Any]):
        def inspected(self) -> Any:
            return {Unprintable(): 1}

    (name,) = inspected(system, Odd).state
    assert name.startswith("<Unprintable, whose str raises ValueError>")


def test_a_state_machine_shows_its_state(system: ActorSystem) -> None:
    gate = Enum("gate", ["OPEN", "SHUT"])

    class Door(StateMachine[Any, Any]):
        initial_state = gate.SHUT

        def __init__(self) -> None:
            self.code = "271"

        def handle(self, state: Any, message: Any) -> None:
            self.unhandled(message)

    assert inspected(system, Door).state == {"state": "<gate.SHUT: 2>", "code": "'271'"}


def test_a_value_that_cannot_be_printed_is_shown_as_that(system: ActorSystem) -> None:
    it = inspected(system, lambda: Stateful(bad=Unprintable()))
    assert it.state == {"bad": "<Unprintable, whose repr raises ValueError>"}


def test_texts_are_one_line_of_bounded_length(system: ActorSystem) -> None:
    class Odd:
        def __repr__(self) -> str:
            return "\x1b[31m\n" + "x" * 1_000_000

    shown = inspected(system, lambda: Stateful(odd=Odd())).state["odd"]
    assert shown.startswith("\\x1b[31m\\nxxx")
    assert shown.endswith("xxx… and 999806 more characters")
    assert len(shown) < 300


def test_of_very_many_attributes_fifty_are_shown(system: ActorSystem) -> None:
    state = inspected(system, lambda: Stateful(**{f"a{i}": i for i in range(1000)})).state
    assert len(state) == 51
    assert state["…"] == "and 950 more"


def test_the_oldest_messages_are_shown_and_all_are_counted(system: ActorSystem) -> None:
    gate = Gate()
    ref = system.start(puppet("it"))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    for number in range(100_000):
        ref.tell(Note(number))
    it = inspect(ref)
    assert it.waiting == tuple(repr(Note(number)) for number in range(10))
    assert it.stats.mailbox == 100_000
    assert "waiting: 100000" in str(it)
    assert "… and 99990 more" in str(it)
    assert len(str(it)) < 10_000
    gate.open()
    settle(ref)


def test_messages_wait_on_after_they_were_shown(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    ref = system.start(puppet("it", diary, capacity=9, overflow=Overflow.BLOCK))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    answer = ref.ask_future(Ask(nothing))
    ref._cell.post(Note(1))
    ref.drain()
    ref.tell("\x1b[2J")
    assert inspect(ref).waiting == (repr(Ask(nothing)), repr(Note(1)), r"'\x1b[2J'")
    gate.open()
    answer.get()
    settle(ref)
    assert diary.items[-1] == "\x1b[2J"
    assert diary.all(Note) == [Note(1)]


def test_timers_that_have_fired_take_no_place_among_the_messages(
    one: ActorRef[Any], diary: Record
) -> None:
    gate = Gate()

    def set_timers(it: Any) -> None:
        for key in range(20):
            it.set_timer(key, 0.01, Note(key))

    one.ask(Ask(set_timers))
    one.tell(Do(gate.pass_through))
    gate.await_entry()
    let_pass(0.05)
    for number in range(11):
        one.tell(Note(number))
    it = inspect(one)
    assert it.waiting == tuple(repr(Note(number)) for number in range(10))
    assert it.stats.mailbox == 11
    assert set(it.timers.values()) == {0.0}
    gate.open()
    settle(one)


def test_timers_are_shown_by_key(system: ActorSystem) -> None:
    def set_timers(it: Any) -> None:
        it.set_timer("tick", 100.0, Note(1))
        it.set_timer(("a", 1), 50.0, Note(2), repeat=True)
        it.after(10.0, Note(3))

    it = inspect(system.start(puppet("it", at_start=set_timers)))
    assert list(it.timers) == ["'tick'", "('a', 1)"]
    assert [ceil(left / 10) for left in it.timers.values()] == [10, 5]  # a machine may be busy
    assert it.timers_without_key == 1
    assert re.search(r"\n    'tick' in \d+\.\d s\n", str(it))


def test_watchers_are_shown_by_name(system: ActorSystem, one: ActorRef[Any]) -> None:
    for number in range(20):
        system.start(puppet(f"watcher{number}", at_start=lambda it: it.watch(one)))
    it = inspect(one)
    assert it.watchers == tuple(f"watcher{number}" for number in range(20))
    assert "watcher8, watcher9 and 10 more" in str(it)


def test_watchers_that_are_no_actors_are_left_out(one: ActorRef[Any], other: ActorRef[Any]) -> None:
    Registry[str]().register("it", one)
    other.ask(Ask(lambda it: it.watch(one)))
    with trace(one):
        assert inspect(one).watchers == ("other",)


def test_what_an_actor_waits_for_and_where_is_shown(
    system: ActorSystem, one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    gate = Gate()

    def ask_the_other(_: object) -> None:
        other.ask(Ask(gate.pass_through), timeout=None)

    one.tell(Do(ask_the_other))
    gate.await_entry()
    it = inspect(one)
    assert it.doing.startswith("waits for the answer of other to Ask(action=")
    assert "in ask_the_other" in it.stack
    assert "in pass_through" in inspect(other).stack
    gate.open()
    settle(one)


def test_a_deep_stack_is_shown_from_inside(system: ActorSystem, one: ActorRef[Any]) -> None:
    gate = Gate()

    def dive(depth: int) -> None:
        dive(depth - 1) if depth else gate.pass_through()

    one.tell(Do(lambda _: dive(200)))
    gate.await_entry()
    stack = inspect(one).stack
    assert "in pass_through" in stack
    assert "in dive" in stack
    assert "_serve" not in stack
    gate.open()
    settle(one)


def test_an_actor_can_inspect_itself(one: ActorRef[Any]) -> None:
    def look(it: Any) -> Inspection:
        return inspect(it.ref)

    it = one.ask(Ask(look))
    assert it.doing.startswith("is busy with Ask(action=")
    assert it.stack.rstrip().endswith("return inspect(it.ref)")


def test_an_actor_in_its_on_start_is_shown(system: ActorSystem) -> None:
    gate = Gate()
    started = start_soon(system, puppet("it", at_start=gate.pass_through))
    gate.await_entry()
    ref = system.find("it")
    assert ref is not None
    assert inspect(ref).doing == "is busy"
    assert "in on_start" in inspect(ref).stack
    gate.open()
    assert started.get() == ref


def test_an_actor_that_is_being_made_is_shown(system: ActorSystem) -> None:
    gate = Gate()

    def make() -> Stateful:
        gate.pass_through()
        return Stateful()

    started = start_soon(system, ChildSpec("it", make))
    gate.await_entry()
    it = inspect(system.find("it"))  # type: ignore[arg-type]
    assert (it.kind, it.state, it.doing) == ("", {}, "is busy")
    gate.open()
    started.get()


def test_an_actor_that_is_down_is_shown(system: ActorSystem, diary: Record) -> None:
    team = supervise(system, backoff=Backoff(initial=100.0, maximum=100.0, jitter=0.0))
    ref = start(team, puppet("it", diary))
    ref.tell(Do(crash))
    diary.expect(Began, 2)  # the first restart is at once
    ref.tell(Do(crash))
    ref.tell(Note(1))
    diary.expect(Ended, 2)
    team.ask(CountChildren())
    it = inspect(ref)
    assert (it.doing, it.kind, it.stack, it.state) == ("is down (incarnation 2)", "", "", {})
    assert it.waiting == (repr(Note(1)),)


def test_a_dead_actor_is_shown_with_its_end(one: ActorRef[Any]) -> None:
    one.stop()
    one.join()
    it = inspect(one)
    assert (it.doing, it.kind, it.stack) == ("has stopped for good: normal", "", "")
    assert it.stats.handled == 0
    assert str(it).startswith("one  #1 has stopped for good: normal\n")


def test_a_supervisor_and_the_root_are_shown_with_their_settings(system: ActorSystem) -> None:
    team = supervise(system, [puppet("a"), puppet("b")])
    it = inspect(team)
    assert it.kind == "Supervisor"
    assert it.state["children"] == "ChildCounts(specs=2, active=2, supervisors=0, workers=2)"
    assert it.state["backoff"] == "Backoff(initial=1.0, maximum=2.0, factor=2.0, jitter=0.0)"
    assert inspect(system.root).name == "system"


def test_an_actor_with_work_of_its_own_is_shown(system: ActorSystem) -> None:
    gate = Gate()

    class Worker(Actor[Never]):
        def run(self) -> None:
            gate.pass_through()

    ref = system.start(ChildSpec("it", Worker, restart=Restart.TEMPORARY))
    gate.await_entry()
    it = inspect(ref)
    assert it.kind == "Worker"
    assert "in run" in it.stack
    gate.open()
    ref.join()


def test_rich_prints_the_same_page(one: ActorRef[Any]) -> None:
    it = inspect(one)
    console = Console(width=1_000, color_system=None)
    with console.capture() as captured:
        console.print(it)
    assert captured.get() == f"{it}\n"


def test_what_is_no_ref_is_refused() -> None:
    with pytest.raises(SettingsError, match="ref takes an ActorRef; got 'one'"):
        inspect("one")  # type: ignore[arg-type]


@frozen
class Money:
    amount: int


def test_an_inspection_does_not_change_later(system: ActorSystem) -> None:
    ref = system.start(puppet("it", at_start=lambda it: setattr(it, "account", Money(1))))
    before = inspect(ref)
    ref.tell(Do(lambda it: setattr(it, "account", Money(2))))
    settle(ref)
    assert before.state["account"] == "Money(amount=1)"
    assert inspect(ref).state["account"] == "Money(amount=2)"
