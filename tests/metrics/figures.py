"""Metrics as a scraper sees them."""

from collections.abc import Mapping
from typing import TypeAlias

from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read

from rnd_actors.metrics import Metrics

__all__ = ["COUNTERS", "Series", "counters_of", "messages", "scraped", "series_of"]

Series: TypeAlias = dict[str, float]
"""Values by the name and the labels of a series, as PromQL writes them."""

COUNTERS = ("counter", "histogram", "summary")


def series_of(text: str) -> Series:
    return {
        written(sample.name, sample.labels): sample.value
        for family in read(text)
        for sample in family.samples
    }


def scraped(metrics: Metrics) -> Series:
    """All series; both official parsers accept the metrics."""
    openmetrics = generate_latest(metrics.registry)  # type: ignore[no-untyped-call]
    list(read_openmetrics(openmetrics.decode()))  # type: ignore[no-untyped-call]
    return series_of(metrics.text().decode())


def counters_of(metrics: Metrics) -> Series:
    """All that must never go down."""
    return {
        written(sample.name, sample.labels): sample.value
        for family in read(metrics.text().decode())
        if family.type in COUNTERS
        for sample in family.samples
    }


def messages(series: Series, actor: str) -> Series:
    """What became of the messages to the actors of a name, without what is 0."""
    outcomes = ("handled", "failed", "refused", "dead")
    labels = {
        outcome: f'rnd_actors_messages_total{{actor="{actor}",outcome="{outcome}"}}'
        for outcome in outcomes
    }
    return {outcome: series[label] for outcome, label in labels.items() if series[label]}


def written(name: str, labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inner}}}" if inner else name
