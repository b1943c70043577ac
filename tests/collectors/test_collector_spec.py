"""Collectors that are made again."""

import json

import pytest
from attrs import define, field

from rnd_actors import (
    Collector,
    EveryValue,
    FixedTime,
    MeanWithin,
    Sample,
    SampleCount,
    SettingsError,
    WorkerQuota,
)
from rnd_actors.collectors import CollectorSpec


class Plain(Collector):
    def is_reached(self, sample: Sample) -> bool:
        return False


class Needy(Plain):
    def __init__(self, what: int) -> None:
        self.what = what


@define
class Fields(Plain):
    wanted: int
    _private: str = "secret"
    _state: int = field(default=0, init=False)


@pytest.mark.parametrize(
    "collector",
    [
        SampleCount(150),
        EveryValue({3, 1}),
        MeanWithin(0.5, confidence=0.9),
        WorkerQuota(3, workers=4),
        FixedTime(2.5),
        Fields(3, "shown"),
    ],
)
def test_an_attrs_collector_is_made_again_of_its_fields(collector: Collector) -> None:
    collector_spec = CollectorSpec.of(collector)
    assert collector_spec is not None
    written = json.loads(json.dumps(collector_spec.to_plain()))
    assert CollectorSpec(**written).make() == collector


def test_collected_samples_are_no_part_of_a_recipe() -> None:
    used, fresh = SampleCount(2), SampleCount(2)
    used.is_reached(Sample(0, 42, 1, 1, 0, 0.5))
    assert CollectorSpec.of(used) == CollectorSpec.of(fresh)


def test_a_class_is_named_by_where_it_is_public() -> None:
    assert CollectorSpec.of(SampleCount(1)) == CollectorSpec("rnd_actors:SampleCount", {"goal": 1})


def test_a_class_without_arguments_has_a_recipe_without_options() -> None:
    collector_spec = CollectorSpec.of(Plain())
    assert collector_spec == CollectorSpec("tests.collectors.test_collector_spec:Plain", {})
    assert type(collector_spec.make()) is Plain


def test_a_collector_that_cannot_be_made_again_has_no_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Local(Plain):
        pass

    assert CollectorSpec.of(Needy(1)) is None
    assert CollectorSpec.of(Local()) is None
    monkeypatch.setattr(Plain, "__module__", "__main__")
    assert CollectorSpec.of(Plain()) is None


@pytest.mark.parametrize(
    ("collector_spec", "trouble"),
    [
        (CollectorSpec("no_such_module:X", {}), "No module named 'no_such_module'"),
        (CollectorSpec("rnd_actors:NoSuch", {}), "has no attribute 'NoSuch'"),
        (CollectorSpec("rnd_actors:Sample", {}), "this is no Collector"),
        (
            CollectorSpec("rnd_actors:SampleCount", {"gaol": 1}),
            "unexpected keyword argument 'gaol'",
        ),
        (CollectorSpec("rnd_actors:SampleCount", {"goal": 0}), "goal takes a whole number"),
    ],
)
def test_the_error_says_why_a_collector_cannot_be_made(
    collector_spec: CollectorSpec, trouble: str
) -> None:
    with pytest.raises(SettingsError, match=trouble):
        collector_spec.make()
