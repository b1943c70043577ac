"""The page of a run: what it shows, how it steers, and how it ends with the run."""

import gc
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import jsonschema  # type: ignore[import-untyped]
import pytest
from attrs import define
from gevent.event import Event as Flag
from openapi_spec_validator import validate

from rnd_actors import control
from rnd_actors.collectors import Collector, Outcome, Result, Sample
from rnd_actors.control import RunOperations
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.web import Listener, _streams, listen, serve_live_run
from rnd_actors.web._streams import Streams
from rnd_actors.workers import WorkerProcess
from tests.processes import PATIENCE_S, alive, until
from tests.web.serving import Answer, ask, connected, stream, watch


@define
class Served:
    """A run that goes on, where its page is, and its result once it has ended."""

    running: Any
    listener: Listener

    def get(self, path: str) -> Any:
        answer = ask(self.listener, path)
        assert answer.status == 200, answer
        return answer.data

    def post(self, path: str, **body: object) -> Answer:
        return ask(self.listener, path, body)

    def samples(self) -> int:
        samples: int = self.get("/api/status")["samples"]
        return samples

    def goal_soon(self) -> int:
        """Set a goal that the run soon reaches, and return it."""
        while True:
            goal = self.samples() + 100
            if self.post("/api/goal", samples=goal).status == 200:  # no more have come meanwhile
                return goal

    def result(self) -> Result:
        result: Result = self.running.get(timeout=PATIENCE_S)
        return result


@contextmanager
def served(interval: float = 0.01, *flags: str, **others: Any) -> Iterator[Served]:
    """Have a run go on while the block runs, then stop it; it streams when the block begins."""
    settings = RunSettings(
        **{"samples": 10**6, "workers": 2, **others},
        base_port=0,
        worker_args=("-interval", str(interval), *flags),
    )
    with listen() as listener:
        running = gevent.spawn(run, settings, control=partial(serve_live_run, listener=listener))
        page = Served(running, listener)
        until(page.samples)
        try:
            yield page
        finally:
            with suppress(OSError, ValueError):  # it has ended
                page.post("/api/stop")
            running.join(timeout=PATIENCE_S)


def test_the_status_is_that_of_the_control_socket() -> None:
    urls: list[str] = []

    @contextmanager
    def both(live: LiveRun) -> Iterator[None]:
        with control.serve_run(live):
            with serve_live_run(live) as listener:
                urls.append(listener.address)
                answers.append(ask(listener, "/api/status").data)
                answers.append(control.ask(control.find_run(), "status"))
                yield
            answers.append(control.ask(control.find_run(), "status"))

    answers: list[dict[str, Any]] = []
    fast = RunSettings(samples=20, workers=2, base_port=0, worker_args=("-interval", "0"))
    assert run(fast, control=both).samples == 20
    here, there, after = answers
    assert set(here) == set(there)
    assert here["url"] == there["url"] == urls[0]
    assert after["url"] is None
    assert "token" not in json.dumps(answers)


def test_the_status_shows_the_run_and_its_workers() -> None:
    with served(deadline=3600.0) as page:
        until(lambda: all(row["samples"] > 20 for row in page.get("/api/status")["workers"]))
        status = page.get("/api/status")
        assert (status["goal"], status["deadline_s"]) == (10**6, 3600.0)
        assert {worker["state"] for worker in status["workers"]} == {"streaming"}
        lines = status["lines"]
        assert lines["received"] == lines["accepted"] + lines["surplus"] + lines["malformed"]
        assert set(page.get("/api/actors")["run"]) == set(status)


def test_the_history_shows_what_has_been() -> None:
    with served() as page:
        until(lambda: all(row["samples"] > 100 for row in page.get("/api/status")["workers"]))
        history = page.get("/api/history")
        times, totals = zip(*history["samples"], strict=True)
        assert list(times) == sorted(times)
        assert list(totals) == sorted(totals)
        assert set(history["lanes"]) == {"1", "2"}
        assert [state for _, state in history["lanes"]["1"]][:2] == ["starting", "streaming"]
        edges, counts = history["histogram"]["edges"], history["histogram"]["counts"]
        assert (edges[0], edges[-1], len(edges)) == (0, 99, len(counts) + 1)
        assert 100 < sum(counts) <= page.samples()


def test_the_result_so_far_is_a_file() -> None:
    with served() as page:
        until(lambda: all(row["samples"] > 1 for row in page.get("/api/status")["workers"]))
        answer = ask(page.listener, "/api/result")
        result = Result.from_json(answer.body.decode())
        assert answer.headers["content-disposition"] == 'attachment; filename="result.json"'
    assert (result.outcome, result.reason) == (Outcome.INTERRUPTED, "it goes on")
    assert result.samples == result.lines.accepted > 0
    assert all(worker.streamed_s > 0 for worker in result.workers)


