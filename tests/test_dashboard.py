"""The dashboard, the alerts and the guide tell of metrics and labels that there are."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client.metrics_core import Metric

from rnd_actors.metrics import Metrics
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.simulation import SimulatedWorker, simulate
from rnd_actors.workers import WorkerSpawned

DOCS: Final = Path(__file__).parents[1] / "docs"
DASHBOARD: Final[dict[str, Any]] = json.loads((DOCS / "grafana-dashboard.json").read_text())
PANELS: Final[list[dict[str, Any]]] = [
    panel for panel in DASHBOARD["panels"] if panel["type"] != "row"
]
ALERTS: Final = re.findall(r"^ *expr: (.*)$", (DOCS / "prometheus-alerts.yml").read_text(), re.M)
EXPRESSIONS: Final = [*(t["expr"] for panel in PANELS for t in panel["targets"]), *ALERTS]
OF_PROMETHEUS: Final = {"instance", "job", "le"}


PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool of Prometheus is not here")


def promtool(*arguments: str, stdin: bytes = b"") -> str:
    """Return what it says against these files or metrics."""
    done = subprocess.run(
        [str(PROMTOOL), *arguments], input=stdin, capture_output=True, check=False, timeout=60
    )
    return "" if done.returncode == 0 else (done.stdout + done.stderr).decode()


@cache
def measured() -> Metrics:
    """The metrics of a run at its end."""
    kept: list[Metrics] = []

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        kept.append(Metrics(live.system, live))
        live.system.events.publish(WorkerSpawned(1, 1, 99, 3001, "10.0.0.1"))  # as in a cluster
        yield

    settings = RunSettings(samples=10, workers=2, deadline=60.0)
    simulate(lambda _: run(settings, control=control, spawn=SimulatedWorker()))
    return kept[0]


def exposed() -> list[Metric]:
    return list(measured().registry.collect())


def known() -> dict[str, set[str]]:
    """The labels of each series, by its name."""
    names: dict[str, set[str]] = {}
    for family in exposed():
        names.setdefault(family.name, set())  # some have no series at the end of a run
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    return names


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:rnd_actors|process)_\w+", expression))


def labels_in(expression: str) -> set[str]:
    matched = re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~|!~)", expression)
    grouped = re.findall(r"\b(?:by|without|on) \(([\w, ]+)\)", expression)
    return {*matched, *(label for group in grouped for label in group.split(", "))}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_and_every_label_exists(expression: str) -> None:
    names = names_in(expression)
    assert names
    assert names <= known().keys()
    assert labels_in(expression) <= OF_PROMETHEUS.union(*(known()[name] for name in names))


def test_every_metric_of_ours_is_asked_for() -> None:
    ours = {family.name for family in exposed() if family.name.startswith("rnd_actors")}
    asked_for = " ".join(EXPRESSIONS)
    left_out = {name for name in ours if name not in asked_for}
    assert left_out == {"rnd_actors_dead_letters"}  # the messages that are dead or refused


def test_the_guide_explains_every_metric_of_ours_with_its_labels() -> None:
    guide = (DOCS / "guide" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(rnd_actors_\w+)` \| (.*?) \|", guide, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    counters = {f"{each.name}_total": each for each in exposed() if each.type == "counter"}
    others = {each.name: each for each in exposed() if each.type != "counter"}
    ours = {
        name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for name, family in (counters | others).items()
        if name.startswith("rnd_actors")
    }
    assert told == ours


def test_the_dashboard_takes_its_data_source_from_a_variable_and_answers_three_questions() -> None:
    [source, instance] = DASHBOARD["templating"]["list"]
    assert (source["name"], source["type"]) == ("datasource", "datasource")
    assert names_in(instance["query"]["query"]) <= known().keys()
    for panel in PANELS:
        for place in (panel, *panel["targets"]):
            assert place["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all('instance=~"$instance"' in target["expr"] for target in panel["targets"])
        assert panel["description"].endswith(".")
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Is it all right?", "Where is the trouble?", "What happened?"]


def test_no_panel_lies_on_another_one() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)


@needs_promtool
def test_prometheus_has_nothing_against_the_metrics_of_a_run() -> None:
    assert promtool("check", "metrics", stdin=measured().text()) == ""


@needs_promtool
def test_each_alert_fires_when_it_should_and_not_otherwise() -> None:
    cases = Path(__file__).with_name("alerts.yml")
    assert promtool("test", "rules", str(cases)) == ""
    fired = set(re.findall(r"alertname: (\w+)\n.*\n *exp_alerts:", cases.read_text()))
    assert fired == set(re.findall(r"alert: (\w+)", (DOCS / "prometheus-alerts.yml").read_text()))
