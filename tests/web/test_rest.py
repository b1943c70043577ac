"""The REST interface of any system: each operation of the table, and its description."""

import http.client
from typing import Any
from urllib.parse import urlencode

import gevent
import pytest
from attrs import asdict
from openapi_spec_validator import validate

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Request
from rnd_actors.control import Effect, Operations
from rnd_actors.inspection import inspect, suspend, unsuspend
from rnd_actors.supervision import Backoff, ChildSpec, Restart, Supervisor
from rnd_actors.web import Listener
from rnd_actors.web._openapi import describe, method_of, path_of
from tests.processes import PATIENCE_S, until
from tests.web.serving import Fragile, ask, connected, request_of

ROW = {
    "name",
    "parent",
    "kind",
    "incarnation",
    "restarts",
    "state",
    "doing",
    "mailbox",
    "told",
    "handled",
    "failed",
    "dead",
    "refused",
    "stashed",
    "busy_s",
    "messages_per_s",
    "busy",
}


class Slow(Actor[Any]):
    """Waits until it is told to go on."""

    def __init__(self, flag: gevent.event.Event, *, in_start: bool = False) -> None:
        self.flag = flag
        self.in_start = in_start

    def on_start(self) -> None:
        if self.in_start:
            self.flag.wait()

    def receive(self, message: Any) -> None:
        self.flag.wait()


class Question(Request[int]):
    """What nobody answers."""


class Asking(Actor[ActorRef[Any]]):
    def receive(self, message: ActorRef[Any]) -> None:
        message.ask(Question(), timeout=None)


def rows(listener: Listener) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in ask(listener, "/api/actors").data["actors"]}


def test_the_actors_have_a_row_each_with_parents_before_children(
    listener: Listener, fragile: ActorRef[int]
) -> None:
    fragile.tell(1)
    fragile.tell(-1)
    until(lambda: fragile.stats().failed)
    answer = ask(listener, "/api/actors").data
    assert set(answer) == {"at", "dead_letters", "run", "actors"}
    assert answer["run"] is None
    root, row = answer["actors"]
    assert set(root) == set(row) == ROW
    assert (root["name"], root["parent"], root["kind"]) == ("system", "", "Supervisor")
    assert (row["name"], row["parent"], row["kind"]) == ("fragile", "system", "Fragile")
    assert (row["incarnation"], row["restarts"]) == (2, 1)
    assert (row["told"], row["handled"], row["failed"]) == (2, 1, 1)
    assert (row["messages_per_s"], row["busy"]) == (None, None)


