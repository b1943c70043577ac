"""Collectors by name, with options as text."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import define

from rnd_actors import Collector, EveryValue, Sample, SettingsError, WorkerQuota
from rnd_actors.collectors import installed_collectors, make_collector
from tests.cli.commands import FAST, call


@define
class Options(Collector):
    """Has an option of each kind."""

    number: int = 1
    part: float = 0.5
    on: bool = False
    name: str = "x"
    numbers: tuple[int, ...] = ()

    def is_reached(self, sample: Sample) -> bool:
        return False


OPTIONS = f"{__name__}:Options"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("number=-3", Options(number=-3)),
        ("part=2", Options(part=2.0)),
        ("on=true", Options(on=True)),
        ("on=No", Options(on=False)),
        ("name=a=b", Options(name="a=b")),
        ("name=", Options(name="")),
        ("numbers=1, 5-7,9", Options(numbers=(1, 5, 6, 7, 9))),
        ("numbers=-3", Options(numbers=(-3,))),
    ],
)
def test_options_are_converted_to_the_types_of_the_fields(text: str, expected: Options) -> None:
    assert make_collector(OPTIONS, [text]) == expected


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("nope", [], "takes count, mean, quota, time, values, or module:Class; got 'nope'"),
        (OPTIONS, ["number=x"], "takes number=int; got 'number=x'"),
        (OPTIONS, ["number=1.5"], "takes number=int; got 'number=1.5'"),
        (OPTIONS, ["on=maybe"], "takes on=bool; got 'on=maybe'"),
        (OPTIONS, ["numbers=1,b"], "takes numbers=tuple"),
        (OPTIONS, ["numbers=1,0-1000000"], "takes ranges of at most 1000000 numbers; got '0-1000"),
        (OPTIONS, ["numbers=0-" + "9" * 30], "takes ranges of at most 1000000 numbers; got '0-9"),
        (OPTIONS, ["number"], "takes texts key=value; got 'number'"),
        (OPTIONS, ["size=1"], "takes the keys number, part, on, name, numbers; got 'size=1'"),
        ("mean", [], "takes mean with the options epsilon; got 'mean'"),
        ("count", ["goal=0"], "takes goal=a whole number from 1 to 1000000000; got 'goal=0'"),
        ("rnd_actors:Sample", [], "this is no Collector"),
        ("no_such_module:X", [], "ModuleNotFoundError: No module named 'no_such_module'"),
        ("rnd_actors:Collector", [], "Can't instantiate abstract class"),
    ],
)
def test_an_error_names_what_was_given_and_what_is_accepted(
    name: str, options: list[str], complaint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        make_collector(name, options)
    assert complaint in str(caught.value)


class Unlucky(Collector):
    """Cannot be made."""

    def __init__(self) -> None:
        raise OSError("no licence")

    def is_reached(self, sample: Sample) -> bool:
        return False


def test_a_collector_that_raises_when_it_is_made_is_told_in_one_line() -> None:
    done = call(*FAST, f"--collector={__name__}:Unlucky")
    assert done.returncode == 2
    assert done.stderr == (
        "rnd-actors: --collector takes a collector that can be made (OSError: no licence); "
        f"got '{__name__}:Unlucky'\n"
    )


def test_the_last_of_two_equal_options_counts() -> None:
    assert make_collector("quota", ["quota=1", "quota=2", "workers=3"]) == WorkerQuota(2, workers=3)
    assert make_collector("values", ["values=0-2"]) == EveryValue({0, 1, 2})


def _install(folder: Path, name: str, module: str, text: str) -> None:
    """Install a package as pip does: a module, and metadata that registers its collector."""
    (folder / f"{module}.py").write_text(text)
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[rnd_actors.collectors]\n{name} = {module}:Pairs\n"
    )


PAIRS = '''
from attrs import define
from rnd_actors import Collector

@define
class Pairs(Collector):
    """Collects until some value came twice in a row."""
    times: int = 1
    last: int | None = None

    def is_reached(self, sample):
        pair, self.last = sample.value == self.last, sample.value
        self.times -= pair
        return self.times == 0
'''


def test_plug_ins_are_found_and_one_that_is_broken_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, "pairs", "pairs_plugin", PAIRS)
    _install(tmp_path, "broken", "broken_plugin", "raise OSError('out of luck')")
    monkeypatch.syspath_prepend(tmp_path)
    infos = {info.name: info for info in installed_collectors()}
    assert infos["pairs"].summary == "Collects until some value came twice in a row."
    assert [option.name for option in infos["pairs"].options] == ["times", "last"]
    assert "OSError: out of luck" in infos["broken"].summary
    assert infos["count"].summary == "Collects exactly `goal` samples."


def test_a_plug_in_is_run_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "pairs", "pairs_plugin", PAIRS)
    monkeypatch.syspath_prepend(tmp_path)
    done = call(
        *FAST, "--workers=2", "--collector=pairs", "--collector-option=times=1", "--quiet", "--json"
    )
    values = json.loads(done.stdout)["values"]
    assert done.returncode == 0, done.stderr
    pairs = [one == other for one, other in pairwise(values)]
    assert pairs == [False] * (len(values) - 2) + [True]
