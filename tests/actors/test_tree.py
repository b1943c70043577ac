"""What a system says of itself: its tree, its names and its stats."""

from io import StringIO

import pytest
from attrs import frozen
from rich.console import Console

from rnd_actors.actors import Actor, ActorInfo, ActorRef, ActorSystem
from rnd_actors.supervision import ChildSpec, Restart, RestartChild, TerminateChild
from tests.actors.toys import (
    Ask,
    Do,
    Gate,
    Note,
    Record,
    busy_for,
    crash,
    puppet,
    settle,
    start,
)
from tests.actors.toys_supervision import down, running, supervisor, team, up

WORK_S = 3.0
work = busy_for(WORK_S)


def info(system: ActorSystem, name: str) -> ActorInfo:
    (found,) = [info for info in system.tree() if info.name == name]
    return found


@pytest.fixture
def family(system: ActorSystem) -> ActorSystem:
    """A system with two levels below its root."""
    boss = team(system, [puppet("a"), supervisor("inner", [puppet("leaf")])])
    inner = start(boss, puppet("b"))
    settle(inner)
    settle(found(system, "team/inner/leaf"))
    return system


def found(system: ActorSystem, name: str) -> ActorRef[object]:
    ref = system.find(name)
    assert ref is not None, name
    return ref


def test_the_tree_has_all_actors_each_before_its_children(family: ActorSystem) -> None:
    assert [info.name for info in family.tree()] == [
        "system",
        "team",
        "team/a",
        "team/inner",
        "team/inner/leaf",
        "team/b",
    ]


def test_the_tree_nests_children_in_their_supervisors(family: ActorSystem) -> None:
    (top,) = family.tree().children
    assert [info.name for info in top.children] == ["team/a", "team/inner", "team/b"]
    assert [info.name for info in top.children[1].children] == ["team/inner/leaf"]


def test_the_tree_shows_children_in_start_order_also_when_one_was_started_again(
    system: ActorSystem,
) -> None:
    boss = team(system, [puppet("a"), puppet("b")])
    running(boss)
    boss.ask(TerminateChild("a"))
    settle(boss.ask(RestartChild("a")))
    assert [info.name for info in system.tree()] == ["system", "team", "team/a", "team/b"]


def test_the_tree_of_an_empty_system_is_its_root() -> None:
    with ActorSystem() as system:
        (root,) = system.tree()
        assert (root.name, root.children) == ("system", ())


def test_the_tree_names_the_classes(family: ActorSystem) -> None:
    kinds = {info.name: info.kind for info in family.tree()}
    assert (kinds["team"], kinds["team/a"]) == ("Supervisor", "Puppet")


def test_the_tree_tells_the_incarnation(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("a", diary))
    ref.tell(Do(crash))
    up(diary, "a", 2)
    assert info(system, "a").incarnation == 2


def test_the_tree_tells_who_waits_for_a_message(family: ActorSystem) -> None:
    assert info(family, "team/a").doing == "waits for a message"


def test_the_tree_tells_with_what_an_actor_is_busy(system: ActorSystem) -> None:
    gate = Gate()
    message = Do(gate.pass_through)
    system.start(puppet("a")).tell(message)
    gate.await_entry()
    assert info(system, "a").doing == f"is busy with {message!r}"
    gate.open()


def test_the_tree_tells_for_whose_answer_an_actor_waits(system: ActorSystem) -> None:
    gate = Gate()
    other = system.start(puppet("other"))
    request = Ask(gate.pass_through)
    system.start(puppet("a")).tell(Do(lambda _: other.ask(request)))
    gate.await_entry()
    assert info(system, "a").doing == f"waits for the answer of other to {request!r}"
    gate.open()


def test_what_background_work_waits_for_is_not_what_its_actor_waits_for(
    system: ActorSystem,
) -> None:
    gate = Gate()
    other = system.start(puppet("other"))
    ref = system.start(puppet("a"))
    ref.tell(Do(lambda puppet: puppet.background(other.ask, Ask(gate.pass_through))))
    gate.await_entry()
    settle(ref)
    assert info(system, "a").doing == "waits for a message"
    gate.open()


