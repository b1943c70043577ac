import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rnd_actors.collectors import HostResult, Ledger, Outcome, Result, WorkerOnHost, WorkerResult
from rnd_actors.errors import ResultFormatError

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "result.md"
RESULT: Final = Result(
    outcome=Outcome.DEADLINE,
    reason="the deadline of 2 s came first",
    goal=4,
    elapsed_s=1.5,
    deadline_s=2.0,
    lines=Ledger(received=5, accepted=3, surplus=1, malformed=1),
    values=(10, 20, 33),
    workers=(WorkerResult(1, 3001, 3, 3, 2, 1, "killed", given_up=True, last_words=("out", "of")),),
    findings={"median": 20.0, "unit": "mm", "pairs": 1, "mode": None},
)

A, B = WorkerOnHost("10.0.0.1", 3, 2, 1, 4), WorkerOnHost("10.0.0.2", 1, 1)
OVER_HOSTS: Final = evolve(
    RESULT,
    lines=evolve(RESULT.lines, lost=9),
    workers=(
        evolve(RESULT.workers[0], hosts=(B, A)),
        WorkerResult(2, 3002, 5, 1, 0, 0, None, hosts=(evolve(A, samples=5, lost=5),)),
        WorkerResult(3, 3003, 5, 1, 0, 0, None, hosts=(B,)),
    ),
)
"""Of the same run in a cluster."""

COUNTS: Final = st.integers(min_value=0)
FLOATS: Final = st.floats(allow_nan=False, allow_infinity=False)
WORKERS: Final = st.builds(
    WorkerResult,
    *[COUNTS] * 6,
    last_exit=st.none() | st.text(),
    given_up=st.booleans(),
    last_words=st.lists(st.text()).map(tuple),
    startup_s=st.none() | FLOATS,
    streamed_s=FLOATS,
    rate_per_s=st.none() | FLOATS,
    hosts=st.lists(st.builds(WorkerOnHost, st.text(), *[COUNTS] * 4), max_size=2).map(tuple),
)
RESULTS: Final = st.builds(
    Result,
    outcome=st.sampled_from(Outcome),
    reason=st.text(),
    goal=st.none() | COUNTS,
    elapsed_s=FLOATS,
    deadline_s=st.none() | FLOATS,
    lines=st.builds(Ledger, *[COUNTS] * 5),
    values=st.lists(st.integers() | st.integers(-(10**300), 10**300)).map(tuple),
    workers=st.lists(WORKERS, max_size=3).map(tuple),
    findings=st.dictionaries(st.text(), st.none() | st.integers() | FLOATS | st.text()),
)


@settings(max_examples=25, deadline=None)
@given(result=RESULTS)
def test_a_result_is_the_same_after_a_way_through_json(result: Result) -> None:
    text = result.to_json()
    assert "\n" not in text
    assert Result.from_json(text) == result


def test_the_derived_figures_are_in_the_json_and_not_read_from_it() -> None:
    plain = json.loads(RESULT.to_json())
    derived = {"samples": 3, "rate_per_s": 2.0, "mean": 21.0, "restarts": 2}
    assert {key: plain[key] for key in derived} == derived
    assert Result.from_json(json.dumps(plain | dict.fromkeys(derived, -1))) == RESULT


def test_a_result_of_an_earlier_version_has_no_hosts_and_nothing_lost() -> None:
    plain = json.loads(RESULT.to_json())
    del plain["hosts"], plain["lines"]["lost"], plain["workers"][0]["hosts"]
    assert Result.from_json(json.dumps(plain)) == RESULT


def test_the_figures_of_hosts_are_sums_over_all_workers_that_were_there() -> None:
    assert RESULT.hosts == ()
    assert OVER_HOSTS.hosts == (
        HostResult("10.0.0.1", workers=2, samples=8, starts=4, crashes=2, lost=9),
        HostResult("10.0.0.2", workers=2, samples=2, starts=2, crashes=0, lost=0),
    )


def test_what_was_lost_is_told_only_if_something_was() -> None:
    told = "5 received: 3 accepted, 1 surplus, 1 malformed"
    assert RESULT.figures()["lines"] == told
    assert OVER_HOSTS.figures()["lines"] == f"{told}; at least 9 lost with hosts"


def test_the_figures_in_words_end_with_the_findings() -> None:
    assert RESULT.figures() == {
        "samples": "3 of 4",
        "total time": "1.50 s (deadline 2 s)",
        "rate": "2.0/s",
        "mean": "21.00",
        "restarts": "2",
        "lines": "5 received: 3 accepted, 1 surplus, 1 malformed",
        "median": "20.00",
        "unit": "mm",
        "pairs": "1",
        "mode": "-",
    }


def test_last_words_that_workers_share_are_told_once_if_they_were_given_up() -> None:
    [first] = RESULT.workers
    others = (
        evolve(first, id=2, given_up=False),
        evolve(first, id=3),
        evolve(first, last_words=()),
    )
    assert evolve(RESULT, workers=(first, *others)).last_words() == {("out", "of"): [1, 3]}


def test_an_unknown_key_is_ignored() -> None:
    assert Result.from_json(json.dumps({**json.loads(RESULT.to_json()), "new": 1})) == RESULT


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_null(number: float) -> None:
    text = evolve(RESULT, findings={"spread": number}).to_json()
    assert json.loads(text)["findings"] == {"spread": None}


