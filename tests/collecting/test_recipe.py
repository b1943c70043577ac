"""Collectors that are made again."""

import json

import pytest
from attrs import define, field

from rnd_actors import (
    Collector,
    EveryValue,
    FixedTime,
    MeanWithin,
    Recipe,
    Sample,
    SampleCount,
    SettingsError,
    WorkerQuota,
)


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
    recipe = Recipe.of(collector)
    assert recipe is not None
    written = json.loads(json.dumps(recipe.to_plain()))
    assert Recipe(**written).make() == collector


def test_collected_samples_are_no_part_of_a_recipe() -> None:
    used, fresh = SampleCount(2), SampleCount(2)
    used.is_reached(Sample(0, 42, 1, 1, 0, 0.5))
    assert Recipe.of(used) == Recipe.of(fresh)


def test_a_class_is_named_by_where_it_is_public() -> None:
    assert Recipe.of(SampleCount(1)) == Recipe("rnd_actors:SampleCount", {"goal": 1})


def test_a_class_without_arguments_has_a_recipe_without_options() -> None:
    recipe = Recipe.of(Plain())
    assert recipe == Recipe("tests.collecting.test_recipe:Plain", {})
    assert type(recipe.make()) is Plain


def test_a_collector_that_cannot_be_made_again_has_no_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Local(Plain):
        pass

    assert Recipe.of(Needy(1)) is None
    assert Recipe.of(Local()) is None
    monkeypatch.setattr(Plain, "__module__", "__main__")
    assert Recipe.of(Plain()) is None


@pytest.mark.parametrize(
    ("recipe", "trouble"),
    [
        (Recipe("no_such_module:X", {}), "No module named 'no_such_module'"),
        (Recipe("rnd_actors:NoSuch", {}), "has no attribute 'NoSuch'"),
        (Recipe("rnd_actors:Sample", {}), "this is no Collector"),
        (Recipe("rnd_actors:SampleCount", {"gaol": 1}), "unexpected keyword argument 'gaol'"),
        (Recipe("rnd_actors:SampleCount", {"goal": 0}), "goal takes a whole number"),
    ],
)
def test_the_error_says_why_a_recipe_cannot_be_made(recipe: Recipe, trouble: str) -> None:
    with pytest.raises(SettingsError, match=trouble):
        recipe.make()