def test_a_run_without_a_store_has_no_report() -> None:
    with served() as page:
        answer = ask(page.listener, "/api/report")
        assert (answer.status, "this run has none" in answer.data["error"]) == (409, True)


@pytest.mark.slow
def test_the_report_of_a_stored_run_is_a_file(tmp_path: Path) -> None:
    with served(outputs=tmp_path / "runs.db") as page:
        until(lambda: page.samples() > 50)
        first, second = (gevent.spawn(ask, page.listener, "/api/report") for _ in range(2))
        before = page.samples()
        until(lambda: page.samples() > before)  # it holds up nothing
        answers = sorted([first.get(), second.get()], key=lambda answer: answer.status)
    assert [answer.status for answer in answers] == [200, 409]
    assert answers[0].headers["content-type"] == "text/html; charset=utf-8"
    assert answers[0].body.startswith(b"<!DOCTYPE html>")
    assert answers[1].data == {"error": "a report is being made already"}


def test_a_worker_is_restarted() -> None:
    with served() as page:
        assert page.post("/api/restart", worker=2).data == {"result": [2]}
        until(lambda: [row["restarts"] for row in page.get("/api/status")["workers"]] == [0, 1])
        assert page.post("/api/restart", worker="all").data == {"result": [1, 2]}
        until(lambda: [row["restarts"] for row in page.get("/api/status")["workers"]] == [1, 2])
        ends = page.get("/api/actor?actor=workers/2")["ends"]
        assert [end["incarnation"] for end in ends] == [1, 2]
    assert [worker.crashes for worker in page.result().workers] == [0, 0]


def test_a_run_is_scaled_and_its_goal_and_deadline_are_changed() -> None:
    with served() as page:
        assert page.post("/api/scale", workers=3).status == 200
        until(lambda: [row["id"] for row in page.get("/api/status")["workers"]] == [1, 2, 3])
        until(lambda: set(page.get("/api/history")["lanes"]) == {"1", "2", "3"})
        assert page.post("/api/scale", workers="-1").status == 200
        assert page.post("/api/deadline", seconds=3600).data["result"]["text"]
        assert page.get("/api/status")["deadline_s"] == 3600
        assert page.post("/api/deadline", seconds=None).status == 200
        assert page.get("/api/status")["deadline_s"] is None
        goal = page.goal_soon()
        result = page.result()
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, goal)


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/api/scale", {"workers": 0}, 400, "workers takes"),
        ("/api/scale", {"workers": "many"}, 400, "workers takes"),
        ("/api/goal", {"samples": 0}, 400, "samples takes"),
        ("/api/deadline", {"seconds": -1}, 400, "seconds takes"),
        ("/api/restart", {}, 400, "missing a required argument: 'worker'"),
        ("/api/restart", {"worker": "x"}, 400, "worker takes the id of a worker, or all"),
        ("/api/restart", {"worker": True}, 400, "worker takes the id of a worker, or all"),
        ("/api/restart", {"worker": 3}, 404, "there is no worker 3; the workers are 1 to 2"),
        ("/api/stop", {"now": "yes"}, 400, "now takes true or false"),
        ("/api/trace", {"actor": "workers/1"}, 409, "has a run() of its own"),
    ],
)
def test_what_cannot_be_done_is_an_error_in_words(
    path: str, body: dict[str, object], status: int, told: str
) -> None:
    with served() as page:
        answer = ask(page.listener, path, body)
        assert (answer.status, told in answer.data["error"]) == (status, True)


def test_a_restart_when_the_run_ends_cannot_be_done() -> None:
    with served(0.01, "-ignore-term") as page:
        assert page.post("/api/stop").data == {"result": "stops"}
        assert page.post("/api/stop").data == {"result": "stops already"}
        answer = page.post("/api/restart", worker=1)
        assert (answer.status, "it ends" in answer.data["error"]) == (409, True)
        page.post("/api/stop", now=True)


def test_a_stop_ends_the_run_with_the_samples_so_far() -> None:
    with served() as page:
        assert page.post("/api/stop").data == {"result": "stops"}
        result = page.result()
    assert (result.outcome, result.samples > 0) == (Outcome.INTERRUPTED, True)
    with pytest.raises(ConnectionError):
        ask(page.listener, "/healthz")


