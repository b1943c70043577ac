"""Runs on a scheduler and three hosts that outlive them."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import pytest
from gevent.event import Event as Flag

from rnd_actors.cluster import ShardLost, ShardUp
from rnd_actors.cluster._local import local_hosts
from rnd_actors.collectors import Outcome
from rnd_actors.errors import SettingsError
from rnd_actors.events import ActorFailed
from rnd_actors.running import RunSettings, run
from rnd_actors.workers import WorkerProcess, WorkerSpawned
from tests.cluster.hosts import (
    HOSTS,
    SILENT,
    STEADY,
    Frozen,
    Run,
    address_in,
    assert_exact,
    children_of,
    command,
    kill_shard,
    on_dask,
    settings,
    shards,
)
from tests.processes import PATIENCE_S, lives, until

pytestmark = on_dask
GONE_S: Final = 20.0
"""For the shards to notice, on a busy machine, that their driver has died."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a scheduler of Dask that has three hosts, and outlives runs."""
    with local_hosts(3) as local:
        address = address_in(local.file)
        told_by_client(address, f"client.wait_for_workers(3, timeout={PATIENCE_S})")
        yield address


def bridge() -> psutil.Process:
    [found] = children_of(psutil.Process(), "cluster._bridge")
    return found


def test_the_total_is_exact_if_the_bridge_is_killed_and_if_it_stands_still(
    address: str, tmp_path: Path
) -> None:
    output = tmp_path / "samples.jsonl"

    def kill_the_first_and_suspend_the_next() -> None:
        bridge().kill()
        until(lambda: len(befallen.of(ShardUp)) >= 6)
        bridge().suspend()
        until(lambda: len(befallen.of(ShardUp)) >= 9)
        befallen.goal_soon()

    befallen = Run(
        settings(output, cluster=address, workers=12, worker_args=STEADY),
        {1_000: kill_the_first_and_suspend_the_next},
    )
    result = befallen.do()
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, result.goal)
    assert_exact(output, result.samples)
    failed = [each.reason for each in befallen.of(ActorFailed) if each.actor == "cluster/bridge"]
    assert [str(reason.error).partition(":")[0] for reason in failed] == [
        "the bridge to the cluster has died",  # and what Dask has said to that
        "the bridge to the cluster was silent for 3 s",
    ]
    assert {up.host for up in befallen.of(ShardUp)[-3:]} == set(HOSTS)
    assert children_of(psutil.Process(), "cluster._bridge") == []
    until(lambda: not shards(*HOSTS))


def test_a_bridge_that_is_killed_again_and_again_ends_the_run(address: str, tmp_path: Path) -> None:
    def kill_bridges() -> None:
        for placed in (3, 6, 9, 12):
            until(partial(are_up, placed))
            bridge().kill()

    def are_up(shards: int) -> bool:
        return len(killed.of(ShardUp)) >= shards

    output = tmp_path / "samples.jsonl"
    killed = Run(settings(output, 10**6, cluster=address), {100: kill_bridges})
    result = killed.do()
    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith(
        "the cluster is lost: cluster/bridge needs more than 3 restarts within 60 s; last: "
    )
    assert_exact(output, result.samples)
    until(lambda: not shards(*HOSTS))


def test_the_total_is_exact_if_the_scheduler_stands_still(address: str, tmp_path: Path) -> None:
    def hold_up() -> None:
        [scheduler] = children_of(psutil.Process(), "dask scheduler")
        scheduler.suspend()
        until(lambda: not shards(*HOSTS))
        scheduler.resume()
        until(lambda: {lost.shard for lost in held_up.of(ShardLost)} == {1, 2, 3})
        held_up.goal_soon()

    output = tmp_path / "samples.jsonl"
    held_up = Run(settings(output, cluster=address), {500: hold_up})
    result = held_up.do()
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, result.goal)
    assert_exact(output, result.samples)


def test_a_driver_that_is_killed_leaves_nothing_on_any_host(address: str) -> None:
    options = "--cluster", address, "--samples", "1000000", "--workers", "6", "--base-port", "0"
    with command(*options) as driver:
        until(lambda: [len(each.children()) > 2 for each in shards(*HOSTS)] == [True] * 3)
        processes = [each for shard in shards(*HOSTS) for each in (shard, *shard.children())]
        driver.kill()
        began = time.monotonic()
        until(lambda: not any(lives(each.pid) for each in processes))
        assert time.monotonic() - began < GONE_S
    until(lambda: left_on_scheduler(address) == [])


