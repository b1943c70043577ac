"""Cases of the suite of Pykka: proxies, futures, and how actors end."""

import time
from typing import Any

import pytest

from rnd_actors.actors import (
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Stopped,
    Terminated,
    gather,
)
from rnd_actors.errors import (
    ActorCrashedError,
    ActorDeadError,
    ActorError,
    AskTimeoutError,
    UnhandledMessageError,
)
from rnd_actors.events import ActorFailed, DeadLetter
from rnd_actors.proxy import Call, ProxyActor, ask_future, proxy, tell
from rnd_actors.routing import Broadcast, Router
from rnd_actors.supervision import ChildSpec, Restart, ShutDown
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Ended,
    Note,
    Record,
    busy_for,
    crash,
    let_pass,
    nothing,
    puppet,
    settle,
)
from tests.actors.toys_supervision import running, team
from tests.suites.toys import ending, failing, mortal, watched

# --- proxies


class Player(ProxyActor):
    """Plays songs; what it does is called from outside through a proxy."""

    default_volume = 5

    def __init__(self, diary: Record, friend: "Player | None" = None) -> None:
        self.diary = diary
        self.friend = friend
        self.volume = self.default_volume
        self.queue: list[str] = []
        self._secret = "hidden"

    def on_start(self) -> None:
        self.diary.add("on_start")

    def on_stop(self, reason: Any) -> None:
        self.diary.add(reason)

    def add(self, song: str) -> int:
        self.queue.append(song)
        return len(self.queue)

    def play(self, seconds: float = 1.0) -> str:
        let_pass(seconds)
        return self.queue.pop(0)

    def play_at_friends(self, song: str) -> int:
        assert self.friend is not None
        return self.friend.add(song)

    def finish(self) -> None:
        self.stop(result=tuple(self.queue))

    def all_of(self, *songs: str, **options: object) -> tuple[Any, ...]:
        return (songs, options)

    @property
    def length(self) -> int:
        return len(self.queue)

    @staticmethod
    def version() -> str:
        return "1.0"

    @classmethod
    def kind(cls) -> str:
        return cls.__name__


class LoudPlayer(Player):
    default_volume = 11

    def add(self, song: str) -> int:
        return super().add(song.upper())


@pytest.fixture
def ref(system: ActorSystem, diary: Record) -> ActorRef[Call]:
    return system.start(ChildSpec("player", lambda: Player(diary), restart=Restart.TRANSIENT))


@pytest.fixture
def player(ref: ActorRef[Call]) -> Player:
    return proxy(ref, Player)


def test_calls_change_the_state_that_the_next_call_sees(player: Player) -> None:
    assert [player.add("a"), player.add("b"), player.length] == [1, 2, 2]


def test_static_methods_class_methods_and_properties_are_called_as_methods_are(
    player: Player,
) -> None:
    assert (player.version(), player.kind(), player.length) == ("1.0", "Player", 0)


def test_a_method_gets_any_number_of_arguments_by_place_and_by_name(player: Player) -> None:
    assert player.all_of("a", "b", loud=True) == (("a", "b"), {"loud": True})


def test_an_attribute_that_was_made_in_the_actor_is_read_as_it_is_now(player: Player) -> None:
    player.add("a")
    assert (player.queue, player.volume, player.default_volume) == (["a"], 5, 5)


def test_a_method_that_a_subclass_overrides_is_called_as_the_actor_has_it(
    system: ActorSystem, diary: Record
) -> None:
    loud = system.start(ChildSpec("loud", lambda: LoudPlayer(diary)))
    as_base = proxy(loud, Player)
    as_base.add("a")
    assert (as_base.queue, as_base.volume) == (["A"], 11)


@pytest.mark.parametrize("name", ["_secret", "__missing__", "stop", "ref", "link", "receive"])
def test_what_is_private_or_of_the_actor_itself_is_not_offered(player: Player, name: str) -> None:
    with pytest.raises(AttributeError, match="use its ref"):
        getattr(player, name)


def test_a_method_that_the_class_does_not_have_is_an_error_of_who_calls_it(
    player: Player, events: Record
) -> None:
    player.add("a")
    with pytest.raises(AttributeError, match="rewind"):
        player.rewind()  # type: ignore[attr-defined]
    assert player.add("b") == 2
    assert events.all(ActorFailed) == []


