"""How many series there may be: names are folded, and what is too many is `other`."""

import pytest

from rnd_actors.metrics._labels import LabelValues, pattern_of


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("collector", "collector"),
        ("files/caf\udce9.txt", "files/caf?.txt"),
        ("workers/16", "workers/*"),
        ("output-1", "output-*"),
        ("task-supervisor/fetch-1234", "task-supervisor/fetch-*"),
        ("pool/3/helper-12", "pool/*/helper-*"),
        ("peers/127.0.0.1:4711", "peers/*"),
        ("peers/fe80::1", "peers/fe*"),
        ("job/7d444840-9dc0-11d1-b245-5ffdce74fad2", "job/*"),
        ("job/7D4448409DC011D1B2455FFDCE74FAD2", "job/*"),
        ("job/2024-01-31T12:30", "job/*T*"),
        ("façade/deadbeef", "façade/deadbeef"),
        ("", ""),
    ],
)
def test_numbers_and_generated_ids_become_a_star(name: str, pattern: str) -> None:
    assert pattern_of(name) == pattern


def test_the_values_that_come_first_stay_and_all_further_ones_are_other() -> None:
    values = LabelValues(3)
    assert [values(each) for each in ("a", "b", "c", "a", "d", "b", "other")] == [
        *("a", "b", "other", "a", "other", "b", "other")
    ]