def test_a_run_leaves_nothing_on_the_scheduler(address: str, tmp_path: Path) -> None:
    complaints = complaints_of_scheduler(address)
    looked, enough = list[str](), Flag()

    def look() -> None:
        looked.extend(left_on_scheduler(address))
        enough.set()

    endless = settings(tmp_path / "x.jsonl", 10**6, cluster=address)
    Run(endless, {100: lambda: kill_shard(HOSTS[0]), 500: look}, interrupted=enough).do()
    assert len(looked) >= 8  # a plugin, a queue, and for each of three shards a queue and a task
    until(lambda: left_on_scheduler(address) == [])
    assert complaints_of_scheduler(address) == complaints


def left_on_scheduler(address: str) -> list[str]:
    """Return the names of ours that a scheduler knows, as a program tells that is not patched."""
    told = told_by_client(
        address,
        """
def ours(dask_scheduler):
    queues = dask_scheduler.extensions["queues"]
    known = *queues.queues, *queues.client_refcount, *dask_scheduler.plugins, *dask_scheduler.tasks
    return [each for each in known if "rnd-actors" in each]
print(*client.run_on_scheduler(ours))
""",
    )
    return told.split()


def complaints_of_scheduler(address: str) -> int:
    """Return how many errors a scheduler has logged."""
    count = "sum(level in ('ERROR', 'CRITICAL') for level, _ in client.get_scheduler_logs())"
    return int(told_by_client(address, f"print({count})"))


def told_by_client(address: str, does: str) -> str:
    """Return what a program with a client of Dask prints."""
    program = f"from distributed import Client\nwith Client({address!r}) as client:\n"
    program += textwrap.indent(does, "    ")
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return told.stdout.decode()


def test_a_host_that_was_frozen_is_of_use_again(address: str, tmp_path: Path) -> None:
    frozen, output = Frozen("127.0.0.12"), tmp_path / "samples.jsonl"
    is_fenced = Flag()

    def freeze_until_it_is_fenced() -> None:
        frozen.freeze()
        until(lambda: first.of(ShardLost))
        frozen.thaw()
        until(lambda: len(first.of(ShardUp)) >= 4 and not shards("127.0.0.12"))
        is_fenced.set()

    endless = settings(output, 10**6, cluster=address)
    first = Run(endless, {100: freeze_until_it_is_fenced}, interrupted=is_fenced)
    result = first.do()
    assert result.outcome is Outcome.INTERRUPTED
    assert {lost.why for lost in first.of(ShardLost)} == {SILENT}
    assert_exact(output, result.samples)
    until(lambda: not shards(*HOSTS))
    again = Run(settings(tmp_path / "again.jsonl", 60, cluster=address), {})
    assert again.do().samples == 60
    assert {up.host for up in again.of(ShardUp)} == set(HOSTS)


def test_shards_that_stand_still_on_all_hosts_are_placed_there_again(
    address: str, tmp_path: Path
) -> None:
    def suspend() -> None:
        for shard in shards(*HOSTS):
            shard.suspend()
        until(lambda: {lost.shard for lost in stood_still.of(ShardLost)} == {1, 2, 3})
        until(lambda: len(stood_still.places()) == 3)
        stood_still.goal_soon()

    output = tmp_path / "samples.jsonl"
    stood_still = Run(settings(output, cluster=address, worker_args=STEADY), {100: suspend})
    result = stood_still.do()
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, result.goal)
    assert_exact(output, result.samples)


def test_a_host_that_joins_late_gets_the_shard_that_waits_for_it(
    address: str, tmp_path: Path
) -> None:
    options = "--host", "127.0.0.14", "--no-nanny", "--no-dashboard", "--local-directory", tmp_path
    late: list[WorkerProcess] = []
    enough = Flag()

    def join() -> None:
        command = sys.executable, "-m", "dask", "worker", address, *map(str, options)
        late.append(WorkerProcess(command))
        until(lambda: {4, 8} <= {spawned.worker for spawned in joined.of(WorkerSpawned)})
        enough.set()

    output = tmp_path / "samples.jsonl"
    endless = settings(output, 10**6, cluster=address, hosts=4, workers=8, cluster_timeout=5.0)
    joined = Run(endless, {100: join}, interrupted=enough)
    try:
        result = joined.do()
    finally:
        for process in late:
            process.end(0.0)
    assert result.outcome is Outcome.INTERRUPTED
    assert_exact(output, result.samples)
    hosts = {spawned.worker: spawned.host for spawned in joined.of(WorkerSpawned)}
    assert (hosts[4], hosts[8]) == ("127.0.0.14", "127.0.0.14")
    assert {hosts[worker] for worker in (1, 2, 3, 5, 6, 7)} == set(HOSTS)


def test_hosts_without_the_program_are_named(address: str, tmp_path: Path) -> None:
    wrong = RunSettings(cluster=address, worker="/no/such/program")
    with pytest.raises(SettingsError) as refused:
        run(wrong)
    for host in HOSTS:
        assert f"host {host}: it has no program /no/such/program" in str(refused.value)