def test_an_error_of_a_method_is_raised_at_the_caller_with_its_place_in_the_method(
    player: Player,
) -> None:
    with pytest.raises(IndexError) as caught:
        player.play()
    assert "play" in [entry.name for entry in caught.traceback]


def test_a_method_that_is_told_runs_and_its_result_is_dropped(player: Player) -> None:
    tell(player.add, "a")
    tell(player.play)
    assert player.length == 0
    assert time.monotonic() == pytest.approx(1.0)


def test_the_error_of_a_method_that_is_told_comes_to_nobody_but_the_supervisor(
    player: Player, events: Record
) -> None:
    tell(player.play)
    assert isinstance(events.expect(ActorFailed).reason, Crashed)
    assert player.add("a") == 1


def test_calls_that_are_not_waited_for_are_done_in_their_order(player: Player) -> None:
    for song in "abc":
        tell(player.add, song)
    futures = [ask_future(player.play) for _ in "abc"]
    assert gather(futures) == ["a", "b", "c"]
    assert time.monotonic() == pytest.approx(3.0)


def test_one_actor_calls_another_through_a_proxy_that_it_was_given(
    system: ActorSystem, player: Player, diary: Record
) -> None:
    other = system.start(ChildSpec("other", lambda: Player(diary, friend=player)))
    assert proxy(other, Player).play_at_friends("a") == 1
    assert player.queue == ["a"]


def test_a_proxy_of_an_actor_that_was_stopped_raises_that_it_is_dead(
    ref: ActorRef[Call], player: Player
) -> None:
    ref.drain()
    assert ref.join() == Normal()
    with pytest.raises(ActorDeadError):
        player.add("a")
    with pytest.raises(ActorDeadError):
        _ = player.length


def test_an_actor_ends_itself_in_a_method_with_its_result(
    ref: ActorRef[Call], player: Player, diary: Record
) -> None:
    player.add("left")
    player.finish()
    assert ref.join() == Normal(("left",))
    assert diary.items == ["on_start", Normal(("left",))]


def test_a_call_of_a_proxy_waits_no_longer_than_an_ask(player: Player) -> None:
    player.add("a")
    with pytest.raises(AskTimeoutError):
        player.play(60.0)
    assert time.monotonic() == pytest.approx(5.0)


def test_a_message_that_is_no_call_is_not_for_an_actor_with_a_proxy(
    ref: ActorRef[Any], events: Record
) -> None:
    with pytest.raises(UnhandledMessageError):
        ref.ask(Ask(nothing))
    ref.tell(Note(1))
    assert events.expect(DeadLetter, 2).message == Note(1)


def test_a_proxy_says_whose_it_is(player: Player) -> None:
    assert repr(player) == "<proxy of player, a Player>"


def test_a_method_of_the_object_itself_is_no_method_of_a_proxy(diary: Record) -> None:
    with pytest.raises(ActorError, match="proxy"):
        tell(Player(diary).add, "a")


# --- futures


@pytest.fixture
def other(system: ActorSystem) -> ActorRef[Any]:
    return mortal(system, "other")


def answer(other: ActorRef[Any], value: object) -> Any:
    return other.ask_future(Ask(lambda _: value))


def test_all_answers_are_got_together_again_and_again(other: ActorRef[Any]) -> None:
    futures = [answer(other, number) for number in range(3)]
    assert gather(futures) == gather(futures) == [0, 1, 2]


def test_a_future_may_be_the_answer_of_a_future(other: ActorRef[Any], system: ActorSystem) -> None:
    inner = answer(other, "foo")
    outer = answer(mortal(system, "outer"), inner)
    assert outer.get().get() == "foo"


def test_a_future_is_filtered_by_what_maps_it(other: ActorRef[Any]) -> None:
    numbers = answer(other, [1, 5, 9, 13, 17])
    assert numbers.map(lambda many: [each for each in many if each > 10]).get() == [13, 17]


def test_what_maps_a_future_gets_the_answer_whole_and_not_piece_by_piece(
    other: ActorRef[Any],
) -> None:
    assert answer(other, [10, 20]).map(len).get() == 2


def test_futures_are_joined_and_reduced_when_they_are_gathered(other: ActorRef[Any]) -> None:
    assert sum(gather(answer(other, number).map(lambda x: x * x) for number in (1, 2, 3))) == 14