def test_the_keys_of_the_json_are_those_that_are_documented() -> None:
    plain = json.loads(evolve(OVER_HOSTS, findings={}).to_json())
    documented = re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(set(keys(plain)))


def keys(plain: Any, path: str = "") -> Iterator[str]:
    match plain:
        case dict():
            for key, value in plain.items():
                yield f"{path}{key}"
                yield from keys(value, f"{path}{key}.")
        case [*items]:
            for item in items:
                yield from keys(item, f"{path.removesuffix('.')}[].")


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "text that is no JSON"),
        ("[" * 100_000, "text that is no JSON"),
        ("[1]", "JSON that is no object"),
        ("{}", "an object without the key schema"),
        ('{"schema": 2}', "expected a result of schema 1; got schema 2; read it with the version"),
        ('{"schema": 1}', "required field missing @ $.outcome"),
    ],
    ids=["nothing", "deep", "list", "no schema", "newer", "no fields"],
)
def test_text_that_is_no_result_is_refused_with_the_reason(text: str, trouble: str) -> None:
    with pytest.raises(ResultFormatError, match=re.escape(trouble)):
        Result.from_json(text)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"outcome": "perfect"}, "expected Outcome @ $.outcome"),
        ({"reason": 5}, "expected str @ $.reason"),
        ({"goal": True}, "expected int | None @ $.goal"),
        ({"elapsed_s": "1.5"}, "expected float @ $.elapsed_s"),
        ({"lines": 5}, "@ $.lines"),
        ({"values": [1, 2.5]}, "expected int @ $.values[1]"),
        ({"values": ["12"]}, "expected int @ $.values[0]"),
        ({"workers": {"id": 1}}, "@ $.workers"),
        ({"findings": {"a": [1]}}, "@ $.findings['a']"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    text = json.dumps(json.loads(RESULT.to_json()) | change)
    with pytest.raises(ResultFormatError, match=re.escape(place)):
        Result.from_json(text)


def test_a_data_frame_has_a_row_per_sample_and_tells_the_rest() -> None:
    frame = RESULT.to_pandas()
    assert list(frame.columns) == ["value"]
    assert frame.index.name == "index"
    assert list(frame["value"].items()) == [(0, 10), (1, 20), (2, 33)]
    assert frame.attrs["outcome"] == "deadline"
    assert frame.attrs["workers"][0]["port"] == 3001
    empty = evolve(RESULT, values=()).to_pandas()
    assert len(empty) == 0
    assert empty["value"].dtype == "int64"


def test_without_pandas_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        RESULT.to_pandas()


def test_cattrs_and_pandas_are_not_loaded_before_they_are_used() -> None:
    program = (
        "from gevent import monkey; monkey.patch_all(); import sys; import rnd_actors.collectors;"
        "print({'cattrs', 'pandas'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"


def drawn(result: Result) -> ET.Element:
    return ET.fromstring(result._repr_html_())


def test_a_notebook_shows_headline_figures_findings_and_workers() -> None:
    words = " ".join(drawn(RESULT).itertext())
    for told in ("Deadline", RESULT.reason, "3 of 4", "21.00", "median", "mm", "3001", "out\nof"):
        assert told in words


def test_a_notebook_shows_workers_host_by_host_and_the_sums_of_hosts() -> None:
    rows = [[*row.itertext()] for row in drawn(OVER_HOSTS).iter("tr")]
    assert ["host", "workers", "samples", "starts", "crashes", "lost"] in rows
    assert ["10.0.0.1", "2", "8", "4", "2", "9"] in rows
    assert [row[:2] for row in rows[-3:]] == [
        ["1", "10.0.0.2, 10.0.0.1"],
        ["2", "10.0.0.1"],
        ["3", "10.0.0.2"],
    ]
    assert "host" not in " ".join(drawn(RESULT).itertext())


@pytest.mark.parametrize(
    ("values", "titles"),
    [
        ((1, 1, 2, 100), ["1 to 5: 3", "96 to 100: 1"]),
        ((7,) * 5, ["5 to 9: 5"]),
        ((107,) * 5, ["107: 5"]),
    ],
)
def test_the_histogram_counts_every_sample_once(values: tuple[int, ...], titles: list[str]) -> None:
    bars = drawn(evolve(RESULT, values=values)).iter("title")
    assert [bar.text for bar in bars] == titles


def test_a_result_without_samples_has_no_histogram() -> None:
    assert drawn(evolve(RESULT, values=())).find("svg") is None


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(-(10**18), 10**18), min_size=1).map(tuple))
def test_each_bar_holds_the_samples_of_its_range(values: tuple[int, ...]) -> None:
    for bar in drawn(evolve(RESULT, values=values)).iter("title"):
        around, _, count = (bar.text or "").rpartition(": ")
        first, _, last = around.partition(" to ")
        assert sum(int(first) <= value <= int(last or first) for value in values) == int(count)


def test_text_from_outside_is_escaped_in_html() -> None:
    evil = "<script>&'\""
    worker = evolve(RESULT.workers[0], last_exit=evil, last_words=(evil,))
    result = evolve(RESULT, reason=evil, workers=(worker,), findings={evil: evil})
    assert "<script" not in result._repr_html_()
    assert " ".join(drawn(result).itertext()).count(evil) == 5
