"""Server-sent events: one snapshot for all, the latest for the slow, an end for those who left."""

import gc
import socket
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.control import Operations
from rnd_actors.errors import RestartIntensityError
from rnd_actors.supervision import ChildSpec, Restart
from rnd_actors.web import Listener, _server, _streams, serve
from rnd_actors.web._streams import Streams
from tests.processes import PATIENCE_S, until
from tests.web.serving import Fragile, ask, connected, stream, watch

TICK_S = 0.02


@pytest.fixture(autouse=True)
def _quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_streams, "_TICK_S", TICK_S)


@pytest.fixture
def snapshots(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each snapshot that was made."""
    made: list[int] = []
    take = Operations.__init__

    def counting(self: Operations, system: ActorSystem) -> None:
        take(self, system)
        original = self.snapshots.take

        def count() -> dict[str, Any]:
            made.append(len(made))
            return {**original(), "number": len(made)}

        monkeypatch.setattr(self.snapshots, "take", count)

    monkeypatch.setattr(Operations, "__init__", counting)
    return made


def served(listener: Listener) -> Streams:
    """The streams of the only server of this test."""
    return next(each for each in gc.get_objects() if type(each) is Streams and not each._over)


def test_a_watcher_is_sent_a_snapshot_each_tick(listener: Listener, fragile: ActorRef[int]) -> None:
    with stream(listener) as watcher:
        assert watcher.headers["content-type"] == "text/event-stream; charset=utf-8"
        first, second = watcher.next("snapshot"), watcher.next("snapshot")
    assert first["at"] < second["at"]
    assert set(first) == set(ask(listener, "/api/actors").data)
    assert [row["name"] for row in first["actors"]] == ["system", "fragile"]


def test_a_watcher_is_told_events_of_level_info_and_above(
    listener: Listener, fragile: ActorRef[int]
) -> None:
    fragile.tell(-1)
    until(lambda: fragile.stats().failed)
    with stream(listener) as watcher:
        first, _ = next(iter(watcher))
        assert first == "snapshot"  # and nothing of what was before
        fragile.tell(-2)
        texts = [watcher.next("log")["text"] for _ in range(2)]
    assert texts == [
        "fragile failed on -2: ValueError: -2",
        "fragile failed (incarnation 2): crashed: ValueError: -2",
    ]


def test_more_events_than_anybody_reads_are_counted(
    listener: Listener, system: ActorSystem
) -> None:
    gone = system.start(ChildSpec("gone", Fragile, restart=Restart.TEMPORARY))
    gone.stop()
    gone.join()
    with stream(listener) as watcher:
        watcher.next("snapshot")
        for number in range(150):
            gone.tell(number)
        assert watcher.next("log") == {"lost": 50}
        assert watcher.next("log")["fields"]["message"] == 50


def test_a_snapshot_is_made_once_for_all(
    snapshots: list[int], system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_streams, "_TICK_S", PATIENCE_S)
    with serve(system) as listener, ExitStack() as stack:
        watchers = [stack.enter_context(stream(listener)) for _ in range(5)]
        numbers = [watcher.next("snapshot")["number"] for watcher in watchers]
        assert (len(snapshots), numbers) == (1, [1] * 5)


def test_while_nobody_watches_no_snapshot_is_made(
    snapshots: list[int], system: ActorSystem
) -> None:
    with serve(system) as listener:
        streams = served(listener)
        gevent.sleep(3 * TICK_S)
        assert snapshots == []
        with stream(listener) as watcher:
            watcher.next("snapshot")
        until(lambda: not streams._watchers)
        before = len(snapshots)
        gevent.sleep(3 * TICK_S)
        assert len(snapshots) == before
        with stream(listener) as watcher:
            assert watcher.next("snapshot")["number"] == before + 1


def test_a_heartbeat_comes_when_there_is_nothing_else(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_streams, "_TICK_S", 60)
    monkeypatch.setattr(_streams, "_HEARTBEAT_S", TICK_S)
    with stream(listener) as watcher:
        assert [next(iter(watcher))[0] for _ in range(3)] == ["snapshot", "", ""]


def test_a_watcher_that_has_gone_is_noticed(listener: Listener) -> None:
    streams = served(listener)
    with stream(listener) as watcher:
        watcher.next("snapshot")
        assert len(streams._watchers) == 1
    until(lambda: not streams._watchers)


def test_names_that_no_encoding_has_are_shown_as_escapes(
    system: ActorSystem, listener: Listener
) -> None:
    system.start(ChildSpec("caf\udce9", Fragile))
    with stream(listener) as watcher:
        names = [row["name"] for row in watcher.next("snapshot")["actors"]]
    assert names == ["system", r"caf\udce9"]


def test_a_slow_watcher_gets_the_latest_snapshot(
    snapshots: list[int], system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the kernel keeps is old; then follows the latest, and nothing between them."""
    monkeypatch.setattr(_server, "_PATIENCE_S", 4 * PATIENCE_S)
    for number in range(200):
        system.start(ChildSpec(f"actor-{number}", Fragile))
    with serve(system) as listener, connected(listener) as client:
        streams = served(listener)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        watch(listener, client)
        until(lambda: streams._watchers and not streams._watchers[0].is_waiting)
        stuck_at = len(snapshots)
        until(lambda: len(snapshots) > stuck_at + 10 and not streams._watchers[0].is_waiting)
        (watcher,) = streams._watchers
        assert f'"number": {len(snapshots)}'.encode() in watcher.snapshot
        assert watcher.snapshot.count(b"event: snapshot") == 1
        with client.makefile("rb") as lines:
            numbers = numbers_of(lines, len(snapshots))
    assert numbers == sorted(numbers)
    assert any(after - before > 5 for before, after in pairwise(numbers))


def numbers_of(lines: Any, until_number: int) -> list[int]:
    numbers: list[int] = []
    while not numbers or numbers[-1] < until_number:
        line = lines.readline()
        if b'"number": ' in line:
            numbers.append(int(line.rpartition(b'"number": ')[2].rstrip(b"}\n")))
    return numbers


def test_watchers_that_never_read_are_dropped(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ_of, join, joined = _server._Handler.get_environ, Streams._join, list[object]()

    def hurry(client: _server._Handler) -> dict[str, Any]:
        """Give a client less time, once its request has been read."""
        client.socket.settimeout(0.2)
        return environ_of(client)

    def note_and_join(streams: Streams, watcher: _streams._Watcher) -> None:
        joined.append(watcher)
        join(streams, watcher)

    monkeypatch.setattr(_server._Handler, "get_environ", hurry)
    monkeypatch.setattr(Streams, "_join", note_and_join)
    for number in range(200):
        system.start(ChildSpec(f"actor-{number}", Fragile))
    with serve(system) as listener, ExitStack() as stack:
        streams = served(listener)
        for _ in range(3):
            client = stack.enter_context(connected(listener))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
            watch(listener, client)
        until(lambda: len(joined) == 3)
        until(lambda: not streams._watchers)


def test_events_wait_for_a_slow_watcher_up_to_a_number() -> None:
    watcher = _streams._Watcher()
    for number in range(100):
        watcher.put(b"%d " % number, b"snapshot %d" % number)
    taken = watcher.take()
    assert taken.endswith(b"99 snapshot 99")
    assert taken.startswith(b"70 ")
    assert watcher.take() == b""


def test_watchers_are_told_the_end(system: ActorSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_streams, "_FAREWELL_S", PATIENCE_S)
    for number in range(500):  # more than the kernel takes at once
        system.start(ChildSpec(f"actor-{number}", Fragile))
    with ExitStack() as stack:
        with serve(system) as listener:
            watchers = [stack.enter_context(stream(listener)) for _ in range(3)]
            for watcher in watchers:
                watcher.next("snapshot")
            readers = [gevent.spawn(list, watcher) for watcher in watchers]
            streams = served(listener)
            until(lambda: all(each.is_waiting for each in streams._watchers))
        for reader in readers:
            *_, before, last = reader.get(timeout=PATIENCE_S)
            assert (before[0], last) == ("snapshot", ("over", {}))


def test_watchers_are_told_that_a_system_has_failed() -> None:
    with pytest.raises(RestartIntensityError):
        watch_a_system_that_fails()


def watch_a_system_that_fails() -> None:
    with ActorSystem() as system, serve(system) as listener:
        fragile = system.start(ChildSpec("fragile", Fragile))
        with stream(listener) as watcher:
            watcher.next("snapshot")
            while system.root.is_alive:
                fragile.tell(-1)
                gevent.sleep(0)
            *_, last = watcher
            assert last == ("over", {})
        with stream(listener) as late:
            assert list(late) == [("over", {})]


def test_the_end_waits_for_nobody_who_does_not_read(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "_PATIENCE_S", 4 * PATIENCE_S)
    for number in range(200):
        system.start(ChildSpec(f"actor-{number}", Fragile))
    with ExitStack() as stack:
        with serve(system) as listener:
            streams = served(listener)
            client = stack.enter_context(connected(listener))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
            watch(listener, client)
            looks = list[bool]()

            def is_held_up() -> bool:
                looks.append(bool(streams._watchers) and not streams._watchers[0].is_waiting)
                return len(looks) >= 30 and all(looks[-30:])

            until(is_held_up)
            monkeypatch.setattr(_streams, "_FAREWELL_S", 2 * PATIENCE_S)
            timeout = stack.enter_context(gevent.Timeout(PATIENCE_S))
        timeout.cancel()


def test_a_snapshot_that_fails_at_the_end_harms_nobody(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        with serve(system) as listener:
            watcher = stack.enter_context(stream(listener))
            watcher.next("snapshot")
            monkeypatch.setattr("rnd_actors.control._snapshots.overview", lambda _: 1 / 0)
        assert [*watcher][-1] == ("over", {})


def test_too_many_watchers_are_refused(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_streams, "_MOST_WATCHERS", 1)
    with stream(listener) as watcher:
        watcher.next("snapshot")
        answer = ask(listener, "/api/stream")
        assert (answer.status, answer.data) == (503, {"error": "too many watch already"})


def test_a_snapshot_that_fails_is_logged_and_the_next_is_sent(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with stream(listener) as watcher:
        watcher.next("snapshot")
        with monkeypatch.context() as patched:
            patched.setattr("rnd_actors.control._snapshots.overview", lambda _: 1 / 0)
            until(lambda: "a snapshot failed" in caplog.text)
        watcher.next("snapshot")