@pytest.mark.parametrize("maps", [0, 1, 2])
def test_a_mapped_future_keeps_the_time_limit_of_who_waits(other: ActorRef[Any], maps: int) -> None:
    other.tell(Do(busy_for(60.0)))
    future = answer(other, 1)
    for _ in range(maps):
        future = future.map(str)
    with pytest.raises(AskTimeoutError):
        future.get(2.0)
    assert time.monotonic() == pytest.approx(2.0)


def test_what_maps_a_future_is_not_called_before_somebody_waits(
    other: ActorRef[Any], diary: Record
) -> None:
    mapped = answer(other, 1).map(diary.add)
    settle(other)
    assert (mapped.is_ready, diary.items) == (True, [])
    mapped.get()
    assert diary.items == [1]


def test_an_error_in_what_maps_a_future_is_recovered_by_the_next_one(
    other: ActorRef[Any],
) -> None:
    assert answer(other, 0).map(lambda x: 1 // x).recover(type).get() is ZeroDivisionError


def test_what_recovers_may_raise_another_error(other: ActorRef[Any]) -> None:
    def translate(error: Exception) -> None:
        raise BoomError(str(error))

    other.tell(ending())
    other.join()
    with pytest.raises(BoomError, match="other"):
        answer(other, 1).recover(translate).get()


def test_a_future_of_one_that_is_killed_is_an_error_at_once(other: ActorRef[Any]) -> None:
    future = other.ask_future(Ask(busy_for(60.0)))
    let_pass(0.0)
    other.kill()
    with pytest.raises(ActorCrashedError):
        future.get()
    assert time.monotonic() < 5.0


# --- ends


def test_what_was_told_before_a_drain_is_handled_and_what_comes_after_is_not(
    other: ActorRef[Any], system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = mortal(system, "a", diary)
    for number in range(3):
        ref.tell(Note(number))
    ref.drain()
    ref.tell(Note(3))
    assert ref.join() == Normal()
    assert diary.all(Note) == [Note(0), Note(1), Note(2)]
    assert events.expect(DeadLetter).message == Note(3)


def test_an_actor_that_is_stopped_twice_ends_once(system: ActorSystem, diary: Record) -> None:
    ref = mortal(system, "a", diary)
    ref.stop()
    ref.stop()
    ref.join()
    ref.stop()
    assert diary.all(Ended) == [Ended("a", 1, Normal())]


def test_a_failure_is_told_with_its_error_to_on_stop_and_to_whoever_joins(
    system: ActorSystem, diary: Record
) -> None:
    ref = mortal(system, "a", diary)
    ref.tell(failing(BoomError("why")))
    assert ref.join() == Crashed(BoomError("why"))
    assert diary.all(Ended) == [Ended("a", 1, Crashed(BoomError("why")))]


def test_all_actors_are_stopped_together_by_the_supervisor_that_they_share(
    system: ActorSystem, diary: Record
) -> None:
    boss = team(system, [puppet(name, diary) for name in "abc"])
    refs = list(running(boss).values())
    told = watched(system, *refs)
    boss.tell(ShutDown())
    told.expect(Terminated, 3)
    assert told.items == [Terminated(ref, Stopped()) for ref in reversed(refs)]


def test_a_message_is_broadcast_to_all_actors_of_a_list(system: ActorSystem, diary: Record) -> None:
    refs = [mortal(system, name, diary) for name in "abc"]
    Router(refs, Broadcast()).tell(ending(result="all"))
    assert [ref.join() for ref in refs] == [Normal("all")] * 3


def test_an_actor_that_must_not_wait_to_be_stopped_is_killed(
    system: ActorSystem, diary: Record
) -> None:
    ref = mortal(system, "a", diary)
    ref.tell(Do(busy_for(1e9)))
    let_pass(0.0)
    ref.stop()
    assert ref.join(1.0) is None
    ref.kill()
    assert ref.join() == Killed()
    assert diary.all(Ended) == [Ended("a", 1, Killed())]


def test_a_dead_actor_is_told_nothing_and_nobody_is_hurt(
    system: ActorSystem, events: Record
) -> None:
    ref = mortal(system, "a")
    ref.tell(Do(crash))
    ref.join()
    ref.tell(Note(1))
    assert events.expect(DeadLetter).message == Note(1)