def test_the_tree_tells_who_is_down_and_has_no_class_for_it(
    system: ActorSystem, events: Record
) -> None:
    decider = system.start(puppet("decider"))
    ref = system.start(puppet("a", restart=Restart.DELEGATED, decider=decider))
    ref.tell(Do(crash))
    down(events, "a", 1)
    found = info(system, "a")
    assert (found.doing, found.kind) == ("is down (incarnation 1)", "")


def test_the_tree_is_a_picture_of_that_moment(system: ActorSystem) -> None:
    tree = system.tree()
    system.start(puppet("a"))
    assert [info.name for info in tree] == ["system"]


def test_the_tree_leaves_out_who_has_ended_for_good(system: ActorSystem) -> None:
    boss = team(system, [puppet("a"), puppet("b")])
    running(boss)
    boss.ask(TerminateChild("a"))
    assert [info.name for info in system.tree()] == ["system", "team", "team/b"]


def test_the_text_of_a_tree_has_an_indented_line_for_each_actor(family: ActorSystem) -> None:
    lines = str(family.tree()).splitlines()
    assert [line.split(" #")[0] for line in lines] == [
        "system Supervisor",
        "  team Supervisor",
        "    a Puppet",
        "    inner Supervisor",
        "      leaf Puppet",
        "    b Puppet",
    ]


def test_a_line_of_the_text_tells_what_the_actor_does_and_has_done(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("a", diary))
    ref.tell(Note(1))
    ref.tell(Do(crash))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    ref.tell(Note(2))
    line = str(info(system, "a"))
    assert line.startswith("a Puppet #2 is busy with Do(")
    assert "; 1 waiting, 1 handled, 1 failed, busy " in line
    gate.open()


def rendered(tree: ActorInfo) -> str:
    console = Console(record=True, width=200, file=StringIO())
    console.print(tree)
    return console.export_text()


def test_rich_draws_the_tree_with_the_same_words(family: ActorSystem) -> None:
    tree = family.tree()
    drawn = rendered(tree).splitlines()
    assert [line.strip("│├└─ ") for line in drawn] == [
        line.strip() for line in str(tree).splitlines()
    ]


def test_rich_draws_children_below_their_supervisor(family: ActorSystem) -> None:
    drawn = rendered(family.tree()).splitlines()
    assert [line.index(line.strip("│├└─ ")) for line in drawn] == [0, 4, 8, 8, 12, 8]


@frozen
class Path:
    text: str


def test_rich_shows_brackets_in_what_an_actor_does_as_they_are(system: ActorSystem) -> None:
    gate = Gate()

    class Walker(Actor[Path]):
        def receive(self, message: Path) -> None:
            gate.pass_through()

    ref = system.start(ChildSpec("walker", Walker))
    ref.tell(Path("[/usr] [red]"))
    gate.await_entry()
    try:
        drawn = rendered(system.tree())
    finally:
        gate.open()
    assert "Path(text='[/usr] [red]')" in drawn


def test_actors_are_found_by_name_on_every_level(family: ActorSystem) -> None:
    for name in ("team", "team/a", "team/inner", "team/inner/leaf"):
        assert found(family, name).name == name


def test_what_was_never_started_is_not_found(family: ActorSystem) -> None:
    for name in ("nobody", "team/nobody", "team/a/nobody", "a", "", "team/"):
        assert family.find(name) is None, name


def test_an_actor_is_found_as_the_ref_that_its_start_returned(system: ActorSystem) -> None:
    ref = system.start(puppet("a"))
    assert system.find("a") == ref


def test_an_actor_that_restarts_is_found_on(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("a", diary))
    ref.tell(Do(crash))
    up(diary, "a", 2)
    assert system.find("a") == ref


def test_an_actor_that_has_ended_for_good_is_not_found(
    system: ActorSystem,
) -> None:
    ref = system.start(puppet("a", restart=Restart.TEMPORARY))
    ref.stop()
    ref.join()
    assert system.find("a") is None


