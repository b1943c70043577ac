"""The result: as JSON and back, as a table, and in a notebook."""

import json
import re
import sys
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import tests
from rnd_actors import Lines, Outcome, Result, ResultFormatError, WorkerResult
from tests.cli.results import COMPLETE

SCHEMA = Path(tests.__file__).parents[1] / "docs" / "result.md"

seconds = st.floats(0, 1e9)
whole = st.integers()
results = st.builds(
    Result,
    outcome=st.sampled_from(Outcome),
    reason=st.text(),
    goal=st.none() | whole,
    elapsed_s=seconds,
    deadline_s=st.none() | seconds,
    lines=st.builds(Lines, whole, whole, whole, whole),
    values=st.lists(whole, max_size=5).map(tuple),
    workers=st.lists(
        st.builds(
            WorkerResult,
            id=whole,
            port=whole,
            samples=whole,
            starts=whole,
            crashes=whole,
            malformed=whole,
            last_exit=st.none() | st.text(),
            given_up=st.booleans(),
            last_words=st.lists(st.text(), max_size=2).map(tuple),
            startup_s=st.none() | seconds,
            streamed_s=seconds,
            rate_per_s=st.none() | seconds,
        ),
        max_size=2,
    ).map(tuple),
    findings=st.dictionaries(st.text(), st.none() | whole | seconds | st.text(), max_size=3),
)


def test_it_has_the_documented_keys_in_the_documented_order() -> None:
    assert COMPLETE.to_json() == (
        '{"schema": 1, "outcome": "complete", "reason": "the goal is reached", "goal": 3, '
        '"samples": 3, "elapsed_s": 1.5, "deadline_s": null, "rate_per_s": 2.0, "mean": 21.0, '
        '"restarts": 2, "lines": {"received": 5, "accepted": 3, "surplus": 1, "malformed": 1}, '
        '"values": [10, 20, 33], "workers": ['
        '{"id": 1, "port": 3001, "samples": 2, "starts": 1, "crashes": 0, "malformed": 1, '
        '"last_exit": null, "given_up": false, "last_words": [], '
        '"startup_s": null, "streamed_s": 0.0, "rate_per_s": null}, '
        '{"id": 2, "port": 3002, "samples": 1, "starts": 3, "crashes": 2, "malformed": 0, '
        '"last_exit": "killed", "given_up": false, "last_words": [], '
        '"startup_s": null, "streamed_s": 0.0, "rate_per_s": null}], "findings": {}}'
    )


def test_each_key_is_documented_and_nothing_else_is() -> None:
    written = json.loads(COMPLETE.to_json())
    keys = {*written, *(f"lines.{key}" for key in written["lines"])}
    keys |= {f"workers[].{key}" for key in written["workers"][0]}
    documented = re.findall(r"^\| `([\w.\[\]]+)` \|", SCHEMA.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(keys)


@given(results)
def test_what_is_read_is_what_was_written(result: Result) -> None:
    text = result.to_json()
    assert "\n" not in text
    assert Result.from_json(text) == result


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "this is no JSON"),
        ("[1]", r'its "schema" is None, and this version reads 1'),
        ('{"schema": 2}', r'its "schema" is 2, and this version reads 1'),
        ('{"schema": 1}', "KeyError: 'outcome'"),
        (COMPLETE.to_json().replace("complete", "great"), "'great' is not a valid Outcome"),
        (COMPLETE.to_json().replace("[10", '["x"'), "invalid literal for int"),
    ],
)
def test_what_is_no_result_is_refused_with_the_reason(text: str, trouble: str) -> None:
    with pytest.raises(ResultFormatError, match=trouble):
        Result.from_json(text)


def test_a_frame_has_a_row_for_each_sample() -> None:
    frame = COMPLETE.to_pandas()
    assert list(frame["value"]) == [10, 20, 33]
    assert frame.index.name == "index"


def test_without_pandas_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_pandas needs pandas: pip install pandas"):
        COMPLETE.to_pandas()


def test_a_notebook_shows_figures_workers_and_a_histogram() -> None:
    html = evolve(COMPLETE, findings={"missing": 4})._repr_html_()
    assert "<strong>Complete</strong>: the goal is reached" in html
    assert "<tr><th>samples</th><td>3 of 3</td></tr>" in html
    assert "<tr><th>missing</th><td>4</td></tr>" in html
    assert "<tr><td>2</td><td>3002</td><td>1</td><td>3</td>" in html
    assert html.count("<rect") == 12
    assert "<title>32 to 33: 1</title>" in html


def test_nothing_that_a_worker_says_is_taken_for_html() -> None:
    worker = evolve(COMPLETE.workers[0], last_exit="<script>alert(1)</script>")
    html = evolve(COMPLETE, reason="<b>", workers=(worker,), values=())._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    assert "<svg" not in html
