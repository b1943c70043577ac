from pathlib import Path
from typing import Any

import pytest

from rnd_actors.errors import SettingsConflictError, SettingsError
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
        (
            {"workers": 1001},
            "workers takes a whole number from 1 to 1000, or 10000 with a cluster; got 1001",
        ),
        (
            {"workers": 10_001, "cluster": "local:3"},
            "workers takes a whole number from 1 to 10000; got 10001",
        ),
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
        ({"hosts": 2}, "hosts takes a number only with a cluster; got 2"),
        ({"cluster_timeout": 2}, "cluster_timeout takes a number only with a cluster; got 2"),
        ({"cluster_timeout": 0}, "cluster_timeout takes seconds > 0; got 0"),
        ({"workers_per_host": 2}, "workers_per_host takes a number only with one of hosts; got 2"),
        (
            {"workers_per_host": 0, "hosts": 3, "cluster": "local:3"},
            "workers_per_host takes a whole number from 1 to 10000; got 0",
        ),
        (
            {"workers_per_host": 600, "hosts": 20, "cluster": "tcp://10.0.0.1:8786"},
            "workers_per_host takes a number up to 500, since 10000 workers are the most; got 600",
        ),
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


@pytest.mark.parametrize(
    "address",
    [
        *("", "head:8786", "http://head:8786", "local:0", "local:101", "local:", "local:3 "),
        *("tcp://head", "tcp://:8786", "tcp://head:0", "tcp://head:65536", "tcp://head:x"),
        *("tcp://fd00::1:8786", "tcp://[fd00::1:8786", "tcp://me@head:8786", "tcp://head:8786/x"),
    ],
)
def test_the_address_of_a_cluster_is_checked(address: str) -> None:
    with pytest.raises(SettingsError, match="cluster takes the address of a scheduler of Dask, "):
        RunSettings(cluster=address)


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.1:8786", "tls://head:8786", "tcp://[fd00::1]:8786", "local:3"]
)
def test_a_run_on_a_cluster_can_be_stored(address: str) -> None:
    settings = RunSettings(cluster=address, hosts=2)
    assert RunSettings(**settings.to_plain()) == settings


def test_workers_can_be_given_for_each_host() -> None:
    settings = RunSettings(cluster="local:3", hosts=3, workers_per_host=5)
    assert settings.workers == 15
    assert RunSettings(**settings.to_plain()) == settings
    with pytest.raises(SettingsConflictError, match="workers and workers_per_host exclude each"):
        RunSettings(cluster="local:3", hosts=3, workers_per_host=5, workers=16)


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
