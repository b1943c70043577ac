from pathlib import Path
from typing import Any

import pytest

from rnd_actors.errors import SettingsError
from rnd_actors.running import RunSettings


def test_the_defaults_are_the_main_job() -> None:
    settings = RunSettings()
    assert (settings.samples, settings.workers, settings.base_port) == (150, 16, 3001)


def test_a_worker_may_be_given_as_just_its_program() -> None:
    assert RunSettings(worker="/opt/my worker").worker == ("/opt/my worker",)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"samples": 0}, "samples takes a whole number from 1 to 1000000000; got 0"),
        ({"samples": True}, "samples takes a whole number from 1 to 1000000000; got True"),
        ({"workers": 1001}, "workers takes a whole number from 1 to 1000; got 1001"),
        ({"base_port": -1}, "base_port takes a whole number from 0 to 65535; got -1"),
        (
            {"base_port": 65530},
            "base_port takes a port up to 65520, since 16 workers need one each; got 65530",
        ),
        ({"deadline": 0}, "deadline takes seconds > 0; got 0"),
        ({"start_timeout": float("inf")}, "start_timeout takes seconds > 0; got inf"),
        ({"stall_timeout": float("nan")}, "stall_timeout takes seconds > 0; got nan"),
        ({"worker": ()}, "worker takes a program and its arguments; got ()"),
        ({"worker": [1]}, "worker takes a program and its arguments; got (1,)"),
        ({"existing": "keep"}, "existing takes 'refuse' or 'overwrite' or 'append'; got 'keep'"),
        ({"outputs": "a\0.csv"}, "outputs takes names without null characters; got 'a\\x00.csv'"),
    ],
)
def test_a_wrong_setting_says_what_came_and_what_is_accepted(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        RunSettings(**wrong)
    assert str(caught.value) == message
    assert caught.value.setting == next(iter(wrong))


def test_a_file_is_one_output_whatever_it_is_called(tmp_path: Path) -> None:
    path, link = tmp_path / "a.csv", tmp_path / "b.csv"
    link.symlink_to(path)
    with pytest.raises(SettingsError, match="outputs takes each file once; "):
        RunSettings(outputs=(path, link))


def test_a_file_with_two_names_is_one_output(tmp_path: Path) -> None:
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    path.touch()
    other.hardlink_to(path)
    with pytest.raises(SettingsError, match="outputs takes each file once; "):
        RunSettings(outputs=(path, other))


def test_one_output_needs_no_tuple() -> None:
    assert RunSettings(outputs="a.csv").outputs == RunSettings(outputs=[Path("a.csv")]).outputs
