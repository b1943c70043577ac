"""Cases of the suites of Akka Typed: supervision, death watch, timers, stash, ask, receptionist."""

import time
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from attrs import frozen

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Request,
    Restarted,
    Stopped,
    Terminated,
)
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    AskTimeoutError,
    RouterUnavailableError,
    StashFullError,
)
from rnd_actors.events import ChildRestarting, DeadLetter, MessageFailed
from rnd_actors.registry import Registered, Registry, Topic, Unregistered
from rnd_actors.routing import (
    Broadcast,
    LeastLoaded,
    Pool,
    RoundRobin,
    Router,
    Sizing,
    Unavailable,
    start_pool,
)
from rnd_actors.supervision import (
    Backoff,
    ChildSpec,
    Directive,
    OnLimit,
    Restart,
    RestartIntensity,
)
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    busy_for,
    crash,
    in_turn,
    is_down,
    let_pass,
    nothing,
    puppet,
    settle,
)
from tests.actors.toys_supervision import (
    in_incarnation,
    lives,
    refs,
    running,
    supervisor,
    team,
    up,
)
from tests.suites.toys import ending, failing, mortal, watched

STEADY = Backoff(initial=2.0, maximum=8.0, factor=2.0, jitter=0.0)


class FirstError(Exception):
    pass


class SecondError(FirstError):
    pass


class OtherError(Exception):
    pass


# --- supervision


