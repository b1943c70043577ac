"""How machines are written: what their classes need, and what they may leave out."""

from typing import Any

import pytest
from attrs import define

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.errors import ActorClassError, ActorError
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import Note, Record
from tests.state_machine.toys import GREEN, RED, Entered, Toy, going_to, state_of, toy


class Starting(Toy):
    """Has an `on_start` of its own, which does not call the one of its base."""

    def on_start(self) -> None:
        self.diary.add("on_start")


def test_on_start_comes_before_the_initial_state_and_need_not_call_its_base(
    system: ActorSystem, diary: Record
) -> None:
    system.start(toy(diary, kind=Starting))
    assert diary.items == ["on_start", Entered(RED, None)]


def test_on_start_may_call_its_base(system: ActorSystem, diary: Record) -> None:
    class Twice(Starting):
        def on_start(self) -> None:
            super().on_start()
            self.diary.add("on_start, again")

    system.start(toy(diary, kind=Twice))
    assert diary.items == ["on_start", "on_start, again", Entered(RED, None)]


def test_an_inherited_on_start_enters_the_initial_state_once(
    system: ActorSystem, diary: Record
) -> None:
    class Heir(Starting):
        pass

    system.start(toy(diary, kind=Heir))
    assert diary.items == ["on_start", Entered(RED, None)]


def test_the_on_start_of_a_mixin_comes_before_the_initial_state(
    system: ActorSystem, diary: Record
) -> None:
    class Mixin(Actor[Any]):
        def on_start(self) -> None:
            diary.add("mixin")

    class Mixed(Mixin, Starting):
        pass

    system.start(toy(diary, kind=Mixed))
    assert diary.items == ["mixin", Entered(RED, None)]


def test_a_machine_that_attrs_makes_enters_its_initial_state_once(
    system: ActorSystem, diary: Record
) -> None:
    @define(eq=False)
    class Made(StateMachine[Any, Note]):
        diary: Record
        initial_state: Any = GREEN

        def on_start(self) -> None:
            self.diary.add("on_start")

        def handle(self, state: Any, message: Note) -> None:
            self.diary.add(state)

        def on_enter(self, state: Any, previous: Any) -> None:
            self.diary.add(Entered(state, previous))

    system.start(ChildSpec("made", lambda: Made(diary))).tell(Note(1))
    diary.until(GREEN)
    assert diary.items == ["on_start", Entered(GREEN, None), GREEN]


def test_each_instance_may_have_an_initial_state_of_its_own(
    system: ActorSystem, diary: Record
) -> None:
    class Configured(Toy):
        def __init__(self, diary: Record) -> None:
            super().__init__(diary)
            self.initial_state = GREEN

    ref = system.start(toy(diary, kind=Configured))
    assert state_of(ref) is GREEN
    assert diary.items == [Entered(GREEN, None)]


def test_the_present_state_is_the_initial_one_until_that_is_entered(
    system: ActorSystem, diary: Record
) -> None:
    class Early(Toy):
        def on_start(self) -> None:
            diary.add((self.state, self.time_in_state))

    system.start(toy(diary, kind=Early))
    assert diary.items[0] == (RED, 0.0)


def test_a_machine_without_an_initial_state_cannot_start(system: ActorSystem) -> None:
    class Lost(StateMachine[int, Note]):
        def handle(self, state: int, message: Note) -> None: ...

    with pytest.raises(ActorClassError, match=r"Lost has no initial_state; set it in the class"):
        system.start(ChildSpec("lost", Lost, restart=Restart.TEMPORARY))


def test_a_machine_that_accepts_messages_needs_a_handle() -> None:
    with pytest.raises(ActorClassError, match=r"Forgetful accepts .* but has no handle\(\)"):

        class Forgetful(StateMachine[int, Note]):
            initial_state = 0

            def receive(self, message: Note) -> None: ...


@pytest.mark.parametrize("hook", ["handle", "on_enter", "on_exit", "on_timeout"])
def test_a_hook_of_a_machine_is_a_plain_method(hook: str) -> None:
    async def wait(self: object, *args: object) -> None: ...
    def give(self: object, *args: object) -> Any:
        yield

    for wrong in (wait, give):
        with pytest.raises(ActorClassError, match=rf"Wrong\.{hook}\(\) is a coroutine or a gen"):
            type("Wrong", (Toy,), {hook: wrong})


def test_a_generic_machine_may_leave_handle_to_its_subclasses(
    system: ActorSystem, diary: Record
) -> None:
    class Doubtful(StateMachine):  # type: ignore[type-arg]
        initial_state = RED

    class Sure(Doubtful):
        def handle(self, state: Any, message: Any) -> None:
            diary.add(message)

    system.start(ChildSpec("sure", Sure)).tell(Note(1))
    diary.until(Note(1))


def test_a_hook_may_have_a_decorator_that_forgets_its_name(
    system: ActorSystem, diary: Record
) -> None:
    def traced(handle: Any) -> Any:
        def call(self: Toy, state: Any, message: Any) -> None:
            handle(self, state, message)

        return call

    class Traced(Toy):
        handle = traced(Toy.handle)

    ref = system.start(toy(diary, kind=Traced))
    ref.tell(going_to(GREEN))
    assert state_of(ref) is GREEN


def test_a_machine_outside_of_a_system_cannot_change_its_state(diary: Record) -> None:
    with pytest.raises(ActorError):
        Toy(diary).go_to(GREEN)


def test_a_machine_becomes_nothing_else(system: ActorSystem) -> None:
    class Chameleon(StateMachine[str, str]):
        initial_state = "grey"

        def handle(self, state: str, message: str) -> None:
            self.become(print)

    ref = system.start(ChildSpec("chameleon", Chameleon, restart=Restart.TEMPORARY))
    ref.tell("green")
    reason = ref.join()
    assert "Chameleon is a state machine: it changes with go_to()" in str(reason)