def test_a_second_look_shows_how_fast_actors_are(
    listener: Listener, fragile: ActorRef[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnd_actors.control._snapshots._LEAST_S", 0.05)
    ask(listener, "/api/actors")
    gevent.sleep(0.06)
    for number in range(100):
        fragile.tell(number)
    row = rows(listener)["fragile"]
    assert 0 < row["messages_per_s"] <= 100 / 0.06
    assert 0 < row["busy"] <= 1


def test_the_state_of_an_actor_is_a_word(system: ActorSystem, listener: Listener) -> None:
    flag = gevent.event.Event()
    slow = system.start(ChildSpec("slow", lambda: Slow(flag)))
    asking = system.start(ChildSpec("asking", Asking))
    held = system.start(ChildSpec("held", Actor))
    gone = system.start(ChildSpec("gone", Actor, restart=Restart.TRANSIENT))
    starting = gevent.spawn(
        lambda: system.start(ChildSpec("starting", lambda: Slow(flag, in_start=True)))
    )
    slow.tell(1)
    asking.tell(slow)
    suspend(held)
    gone.stop()
    expected = {
        "system": "idle",
        "slow": "running",
        "asking": "waiting",
        "held": "suspended",
        "gone": "stopped",
        "starting": "starting",
    }
    until(lambda: {name: row["state"] for name, row in rows(listener).items()} == expected)
    assert rows(listener)["asking"]["doing"].startswith("waits for ")
    assert rows(listener)["gone"]["doing"].startswith("has stopped for good")
    flag.set()
    unsuspend(held)
    starting.get(timeout=PATIENCE_S)


def test_an_actor_that_waits_for_its_restart_is_down(
    system: ActorSystem, listener: Listener
) -> None:
    backoff = Backoff(initial=2 * PATIENCE_S, maximum=2 * PATIENCE_S)
    children = [ChildSpec("fragile", Fragile)]
    system.start(ChildSpec("shop", lambda: Supervisor(children, backoff=backoff)))
    fragile = system.find("shop/fragile")
    assert fragile is not None
    for _ in range(2):  # the first restart is at once
        fragile.tell(-1)
    until(lambda: rows(listener)["shop/fragile"]["state"] == "down")


def test_one_actor_is_inspected_with_its_events_and_ends(
    listener: Listener, fragile: ActorRef[int]
) -> None:
    fragile.tell(-1)
    until(lambda: fragile.stats().failed)
    seen = ask(listener, "/api/actor?actor=fragile").data
    inspection = asdict(inspect(fragile))
    assert set(seen) == {*inspection, "events", "ends"}
    assert (seen["kind"], seen["incarnation"], seen["stats"]["failed"]) == ("Fragile", 2, 1)
    assert "_serve" in seen["stack"]
    (end,) = seen["ends"]
    assert (end["incarnation"], end["reason"]) == (1, "crashed: ValueError: -1")
    assert [event["event"] for event in seen["events"]] == [
        "ActorStarted",
        "MessageFailed",
        "ActorFailed",
        "ChildRestarting",
        "ActorStarted",
    ]


@pytest.mark.parametrize("name", ["till 1 ü", "..", ".", "%", "%2e%2e", " ", "a?b#c&d=e+f;g"])
def test_an_actor_is_found_whatever_its_name(
    name: str, system: ActorSystem, listener: Listener
) -> None:
    system.start(ChildSpec("shop", lambda: Supervisor([ChildSpec(name, Actor)])))
    query = urlencode({"actor": f"shop/{name}"})
    assert ask(listener, f"/api/actor?{query}").data["name"] == f"shop/{name}"


def test_an_actor_that_is_not_there_is_404(listener: Listener) -> None:
    answer = ask(listener, "/api/actor?actor=nobody")
    expected = {"error": "there is no actor 'nobody'; the actors are: system"}
    assert (answer.status, answer.data) == (404, expected)
    assert ask(listener, "/api/trace", {"actor": "nobody"}).status == 404


def test_a_trace_shows_the_next_messages(listener: Listener, fragile: ActorRef[int]) -> None:
    asking = gevent.spawn(ask, listener, "/api/trace", {"actor": "fragile", "n": 2})
    cell: Any = fragile._cell
    until(lambda: cell.watchers)
    fragile.tell(1)
    fragile.tell(-1)
    first, second = asking.get(timeout=PATIENCE_S).data["messages"]
    assert (first["message"], first["outcome"], first["error"]) == ("1", "handled", "")
    assert (second["message"], second["outcome"]) == ("-1", "failed")
    assert second["error"] == "ValueError: -1"
    assert 0 <= first["seconds"] < PATIENCE_S
    assert first["time"][:2] == "20"


def test_a_trace_ends_when_its_client_goes(listener: Listener, fragile: ActorRef[int]) -> None:
    cell: Any = fragile._cell
    body = {"actor": "fragile", "n": 2, "seconds": 600}
    asking = gevent.spawn(ask, listener, "/api/trace", body)
    until(lambda: cell.watchers)
    fragile.tell(1)
    asking.kill()  # and with it its connection
    until(lambda: not cell.watchers)
    assert ask(listener, "/api/trace", {**body, "seconds": 0.01}).status == 200


@pytest.mark.parametrize("behind", [b"GET /healthz HTTP/1.1\r\n\r\n", b"x" * 1_000_000])
def test_a_trace_ends_when_its_client_goes_that_has_sent_more(
    behind: bytes, listener: Listener, fragile: ActorRef[int]
) -> None:
    cell: Any = fragile._cell
    body = {"actor": "fragile", "n": 2, "seconds": 600}
    with connected(listener) as client:
        client.sendall(request_of(listener, "/api/trace", body))
        until(lambda: cell.watchers)
        client.sendall(behind)
        gevent.idle()
        assert cell.watchers
    until(lambda: not cell.watchers)


def test_the_connection_of_a_trace_is_closed_after_it(
    listener: Listener, fragile: ActorRef[int]
) -> None:
    for actor, status in (("fragile", 200), ("nobody", 404)):
        body = {"actor": actor, "seconds": 0.01}
        answer = ask(listener, "/api/trace", body, connection="keep-alive")
        assert (answer.status, answer.headers["connection"]) == (status, "close")


def test_an_actor_that_cannot_be_traced_is_409(system: ActorSystem, listener: Listener) -> None:
    class Own(Actor[Any]):
        def run(self) -> None:
            gevent.sleep(60)

    system.start(ChildSpec("own", Own))
    answer = ask(listener, "/api/trace", {"actor": "own"})
    assert (answer.status, "run() of its own" in answer.data["error"]) == (409, True)


def test_dead_letters_are_kept(
    system: ActorSystem, listener: Listener, fragile: ActorRef[int]
) -> None:
    gone = system.start(ChildSpec("gone", Actor, restart=Restart.TEMPORARY))
    gone.stop()
    gone.join()
    for number in range(150):
        gone.tell(number)
    letters = ask(listener, "/api/dead-letters").data
    assert [letter["message"] for letter in letters] == [str(number) for number in range(50, 150)]
    assert set(letters[0]) == {"time", "actor", "message", "why"}
    assert ask(listener, "/api/actors").data["dead_letters"] == 150


def test_events_have_a_level_and_a_number(listener: Listener, fragile: ActorRef[int]) -> None:
    fragile.tell(-1)
    until(lambda: fragile.stats().failed)
    levels = {event["level"] for event in ask(listener, "/api/events").data}
    assert levels == {"INFO", "WARNING", "ERROR"}
    (event,) = ask(listener, "/api/events?level=ERROR&n=1").data
    assert set(event) == {"time", "level", "event", "text", "fields"}
    assert event["event"] == "MessageFailed"
    assert ask(listener, "/api/events?level=loud").status == 400
    assert ask(listener, "/api/events?n=0").status == 400
    assert ask(listener, "/api/events?n=x").status == 400
    assert ask(listener, "/api/events?x=1").status == 400


def test_tree_and_dump_are_texts(listener: Listener, fragile: ActorRef[int]) -> None:
    assert "fragile Fragile #1" in ask(listener, "/api/tree").data
    assert "fragile Fragile #1" in ask(listener, "/api/dump").data


def test_a_system_that_is_no_run_has_no_operations_of_a_run(listener: Listener) -> None:
    for path in ("status", "history", "result", "report"):
        assert ask(listener, f"/api/{path}").status == 404
    for path in ("restart", "stop"):
        assert ask(listener, f"/api/{path}", {}).status == 404


def test_names_that_no_encoding_has_are_shown_as_escapes_and_found_by_them(
    system: ActorSystem, listener: Listener
) -> None:
    odd = system.start(ChildSpec("caf\udce9", Fragile))
    odd.tell("\udcff")
    odd.tell(-1)
    until(lambda: odd.stats().failed)
    shown = r"caf\udce9"
    assert shown in rows(listener)
    one = ask(listener, f"/api/actor?{urlencode({'actor': shown})}").data
    assert (one["name"], [end["incarnation"] for end in one["ends"]]) == (shown, [1])
    assert {event["fields"].get("actor", shown) for event in one["events"]} == {shown}
    assert shown in ask(listener, "/api/tree").data
    assert ask(listener, "/api/actor?actor=nobody").data["error"].endswith(shown)
    assert ask(listener, "/api/trace", {"actor": shown, "seconds": 0.01}).status == 200


def test_health_needs_no_token(listener: Listener) -> None:
    answer = ask(listener, "/healthz", authorization=None)
    assert (answer.status, answer.body) == (200, b"ok\n")


def test_metrics_are_those_of_the_system(listener: Listener, fragile: ActorRef[int]) -> None:
    fragile.tell(1)
    until(lambda: fragile.stats().handled)
    answer = ask(listener, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert b'rnd_actors_messages_total{actor="fragile",outcome="handled"} 1.0' in answer.body


def test_static_files_have_their_type_and_are_asked_for_once(listener: Listener) -> None:
    answer = ask(listener, "/static/index.html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    again = ask(listener, "/static/index.html", if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    page = ask(listener, "/")
    assert (page.body, page.headers["content-type"]) == (answer.body, "text/html; charset=utf-8")


def test_a_head_is_a_get_without_a_body(listener: Listener) -> None:
    for path in ("/", "/api/actors", "/api/stream", "/metrics", "/healthz"):
        answer = ask(listener, path, method="HEAD")
        assert (answer.status, answer.body) == (200, b"")


def test_the_description_is_openapi(listener: Listener) -> None:
    validate(ask(listener, "/api/openapi.json").data)


def test_the_description_is_that_of_the_table(system: ActorSystem, listener: Listener) -> None:
    operations = Operations(system)
    paths = ask(listener, "/api/openapi.json").data["paths"]
    assert paths == describe(operations)["paths"]
    for operation in operations.table.values():
        if operation.effect is Effect.FOLLOW:
            continue
        described = paths[path_of(operation)][method_of(operation)]
        body = described.get("requestBody")
        if body is None:
            names = {parameter["name"] for parameter in described.get("parameters", ())}
        else:
            names = set(body["content"]["application/json"]["schema"]["properties"])
        assert names == {argument.name for argument in operation.arguments}
    operations.end()


def test_what_is_described_is_there(listener: Listener) -> None:
    for path, methods in ask(listener, "/api/openapi.json").data["paths"].items():
        for method, described in methods.items():
            asks_for = {each["name"] for each in described.get("parameters", ())}
            answer = ask(
                listener,
                f"{path}?actor=system" if "actor" in asks_for else path,
                {"actor": "system", "seconds": 0.01} if method == "post" else None,
                method="HEAD" if method == "get" else "POST",
            )
            assert answer.status == 200, path


def test_connections_are_kept_for_further_requests(listener: Listener) -> None:
    client = http.client.HTTPConnection("127.0.0.1", listener.port)
    for _ in range(3):
        client.request("GET", "/healthz")
        assert client.getresponse().read() == b"ok\n"
    client.close()