@pytest.fixture
def nested(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    """Its errors are treated by the most special class that is known."""
    on = {
        Exception: Directive.STOP,
        FirstError: Directive.RESTART,
        SecondError: Directive.ESCALATE,
    }
    return running(team(system, [puppet("a", diary, on=on)]))["a"]


def test_an_error_whose_class_is_to_restart_brings_back_the_first_state(
    nested: ActorRef[Any], diary: Record
) -> None:
    nested.tell(Do(lambda me: setattr(me, "count", 1)))
    nested.tell(failing(FirstError()))
    assert nested.ask(Ask(lambda me: hasattr(me, "count"))) is False


def test_an_error_of_a_general_class_stops_the_child(nested: ActorRef[Any]) -> None:
    nested.tell(failing(OtherError("unknown")))
    assert nested.join() == Crashed(OtherError("unknown"))


def test_a_subclass_is_treated_as_itself_before_its_base(
    system: ActorSystem, nested: ActorRef[Any]
) -> None:
    boss = system.find("team")
    assert boss is not None
    nested.tell(failing(SecondError("up")))
    assert boss.join() == Crashed(SecondError("up"))


def test_to_resume_is_to_answer_with_the_error_and_go_on(system: ActorSystem) -> None:
    @frozen
    class Divide(Request[int]):
        by: int

    class Divider(Actor[Divide]):
        def __init__(self) -> None:
            self.calls = 0

        def receive(self, message: Divide) -> None:
            self.calls += 1
            try:
                self.reply(message, self.calls // message.by)
            except ZeroDivisionError as error:
                self.reply_error(message, error)

    ref = system.start(ChildSpec("divider", Divider))
    with pytest.raises(ZeroDivisionError):
        ref.ask(Divide(0))
    assert ref.ask(Divide(1)) == 2


def test_a_child_without_a_limit_restarts_for_ever(system: ActorSystem, diary: Record) -> None:
    child = running(team(system, [puppet("a", diary)], intensity=RestartIntensity(None)))["a"]
    for _ in range(100):
        child.tell(Do(crash))
    diary.expect(Began, 101)


def test_a_child_at_its_limit_stops_and_the_other_ones_go_on(
    system: ActorSystem, diary: Record
) -> None:
    specs = [puppet("a", diary), puppet("b", diary)]
    boss = team(system, specs, intensity=RestartIntensity(2), on_limit=OnLimit.STOP_CHILD)
    a, b = running(boss).values()
    for _ in range(3):
        a.tell(Do(crash))
    assert a.join() == Crashed(BoomError("as told"))
    settle(b)


def test_the_limit_counts_only_what_was_within_its_time(system: ActorSystem, diary: Record) -> None:
    limit = RestartIntensity(2, within=10.0)
    child = running(team(system, [puppet("a", diary)], intensity=limit))["a"]
    for number in range(2, 10):
        child.tell(Do(crash))
        up(diary, "team/a", number)
        let_pass(6.0)
    assert child.is_alive


def test_what_is_told_during_the_backoff_waits_for_the_next_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, [puppet("a", diary)], backoff=STEADY)
    child = running(boss)["a"]
    child.tell(Do(crash))
    child.tell(Do(crash))
    let_pass(1.0)
    assert is_down(child)
    child.tell(Note(1))
    diary.until(Note(1))
    assert child.ask(Ask(lambda me: me.incarnation)) == 3


def test_a_start_that_fails_is_tried_again_at_growing_distances_up_to_the_longest(
    system: ActorSystem, diary: Record
) -> None:
    began: list[float] = []

    def start(me: Puppet) -> None:
        began.append(time.monotonic())
        if 1 < me.incarnation < 7:
            crash()

    boss = team(
        system,
        [puppet("a", diary, at_start=start)],
        backoff=STEADY,
        intensity=RestartIntensity(None),
    )
    child = running(boss)["a"]
    told = watched(system, child, restarts=True)
    child.kill()
    told.until(Restarted(child, 7))
    assert [b - a for a, b in pairwise(began)] == pytest.approx([0.0, 2.0, 4.0, 8.0, 8.0, 8.0])


def test_messages_that_came_before_a_start_that_fails_are_all_handled_in_order(
    system: ActorSystem, diary: Record
) -> None:
    spec = puppet("a", diary, at_start=in_incarnation(2, 3, do=crash))
    child = running(team(system, [spec]))["a"]
    child.tell(Do(crash))
    for number in range(5):
        child.tell(Note(number))
    settle(child)
    assert diary.all(Note) == [Note(number) for number in range(5)]


def test_a_child_that_was_stopped_while_it_waits_for_its_restart_does_not_come_back(
    system: ActorSystem, diary: Record
) -> None:
    spec = puppet("a", diary, restart=Restart.TRANSIENT)
    child = running(team(system, [spec], backoff=STEADY))["a"]
    child.tell(Do(crash))
    child.tell(Do(crash))
    let_pass(1.0)
    child.stop()
    assert child.join() == Normal()


def test_watchers_of_a_supervised_child_hear_of_its_end_and_not_of_its_restarts(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(
        system, [puppet("a", diary)], intensity=RestartIntensity(1), on_limit=OnLimit.STOP_CHILD
    )
    child = running(boss)["a"]
    told = watched(system, child)
    child.tell(Do(crash))
    child.tell(failing(OtherError("last")))
    told.expect(Terminated)
    assert told.items == [Terminated(child, Crashed(OtherError("last")))]


def test_the_cause_of_a_failure_climbs_to_a_supervisor_that_asks_for_it(
    system: ActorSystem, diary: Record
) -> None:
    on: dict[type[BaseException], Directive] = {OtherError: Directive.ESCALATE}
    inner = supervisor("inner", [puppet("a", diary, on=on)])
    middle = supervisor("middle", [ChildSpec("inner", inner.factory, on=on)])
    outer = team(system, [ChildSpec("middle", middle.factory, on=on)])
    child = running(refs(refs(outer)["middle"])["inner"])["a"]
    child.tell(failing(OtherError("root cause")))
    assert outer.join() == Crashed(OtherError("root cause"))


# --- death watch


def test_an_actor_that_watches_another_one_dies_with_it_if_it_says_so(
    system: ActorSystem,
) -> None:
    """What is a death pact in Akka is a link here."""
    watcher, child = mortal(system, "watcher"), mortal(system, "child")
    watcher.ask(Ask(lambda me: me.link(child)))
    child.tell(Do(crash))
    assert isinstance(watcher.join(), Crashed)


def test_a_watcher_is_told_the_result_of_the_one_that_it_watches(system: ActorSystem) -> None:
    child = mortal(system, "child")
    told = watched(system, child)
    child.tell(ending(result={"answer": 42}))
    assert told.expect(Terminated).reason == Normal({"answer": 42})


def test_a_watcher_is_told_the_error_of_the_one_that_it_watches(system: ActorSystem) -> None:
    child = mortal(system, "child")
    told = watched(system, child)
    child.tell(failing(OtherError("why")))
    assert told.expect(Terminated).reason == Crashed(OtherError("why"))


def test_a_watcher_that_is_restarted_watches_again_in_on_start(
    system: ActorSystem, diary: Record
) -> None:
    child = mortal(system, "child")
    watcher = system.start(puppet("watcher", diary, at_start=lambda me: me.watch(child)))
    watcher.tell(Do(crash))
    settle(watcher)
    child.kill()
    assert diary.expect(Terminated) == Terminated(child, Killed())


def test_two_that_watch_each_other_hear_of_whoever_ends_first(system: ActorSystem) -> None:
    diary = Record()
    a, b = mortal(system, "a", diary), mortal(system, "b", diary)
    a.ask(Ask(lambda me: me.watch(b)))
    b.ask(Ask(lambda me: me.watch(a)))
    a.tell(ending(Stopped()))
    assert diary.expect(Terminated) == Terminated(a, Stopped())
    assert b.is_alive


def test_one_that_waits_for_another_one_to_be_up_again_goes_on_then(
    system: ActorSystem, diary: Record
) -> None:
    server = system.start(puppet("server"))

    def ask_again(me: Puppet, message: object) -> None:
        if isinstance(message, Restarted):
            me.diary.add(message.ref.ask(Ask(lambda it: it.incarnation)))

    def watch(me: Puppet) -> None:
        me.watch(server, restarts=True)
        me.become(partial(ask_again, me))

    system.start(puppet("client", diary, at_start=watch))
    server.kill()
    diary.until(2)


# --- timers


def tick(number: int) -> Do:
    return Do(lambda me: me.diary.add((number, time.monotonic())))


@pytest.fixture
def clock(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return system.start(
        puppet("clock", diary, at_start=lambda me: me.set_timer("T", 1.0, tick(1), repeat=True))
    )


def test_a_timer_ticks_until_it_is_replaced_and_then_at_the_new_pace(
    clock: ActorRef[Any], diary: Record
) -> None:
    let_pass(2.5)
    clock.tell(Do(lambda me: me.set_timer("T", 3.0, tick(2), repeat=True)))
    let_pass(7.0)
    assert diary.items[1:] == [(1, 1.0), (1, 2.0), (2, 5.5), (2, 8.5)]


def test_a_tick_that_waits_behind_a_slow_message_is_gone_when_that_replaces_the_timer(
    clock: ActorRef[Any], diary: Record
) -> None:
    clock.tell(Do(in_turn(busy_for(5.5), lambda me: me.set_timer("T", 1.0, tick(2), repeat=True))))
    let_pass(7.0)
    assert diary.items[1:] == [(2, 6.5)]


def test_a_tick_that_waits_behind_a_message_that_fails_does_not_come_to_the_next_incarnation(
    clock: ActorRef[Any], diary: Record
) -> None:
    clock.tell(Do(in_turn(busy_for(1.5), crash)))
    let_pass(3.0)
    assert diary.items[-1] == (1, 2.5)
    assert len(diary.all(tuple)) == 1


def test_a_timer_is_still_there_when_the_actor_has_become_another_one(
    clock: ActorRef[Any], diary: Record
) -> None:
    clock.tell(Do(lambda me: me.become(lambda _: me.diary.add("ticked"))))
    diary.until("ticked", 3)
    assert time.monotonic() == pytest.approx(3.0)


def test_timers_with_several_keys_do_not_disturb_each_other(
    clock: ActorRef[Any], diary: Record
) -> None:
    clock.tell(Do(lambda me: me.set_timer("U", 1.5, tick(2))))
    clock.tell(Do(lambda me: me.cancel_timer("nothing like that")))
    let_pass(2.25)
    assert diary.items[1:] == [(1, 1.0), (2, 1.5), (1, 2.0)]


def test_no_timer_is_left_when_on_stop_is_called(system: ActorSystem, diary: Record) -> None:
    ref = mortal(
        system,
        "a",
        diary,
        at_start=lambda me: me.set_timer("T", 1.0, tick(1)),
        at_stop=lambda me: me.diary.add(("left", me.time_left("T"))),
    )
    ref.tell(ending())
    ref.join()
    assert diary.items[-1] == ("left", None)


def test_a_timer_that_has_ticked_is_over_and_may_be_set_again(
    system: ActorSystem, diary: Record
) -> None:
    def again(me: Puppet) -> None:
        me.diary.add(me.time_left("T"))
        me.set_timer("T", 1.0, Note(2))

    system.start(puppet("a", diary, at_start=lambda me: me.set_timer("T", 1.0, Do(again))))
    diary.until(Note(2))
    assert diary.items[1:] == [None, Note(2)]


def test_a_receive_time_out_may_end_an_actor_that_nobody_uses(system: ActorSystem) -> None:
    ref = mortal(
        system, "a", at_start=lambda me: me.set_receive_timeout(5.0, ending(result="unused"))
    )
    for _ in range(3):
        let_pass(4.0)
        settle(ref)
    assert ref.join() == Normal("unused")
    assert time.monotonic() == pytest.approx(17.0)


def test_a_receive_time_out_that_is_replaced_has_the_new_message_only(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("a", diary, at_start=lambda me: me.set_receive_timeout(1.0, "old")))
    ref.tell(Do(lambda me: me.set_receive_timeout(3.0, "new")))
    diary.until("new")
    assert diary.items[1:] == ["new"]


# --- stash, and other behaviours


@frozen
class Open:
    pass


@frozen
class Close:
    pass


@frozen
class Processed(Request[list[int]]):
    pass


Message = Note | Open | Close | Processed


class Shop(Actor[Message]):
    """Closed at first: what is for an open shop is stashed."""

    stash_capacity = 3

    def __init__(self) -> None:
        self.processed: list[int] = []

    def receive(self, message: Message) -> None:
        match message:
            case Open():
                self.become(self.open)
                self.unstash_all()
            case Close():
                pass
            case _:
                self.stash()

    def open(self, message: Message) -> None:
        match message:
            case Note(number):
                self.processed.append(number)
            case Close():
                self.unbecome()
            case Processed():
                self.reply(message, self.processed)
            case Open():
                pass


@pytest.fixture
def shop(system: ActorSystem) -> ActorRef[Message]:
    return system.start(ChildSpec("shop", Shop))


def test_what_was_stashed_is_handled_by_the_new_behaviour_before_what_came_later(
    shop: ActorRef[Message],
) -> None:
    for message in (Note(1), Note(2), Open(), Note(3)):
        shop.tell(message)
    assert shop.ask(Processed()) == [1, 2, 3]


def test_a_question_that_was_stashed_is_answered_by_the_new_behaviour(
    shop: ActorRef[Message],
) -> None:
    shop.tell(Note(1))
    asked = shop.ask_future(Processed())
    shop.tell(Open())
    assert asked.get() == [1]


def test_a_behaviour_stashes_again_when_it_is_taken_back(shop: ActorRef[Message]) -> None:
    for message in (Open(), Note(1), Close(), Note(2)):
        shop.tell(message)
    let_pass(0.0)
    assert shop.stats().stashed == 1
    for message in (Open(), Note(3)):
        shop.tell(message)
    assert shop.ask(Processed()) == [1, 2, 3]


def test_of_what_was_stashed_the_rest_is_stashed_again_if_a_message_of_it_changes_the_behaviour(
    shop: ActorRef[Message],
) -> None:
    for message in (Note(1), Open(), Close(), Note(2), Note(3), Open()):
        shop.tell(message)
    assert shop.ask(Processed()) == [1, 2, 3]


def test_one_message_more_than_the_stash_holds_restarts_the_actor_with_all_messages_but_it(
    shop: ActorRef[Message], events: Record
) -> None:
    told = [Note(number) for number in range(4)]
    for message in told:
        shop.tell(message)
    shop.tell(Open())
    shop.tell(Note(9))
    assert shop.ask(Processed()) == [0, 1, 2, 9]
    assert isinstance(events.expect(MessageFailed).error, StashFullError)


def test_a_message_is_unstashed_one_at_a_time_by_one_that_tells_itself_to_go_on(
    system: ActorSystem, diary: Record
) -> None:
    class Patient(Puppet):
        def receive(self, message: object) -> None:
            if isinstance(message, Note) and not getattr(self, "is_ready", False):
                self.stash()
            else:
                super().receive(message)

    def go_on(me: Puppet) -> None:
        vars(me)["is_ready"] = True
        me.unstash()

    ref = system.start(ChildSpec("patient", lambda: Patient(diary)))
    for number in (1, 2):
        ref.tell(Note(number))
    ref.tell(Do(go_on))
    ref.tell(Note(3))
    ref.tell(Do(go_on))
    settle(ref)
    assert diary.all(Note) == [Note(1), Note(3), Note(2)]


def test_a_full_stash_is_an_error_that_names_the_actor(system: ActorSystem) -> None:
    class Full(Puppet):
        stash_capacity = 0

        def receive(self, message: object) -> None:
            self.stash()

    ref = system.start(ChildSpec("full", Full, restart=Restart.TEMPORARY))
    ref.tell(Note(1))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, StashFullError)
    assert "full" in str(reason.error)


def test_a_behaviour_that_ends_the_actor_may_be_the_last_of_many(system: ActorSystem) -> None:
    def count_down(me: Puppet, left: int) -> None:
        if left:
            me.become(lambda _: count_down(me, left - 1))
        else:
            me.stop(result="zero")

    ref = mortal(system, "a")
    ref.tell(Do(lambda me: count_down(me, 3)))
    for number in range(3):
        ref.tell(Note(number))
    assert ref.join() == Normal("zero")


# --- ask, and pipe to self


def identity(thing: object, _: Puppet) -> object:
    return thing


def test_the_answer_of_another_actor_comes_in_its_turn_among_the_other_messages(
    system: ActorSystem, diary: Record
) -> None:
    asker, other = system.start(puppet("asker", diary)), system.start(puppet("other"))
    future = other.ask_future(Ask(lambda _: Note(2)))
    asker.tell(Do(busy_for(1.0)))
    asker.tell(Note(1))
    asker.tell(Do(lambda me: me.pipe(future, lambda answer: answer)))
    diary.until(Note(2))
    assert diary.all(Note) == [Note(1), Note(2)]


@pytest.mark.parametrize(
    ("end", "error"),
    [(Do(crash), ActorDeadError), (ending(Stopped()), ActorDeadError), (Do(nothing), None)],
)
def test_an_ask_of_an_actor_that_has_ended_comes_as_a_message_about_its_error(
    system: ActorSystem, diary: Record, end: Do, error: type[Exception] | None
) -> None:
    asker, other = system.start(puppet("asker", diary)), mortal(system, "other")
    other.tell(end)

    def ask(me: Puppet) -> None:
        me.pipe(other.ask_future(Ask(lambda _: "answer")), lambda _: None, on_error=type)

    asker.tell(Do(ask))
    diary.until(error)


def test_an_ask_that_is_too_late_comes_as_a_message_about_that(
    system: ActorSystem, diary: Record
) -> None:
    asker, other = system.start(puppet("asker", diary)), system.start(puppet("other"))
    other.tell(Do(busy_for(60.0)))
    asker.tell(
        Do(
            lambda me: me.pipe(
                lambda: other.ask(Ask(nothing), timeout=1.0), Note, on_error=lambda error: error
            )
        )
    )
    assert "other did not answer" in str(diary.expect(AskTimeoutError))


def test_an_error_that_the_answering_actor_gives_is_that_of_the_future(
    system: ActorSystem,
) -> None:
    class Strict(Actor[Ask]):
        def receive(self, message: Ask) -> None:
            self.reply_error(message, OtherError("refused"))

    ref = system.start(ChildSpec("strict", Strict))
    assert ref.ask_future(Ask(nothing)).recover(str).get() == "refused"
    assert ref.is_alive


def test_many_asks_are_piped_at_once_and_come_as_their_answers_do(
    system: ActorSystem, diary: Record
) -> None:
    asker = system.start(puppet("asker", diary))
    others = [system.start(puppet(str(number))) for number in range(3)]
    for number, other in enumerate(others):
        other.tell(Do(busy_for(3.0 - number)))

    def ask_all(me: Puppet) -> None:
        for number, other in enumerate(others):
            me.pipe(other.ask_future(Ask(partial(identity, Note(number)))), lambda note: note)

    asker.tell(Do(ask_all))
    diary.until(Note(0))
    assert diary.all(Note) == [Note(2), Note(1), Note(0)]


def test_a_piped_answer_is_mapped_before_it_is_a_message(
    system: ActorSystem, diary: Record
) -> None:
    asker, other = system.start(puppet("asker", diary)), system.start(puppet("other"))
    future = other.ask_future(Ask(lambda _: 20)).map(lambda number: number + 1).map(Note)
    asker.tell(Do(lambda me: me.pipe(future, lambda note: note)))
    diary.until(Note(21))


def test_who_pipes_and_ends_hears_nothing_and_the_answer_is_no_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    asker, other = mortal(system, "asker"), system.start(puppet("other"))
    other.tell(Do(busy_for(2.0)))
    asker.tell(Do(lambda me: me.pipe(other.ask_future(Ask(nothing)), Note)))
    asker.tell(ending())
    asker.join()
    settle(other)
    assert events.all(DeadLetter) == []


def test_an_ask_that_is_in_hand_when_its_actor_is_killed_is_recovered(
    system: ActorSystem,
) -> None:
    gate = Gate()
    ref = mortal(system, "a")
    asked = ref.ask_future(Ask(gate.pass_through)).recover(type)
    gate.await_entry()
    ref.kill()
    assert asked.get() is ActorCrashedError


# --- receptionist, and topics


def test_services_that_register_and_end_are_told_as_they_come_and_go(
    system: ActorSystem, diary: Record
) -> None:
    services = Registry[str]()
    subscriber = system.start(puppet("subscriber", diary))
    services.watch("printing", subscriber)
    ref = mortal(system, "a", at_start=lambda me: services.register("printing", me.ref))
    ref.kill()
    diary.expect(Unregistered)
    assert diary.items[1:] == [Registered("printing", ref), Unregistered("printing", ref)]


def test_who_subscribes_late_is_told_first_of_all_that_are_there(
    system: ActorSystem, diary: Record
) -> None:
    services = Registry[str]()
    refs = [mortal(system, name) for name in "abc"]
    for ref in refs:
        services.register("printing", ref)
    services.watch("printing", system.start(puppet("subscriber", diary)))
    diary.expect(Registered, 3)
    assert [each.ref for each in diary.all(Registered)] == refs


def test_one_service_is_found_under_its_key_and_not_under_that_of_another(
    system: ActorSystem,
) -> None:
    services = Registry[str]()
    a, b = mortal(system, "a"), mortal(system, "b")
    services.register("printing", a)
    services.register("storage", b)
    assert (services.lookup("printing"), services.lookup("storage")) == ((a,), (b,))


def test_a_subscriber_of_a_topic_that_ends_is_sent_nothing_more(
    system: ActorSystem, events: Record
) -> None:
    topic = Topic[Any]()
    ref = mortal(system, "a")
    topic.subscribe(ref)
    ref.kill()
    ref.join()
    topic.publish(Note(1))
    assert events.all(DeadLetter) == []


def test_what_a_subscriber_publishes_as_it_is_told_comes_after_what_it_was_told(
    system: ActorSystem,
) -> None:
    topic, diaries = Topic[Any](), [Record(), Record()]
    a, b = (system.start(puppet(name, diary)) for name, diary in zip("ab", diaries, strict=True))
    for ref in (a, b):
        topic.subscribe(ref)

    def publish(me: Puppet) -> None:
        me.diary.add("told")
        if me.ref == a:
            topic.publish(Note(1))

    topic.publish(Do(publish))
    for diary in diaries:
        diary.until(Note(1))
        assert diary.items[1:] == ["told", Note(1)]


# --- group routers


def test_a_group_router_reaches_all_that_are_registered(system: ActorSystem, diary: Record) -> None:
    services = Registry[str]()
    for name in "abc":
        system.start(puppet(name, diary, at_start=lambda me: services.register("printing", me.ref)))
    group = Router(services.lookup("printing"), RoundRobin())
    for _ in range(3):
        group.tell(Do(lambda me: me.diary.add(me.ref.name)))
    for name in "abc":
        diary.until(name)


def test_a_group_router_leaves_out_one_that_was_killed_for_good(
    system: ActorSystem, diary: Record
) -> None:
    refs = [mortal(system, name, diary) for name in "abc"]
    group = Router(refs, RoundRobin())
    refs[1].kill()
    refs[1].join()
    answers = [group.ask(Ask(lambda me: me.ref.name)) for _ in range(4)]
    assert set(answers) == {"a", "c"}


def test_a_group_router_whose_actors_have_all_ended_says_so(system: ActorSystem) -> None:
    refs = [mortal(system, name) for name in "ab"]
    group = Router(refs, Broadcast())
    group.tell(ending(result="bye"))
    assert [ref.join() for ref in refs] == [Normal("bye")] * 2
    with pytest.raises(ActorDeadError):
        group.tell(Note(1))


def test_a_group_router_sends_to_one_that_restarts_what_waits_for_it(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("a", diary))
    group = Router([ref], RoundRobin())
    ref.tell(Do(busy_for(60.0)))
    let_pass(0.0)
    group.tell(Note(1))
    ref.kill()
    diary.until(Note(1))
    assert lives(diary) == ["+a1", "-a1", "+a2"]
    assert diary.all(Ended) == [Ended("a", 1, Killed())]


# --- pool routers


def pool(system: ActorSystem, diary: Record, size: int = 4, **options: Any) -> Pool[Any]:
    return start_pool(system, "pool", lambda _: Puppet(diary), size, RoundRobin(), **options)


def named(router: Router[Any], times: int) -> list[str]:
    return [router.ask(Ask(lambda me: me.ref.name)) for _ in range(times)]


def test_a_pool_starts_its_members_and_sends_to_all_of_them_in_turn(
    system: ActorSystem, diary: Record
) -> None:
    names = named(pool(system, diary), 9)
    assert set(names) == {f"pool/{number}" for number in range(1, 5)}
    assert names[:4] == names[4:8]


def test_a_pool_goes_on_with_the_rest_when_some_members_stop(
    system: ActorSystem, diary: Record
) -> None:
    members = pool(system, diary, restart=Restart.TEMPORARY)
    stopped = [members.refs[0], members.refs[2]]
    for ref in stopped:
        ref.tell(ending())
        ref.join()
    assert set(named(members, 8)) == {"pool/2", "pool/4"}


def test_a_pool_whose_members_have_all_stopped_says_so_until_it_is_resized(
    system: ActorSystem, diary: Record
) -> None:
    members = pool(system, diary, restart=Restart.TEMPORARY)
    for ref in members.refs:
        ref.tell(ending())
        ref.join()
    with pytest.raises(ActorDeadError):
        members.tell(Note(1))
    members.resize(2)
    assert set(named(members, 4)) == {"pool/1", "pool/2"}


def test_a_member_that_fails_is_back_for_its_next_turn(system: ActorSystem, diary: Record) -> None:
    members = pool(system, diary, 2)
    members.tell(Do(crash))
    assert named(members, 3) == ["pool/2", "pool/1", "pool/2"]


def test_a_message_for_all_members_reaches_each_of_a_pool_that_sends_others_in_turn(
    system: ActorSystem, diary: Record
) -> None:
    members = pool(system, diary, 3)
    Router(members.refs, Broadcast()).tell(Note(1))
    diary.until(Note(1), 3)


def test_messages_that_were_told_before_the_members_have_started_wait_for_them(
    system: ActorSystem, diary: Record
) -> None:
    members = pool(system, diary, 2)
    for number in range(4):
        members.tell(Note(number))
    diary.expect(Note, 4)
    assert [type(item) for item in diary.items].count(Began) == 2


def test_a_pool_grows_with_its_work_and_shrinks_without(system: ActorSystem, diary: Record) -> None:
    members = start_pool(
        system, "pool", lambda _: Puppet(diary), Sizing(1, 3, busy=1, every=1), LeastLoaded()
    )
    for _ in range(12):
        members.tell(Do(busy_for(3.0)))
    let_pass(2.0)
    assert members.size == 3
    let_pass(120.0)
    assert members.size == 1


def test_a_member_that_leaves_a_pool_finishes_what_it_was_told(
    system: ActorSystem, diary: Record
) -> None:
    members = pool(system, diary, 2)
    last = members.refs[1]
    last.tell(Do(busy_for(3.0)))
    last.tell(Note(1))
    members.resize(1)
    assert last.join() == Normal()
    assert diary.all(Note) == [Note(1)]


def test_who_asks_a_pool_that_restarts_gets_an_error_at_once_if_that_was_wanted(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    members = pool(system, diary, 1, unavailable=Unavailable.RAISE)
    named(members, 1)
    boss = system.find("pool")
    assert boss is not None
    for number in (1, 2):
        boss.kill()
        events.expect(ChildRestarting, number)
    with pytest.raises(RouterUnavailableError):
        members.ask(Ask(nothing))
