"""What a run answers, and what it does when it is told."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import gevent
import pytest
from attrs import frozen

from rnd_actors.collectors import Outcome
from rnd_actors.control import (
    ControlUnavailable,
    RunAddress,
    _server,
    ask,
    find_run,
    follow,
    runs,
    serve_run,
)
from rnd_actors.errors import ControlError
from rnd_actors.events import DeadLetter, Event
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.workers import WorkerProcess
from tests.control.steered import goal_soon, samples_of, steered
from tests.processes import PATIENCE_S, alive, until


def test_the_status_has_the_figures_of_the_run_and_a_row_for_each_worker() -> None:
    with steered(deadline=3600.0) as run:
        until(lambda: all(row["samples"] > 20 for row in ask(run.address, "status")["workers"]))
        status = ask(run.address, "status")
        assert (status["id"], status["pid"]) == (run.address.id, run.address.pid)
        assert (status["goal"], status["deadline_s"]) == (10**6, 3600.0)
        assert 0 < status["progress"] < 1
        assert status["rate_per_s"] > 0
        assert status["finish_s"] > status["elapsed_s"] > 0
        assert [worker["id"] for worker in status["workers"]] == [1, 2]
        assert {worker["state"] for worker in status["workers"]} == {"streaming"}
        assert sum(worker["samples"] for worker in status["workers"]) == status["samples"]


def test_tree_and_dump_show_the_actors() -> None:
    with steered() as run:
        assert "1 WorkerActor #1" in ask(run.address, "tree")
        assert "workers/1 WorkerActor" in ask(run.address, "dump")


def test_restarts_under_load_keep_the_total_exact_and_are_no_crashes() -> None:
    with steered(0.001, workers=4) as run:
        for number in range(1, 5):
            before = ask(run.address, "status")["workers"]
            assert ask(run.address, "restart", worker="all") == [1, 2, 3, 4]
            until(partial(have_come_back, run.address, before, number))
        goal = goal_soon(run.address)
        with suppress(ControlError):  # it is complete
            ask(run.address, "restart", worker="all")
        result = run.result()
    lines = result.lines
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, goal)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert [worker.crashes for worker in result.workers] == [0] * 4
    assert result.restarts >= 16


def have_come_back(address: RunAddress, before: list[dict[str, Any]], times: int) -> bool:
    """Whether each worker was restarted so many times, and has sent something since."""
    now = ask(address, "status")["workers"]
    return all(
        worker["restarts"] >= times and worker["samples"] > earlier["samples"]
        for worker, earlier in zip(now, before, strict=True)
    )


def test_a_restarted_worker_is_a_new_process() -> None:
    with steered() as run:
        before = ask(run.address, "status")["workers"]
        ask(run.address, "restart", worker=2)
        until(lambda: ask(run.address, "status")["workers"][1]["restarts"] == 1)
        until(lambda: ask(run.address, "status")["workers"][1]["state"] == "streaming")
        after = ask(run.address, "status")["workers"]
    assert before[0]["pid"] == after[0]["pid"]
    assert before[1]["pid"] != after[1]["pid"]


def test_the_last_events_have_a_level_and_a_number() -> None:
    with steered() as run:
        ask(run.address, "restart", worker=1)
        until(lambda: ask(run.address, "events", level="info"))
        infos = ask(run.address, "events", level="info")
        assert [record["text"] for record in infos] == ["workers/1 is restarted now"]
        assert (infos[0]["level"], infos[0]["event"]) == ("INFO", "ChildRestarting")
        assert ask(run.address, "events", level="warning") == []
        assert len(ask(run.address, "events", n=3, level="debug")) == 3


def test_many_small_events_do_not_take_the_place_of_those_that_matter() -> None:
    @frozen
    class Small(Event):
        level = logging.DEBUG

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        with serve_run(live):
            live.system.events.publish(ControlUnavailable("it is a test"))
            for _ in range(2000):
                live.system.events.publish(Small())
            yield

    settings = RunSettings(samples=10**6, workers=1, base_port=0)
    running = gevent.spawn(run, settings, control=control)
    until(lambda: runs() and len(ask(find_run(), "events", n=1000, level="debug")) == 1000)
    [matters] = ask(find_run(), "events", n=1, level="warning")
    assert matters["fields"] == {"why": "it is a test"}
    ask(find_run(), "stop")
    running.get(timeout=PATIENCE_S)


def test_who_follows_gets_the_events_to_come_to_the_last_one() -> None:
    with steered() as run:
        texts: list[str] = []
        reader = gevent.spawn(
            lambda: texts.extend(record["text"] for record in follow(run.address, "debug"))
        )
        until(lambda: texts)
        ask(run.address, "restart", worker=1)
        until(lambda: "workers/1 is restarted now" in texts)
        ask(run.address, "stop")
        reader.get(timeout=PATIENCE_S)
    assert texts[-1].startswith("workers stopped")


def test_who_follows_reads_all_that_happens_just_before_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_server, "_FAREWELL_S", PATIENCE_S)

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        with serve_run(live):
            yield
            for number in range(500):
                live.system.events.publish(ControlUnavailable(str(number)))

    settings = RunSettings(samples=10**6, workers=1, base_port=0)
    running = gevent.spawn(run, settings, control=control)
    until(runs)
    address = find_run()
    reader = gevent.spawn(lambda: list(follow(address, "warning")))
    until(lambda: samples_of(address))
    ask(address, "stop")
    running.get(timeout=PATIENCE_S)
    assert [record["fields"]["why"] for record in reader.get(timeout=PATIENCE_S)] == [
        str(number) for number in range(500)
    ]


def test_an_event_of_any_kind_and_length_is_told_in_short_texts(
    capfd: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        with serve_run(live):
            live.system.events.publish(DeadLetter("nobody", {(1, 2): 3}, "it is a test"))
            live.system.events.publish(DeadLetter("nobody", "x" * 10**6, "it is a test"))
            yield

    settings = RunSettings(samples=10**6, workers=1, base_port=0)
    running = gevent.spawn(run, settings, control=control)
    until(lambda: runs() and len(ask(find_run(), "events")) > 1)
    odd, long = ask(find_run(), "events")[:2]
    assert odd["fields"] == {"actor": "nobody", "message": "{(1, 2): 3}", "why": "it is a test"}
    assert (len(long["text"]), len(long["fields"]["message"])) == (1001, 1001)
    letters = ask(find_run(), "dead_letters")
    assert [letter["message"][:11] for letter in letters] == ["{(1, 2): 3}", "'xxxxxxxxxx"]
    ask(find_run(), "stop")
    running.get(timeout=PATIENCE_S)
    assert capfd.readouterr().err == ""


def test_a_trace_shows_the_next_messages_of_an_actor() -> None:
    with steered() as run:
        messages = ask(run.address, "trace", actor="collector", n=3)["messages"]
        assert ["Samples(" in message["message"] for message in messages] == [True] * 3
        assert {message["outcome"] for message in messages} == {"handled"}
        assert sorted(messages, key=lambda message: str(message["time"])) == messages


def test_a_trace_of_an_actor_that_handles_nothing_is_over_in_time() -> None:
    with steered() as run:
        assert ask(run.address, "trace", actor="workers", seconds=0.1) == {"messages": []}


def test_a_stop_ends_the_run_with_the_samples_so_far() -> None:
    with steered() as run:
        assert ask(run.address, "stop") == "stops"
        result = run.result()
    assert (result.outcome, result.samples > 0) == (Outcome.INTERRUPTED, True)
    assert run.address not in runs()


def test_a_second_stop_says_that_the_run_stops_already() -> None:
    with steered(0.01, "-ignore-term") as run:
        assert ask(run.address, "stop") == "stops"
        assert ask(run.address, "stop") == "stops already"


def test_a_stop_at_once_kills_workers_that_do_not_want_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed, kill_all = [], WorkerProcess.kill_all

    def kill_and_note() -> None:
        killed.append("all")
        kill_all()

    monkeypatch.setattr(WorkerProcess, "kill_all", kill_and_note)
    with steered(0.01, "-ignore-term", "-seed=8151") as run:
        assert ask(run.address, "stop", now=True) == "ends at once"
        assert run.result().outcome is Outcome.INTERRUPTED
    assert killed == ["all"]
    assert alive("-seed=8151") == []


@pytest.mark.parametrize(
    ("operation", "arguments", "told"),
    [
        ("explode", {}, "there is no operation 'explode'; the operations are: actors, actor"),
        ("status", {"x": 1}, "status cannot be asked with"),
        ("restart", {}, "missing a required argument: 'worker'"),
        ("restart", {"worker": 3}, "there is no worker 3; the workers are 1 to 2"),
        ("restart", {"worker": "x"}, "worker takes the id of a worker, or all"),
        ("restart", {"worker": True}, "worker takes the id of a worker, or all"),
        ("stop", {"now": "yes"}, "now takes true or false"),
        ("events", {"n": 10**9}, "n takes a whole number from 1 to 1000"),
        ("events", {"level": "loud"}, "level takes debug, info"),
        ("follow", {"level": 7}, "level takes debug, info"),
        ("trace", {"actor": "nobody"}, "there is no actor 'nobody'; the actors are: system, coll"),
        ("trace", {"actor": 3}, "actor takes the name of an actor"),
        ("trace", {"actor": "workers/1"}, r"has a run\(\) of its own"),
        ("trace", {"actor": "collector", "seconds": -1}, "seconds takes seconds > 0"),
    ],
)
def test_what_cannot_be_done_is_an_error_in_words(
    operation: str, arguments: dict[str, object], told: str
) -> None:
    with steered() as run, pytest.raises(ControlError, match=told):
        ask(run.address, operation, **arguments)


def test_a_run_that_has_ended_says_so() -> None:
    with steered() as run:
        pass
    with pytest.raises(ControlError, match="has just ended"):
        ask(run.address, "status")