def test_nobody_is_found_below_a_supervisor_that_has_ended(family: ActorSystem) -> None:
    boss = found(family, "team")
    boss.stop()
    boss.join()
    assert family.find("team/inner/leaf") is None


def test_nobody_is_found_in_a_system_that_was_left() -> None:
    with ActorSystem() as system:
        system.start(puppet("a"))
    assert system.find("a") is None


def test_an_actor_that_was_terminated_and_started_again_is_found_as_its_new_ref(
    system: ActorSystem,
) -> None:
    boss = team(system, [puppet("a")])
    running(boss)
    boss.ask(TerminateChild("a"))
    assert system.find("team/a") is None
    new = boss.ask(RestartChild("a"))
    assert system.find("team/a") == new


def test_the_figures_of_the_tree_are_those_of_the_ref(system: ActorSystem) -> None:
    ref = system.start(puppet("a"))
    settle(ref)
    of_tree, of_ref = info(system, "a").stats, ref.stats()
    assert (of_tree.told, of_tree.handled) == (of_ref.told, of_ref.handled) == (1, 1)


def test_the_figures_count_over_all_incarnations(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("a", diary))
    ref.tell(Note(1))
    ref.tell(Do(crash))
    ref.tell(Note(2))
    settle(ref)
    stats = ref.stats()
    assert (stats.told, stats.handled, stats.failed) == (4, 3, 1)


def test_the_figures_stay_when_the_actor_has_ended(system: ActorSystem) -> None:
    ref = system.start(puppet("a", restart=Restart.TEMPORARY))
    settle(ref)
    ref.stop()
    ref.join()
    ref.tell(Note(1))
    assert (ref.stats().handled, ref.stats().dead, ref.stats().told) == (1, 1, 2)


def test_the_time_in_handlers_is_busy(system: ActorSystem) -> None:
    ref = system.start(puppet("a"))
    ref.ask(Ask(work))
    assert ref.stats().busy_s == WORK_S


def test_the_time_of_waiting_for_messages_is_not_busy(system: ActorSystem) -> None:
    idle, other = system.start(puppet("idle")), system.start(puppet("other"))
    settle(idle)
    other.ask(Ask(work))
    assert (idle.stats().busy_s, other.stats().busy_s) == (0.0, WORK_S)


def test_waiting_between_two_messages_is_not_busy_either(system: ActorSystem) -> None:
    ref, other = system.start(puppet("ref")), system.start(puppet("other"))
    for _ in range(3):
        settle(ref)
        other.ask(Ask(work))
    settle(ref)
    assert (ref.stats().busy_s, other.stats().busy_s) == (0.0, 3 * WORK_S)


def test_a_handler_that_has_not_returned_yet_is_busy_already(system: ActorSystem) -> None:
    gate = Gate()
    ref, other = system.start(puppet("ref")), system.start(puppet("other"))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    other.ask(Ask(work))
    assert ref.stats().busy_s == WORK_S
    gate.open()


def test_waiting_for_the_answer_of_another_actor_is_busy(system: ActorSystem) -> None:
    ref, other = system.start(puppet("ref")), system.start(puppet("other"))
    ref.ask(Ask(lambda _: other.ask(Ask(work))))
    assert ref.stats().busy_s == WORK_S


def test_the_time_in_which_an_actor_is_down_is_not_busy(
    system: ActorSystem, events: Record
) -> None:
    decider, other = system.start(puppet("decider")), system.start(puppet("other"))
    ref = system.start(puppet("a", restart=Restart.DELEGATED, decider=decider))
    ref.tell(Do(crash))
    down(events, "a", 1)
    other.ask(Ask(work))
    assert ref.stats().busy_s == 0.0


def test_the_busy_time_adds_up_over_incarnations(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("a", diary))
    ref.ask(Ask(work))
    ref.tell(Do(crash))
    up(diary, "a", 2)
    ref.ask(Ask(work))
    assert ref.stats().busy_s == 2 * WORK_S
