"""The settings of a worker are checked where they are given."""

from typing import Any

import pytest

from rnd_actors.errors import SettingsError
from rnd_actors.workers import WorkerSettings


@pytest.mark.parametrize(
    ("setting", "wrong", "accepted"),
    [
        ("id", 0, "a whole number, 1 or more"),
        ("port", 65536, "a whole number from 1 to 65535"),
        ("program", "/opt/worker", "a list of texts: a program and its arguments"),
        ("program", [], "a list of texts: a program and its arguments"),
        ("arguments", "-flaky", "a list of texts"),
        ("start_timeout", 0, "seconds > 0"),
        ("stall_timeout", "5", "seconds > 0"),
        ("grace", -1, "seconds, 0 or more"),
        ("earlier_incarnations", -1, "a whole number, 0 or more"),
        ("numbers_per_request", -1, "a whole number, 0 or more"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_accepts(
    setting: str, wrong: Any, accepted: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        WorkerSettings(**{"id": 3, "port": 3003, setting: wrong})
    assert str(caught.value) == f"{setting} takes {accepted}; got {wrong!r}"