def test_a_stop_at_once_is_answered_before_it_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    killed, kill_all = [], WorkerProcess.kill_all

    def kill_and_note() -> None:
        killed.append("all")
        kill_all()

    monkeypatch.setattr(WorkerProcess, "kill_all", kill_and_note)
    with served(0.01, "-ignore-term", "-seed=8152") as page:
        assert page.post("/api/stop", now=True).data == {"result": "ends at once"}
        assert page.result().outcome is Outcome.INTERRUPTED
    assert killed == ["all"]
    assert alive("-seed=8152") == []


def test_watchers_are_told_the_outcome_of_a_run() -> None:
    with served() as page, stream(page.listener) as watcher:
        goal = page.goal_soon()
        events = list(watcher)
    assert events[-1] == ("over", {"outcome": "complete", "reason": "the goal is reached"})
    snapshots = [data for event, data in events if event == "snapshot"]
    assert snapshots[-1]["run"]["samples"] == goal
    histories = [data for event, data in events if event == "history"]
    assert [sum(history["histogram"]["counts"]) for history in histories] == [goal]


def test_the_description_of_a_run_is_openapi() -> None:
    with served() as page:
        description = page.get("/api/openapi.json")
    validate(description)
    assert {"/api/restart", "/api/result", "/api/history"} <= set(description["paths"])


def test_the_status_is_as_its_description_says() -> None:
    with served(deadline=3600.0) as page:
        responses = page.get("/api/openapi.json")["paths"]["/api/status"]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        status = page.get("/api/status")
    jsonschema.validate(status, schema)
    assert set(schema["properties"]) == set(status)
    of_worker = schema["properties"]["workers"]["items"]["properties"]
    assert set(of_worker) == set(status["workers"][0])


def test_a_run_ends_as_fast_with_watchers_who_read_and_who_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_streams, "_FAREWELL_S", PATIENCE_S)
    endless = RunSettings(samples=10**6, workers=2, base_port=0, worker_args=("-interval", "0.005"))
    interrupted = Flag()
    took_s: list[float] = []

    @contextmanager
    def timed(live: LiveRun) -> Iterator[None]:
        with serve_live_run(live, listener):
            yield
            began = time.monotonic()
        took_s.append(time.monotonic() - began)

    with listen() as listener, ExitStack() as stack:
        running = gevent.spawn(run, endless, control=timed, interrupted=interrupted)
        watchers = [stack.enter_context(stream(listener)) for _ in range(5)]
        readers = [gevent.spawn(list, watcher) for watcher in watchers]
        for _ in range(5):
            client = stack.enter_context(connected(listener))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            watch(listener, client)
        until(lambda: watchers_of() == 10)
        interrupted.set()
        assert running.get(timeout=PATIENCE_S).outcome is Outcome.INTERRUPTED
        assert [reader.get(timeout=PATIENCE_S)[-1][0] for reader in readers] == ["over"] * 5
    assert took_s[0] < PATIENCE_S / 2


def watchers_of() -> int:
    """How many watch the only run of this test."""
    return sum(len(each._watchers) for each in gc.get_objects() if type(each) is Streams)


def test_a_run_that_is_looked_at_by_nobody_gives_back_its_port() -> None:
    fast = RunSettings(samples=20, workers=2, base_port=0, worker_args=("-interval", "0"))
    with listen() as listener:
        assert run(fast, control=partial(serve_live_run, listener=listener)).samples == 20
    with listen(("127.0.0.1", listener.port)) as again:
        assert again.token != listener.token


def test_the_values_of_a_run_that_nobody_watches_are_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[object] = []
    monkeypatch.setattr(RunOperations, "history", counted.append)
    fast = RunSettings(samples=20, workers=2, base_port=0, worker_args=("-interval", "0"))
    with listen() as listener:
        run(fast, control=partial(serve_live_run, listener=listener))
    assert counted == []


class Wrong(Collector):
    """Raises when it is asked."""

    def is_reached(self, sample: Sample) -> bool:
        raise RuntimeError("wrong")

    def progress(self) -> float:
        return 0.0


def test_watchers_are_told_that_a_run_has_failed_whose_collector_crashes() -> None:
    settings = RunSettings(workers=2, base_port=0, worker_args=("-interval", "0.01"))
    with listen() as listener:
        begin = partial(serve_live_run, listener=listener)
        running = gevent.spawn(run, settings, Wrong(), control=begin)
        with stream(listener) as watcher:
            *_, (event, data) = watcher
        assert running.get(timeout=PATIENCE_S).outcome is Outcome.FAILED
    assert (event, data["outcome"]) == ("over", "failed")
    assert data["reason"].endswith("last: crashed: RuntimeError: wrong")
