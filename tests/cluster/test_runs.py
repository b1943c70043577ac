"""Runs on a scheduler and hosts of their own, which are killed and frozen."""

import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gevent
import psutil
import pytest
from gevent.event import Event as Flag
from gevent.server import StreamServer
from gevent.socket import socket

from rnd_actors.cluster import HostRefused, ShardLost
from rnd_actors.cluster._local import local_hosts
from rnd_actors.collectors import Outcome
from rnd_actors.control import RunOperations
from rnd_actors.errors import SettingsError
from rnd_actors.running import LiveRun, RunSettings, resume, run
from rnd_actors.workers import STANDIN, LinesLost, WorkerSpawned
from tests.cluster.hosts import (
    HOSTS,
    PLACED_S,
    SILENT,
    STEADY,
    Frozen,
    Run,
    address_in,
    assert_exact,
    children_of,
    command,
    dask_worker,
    kill_shard,
    on_dask,
    settings,
)
from tests.processes import PATIENCE_S, until

pytestmark = on_dask


def test_the_total_is_exact_whatever_befalls_the_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__PRELOAD", preload("duplicating.py"))
    output, frozen = tmp_path / "samples.jsonl", Frozen("127.0.0.13")

    def befall() -> None:
        kill_shard("127.0.0.11")
        until(lambda: befallen.of(ShardLost) and len(befallen.places()) == 3)
        dask_worker("127.0.0.12").kill()
        until(lambda: "the host is gone" in whys() and len(befallen.places()) == 3)
        frozen.freeze()
        until(lambda: frozen.host not in befallen.places())
        frozen.thaw()
        until(lambda: len(befallen.places()) == 3)
        befallen.goal_soon()

    def whys() -> set[str]:
        return {lost.why for lost in befallen.of(ShardLost)}

    befallen = Run(settings(output, worker_args=STEADY), {500: befall})
    result = befallen.do()
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, result.goal)
    assert_exact(output, result.samples)
    assert whys() == {"its process has ended, with code -9", "the host is gone", SILENT}
    assert max(befallen.placed_after_s()) < PLACED_S
    assert {spawned.host for spawned in befallen.of(WorkerSpawned)} == set(HOSTS)
    assert [host.host for host in result.hosts] == [*HOSTS]
    assert sum(host.samples for host in result.hosts) == result.samples
    lines = result.lines
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert lines.lost == sum(lost.lines for lost in befallen.of(LinesLost))


def test_who_looks_at_a_run_is_told_of_all_its_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    seen: list[dict[str, Any]] = []

    class Looked(Run):
        @contextmanager
        def control(self, live: LiveRun) -> Iterator[None]:
            operations = RunOperations(live)
            with super().control(live):
                yield
            seen.append(operations.status() or {})
            operations.end()

    looked = Looked(settings(tmp_path / "samples.csv"), {})
    looked.strikes = [(100, looked.goal_when_all_have_spawned)]
    result = looked.do()
    [status] = seen
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, result.goal)
    assert sorted(host["host"] for host in status["hosts"]) == list(HOSTS)
    assert {host["state"] for host in status["hosts"]} == {"up"}
    assert {worker["host"] for worker in status["workers"]} == set(HOSTS)
    assert list(scratch.iterdir()) == []  # Dask leaves nothing there


def test_a_run_whose_scheduler_dies_keeps_what_came_and_goes_on_later(tmp_path: Path) -> None:
    def kill_scheduler() -> None:
        [scheduler] = children_of(psutil.Process(), "dask scheduler")
        scheduler.kill()

    store, output = tmp_path / "run.db", tmp_path / "samples.jsonl"
    both = settings(output, 3_000, cluster="local:1", worker_args=STEADY)
    first = Run(
        RunSettings(**{**both.to_plain(), "outputs": (store, output)}), {200: kill_scheduler}
    )
    result = first.do()
    assert result.outcome is Outcome.FAILED
    assert result.reason == "the cluster is lost: the scheduler is gone"
    assert 200 <= result.samples < 3_000
    rest = Run(both, {}).do(partial(resume, cluster="local:2"), store)
    assert [host.host for host in rest.hosts] == [*HOSTS[:2]]
    assert (rest.outcome, rest.samples) == (Outcome.COMPLETE, 3_000)
    assert_exact(output, 3_000)


def test_two_runs_at_once_have_hosts_each_also_on_one_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = [tmp_path / f"{number}.jsonl" for number in (1, 2)]
    with command(*of_local_hosts(outputs[0])) as other:
        monkeypatch.setattr("rnd_actors.cluster._local._is_here", lambda address: False)
        here = Run(settings(outputs[1], cluster="local:2"), {})
        here.strikes = [(1, here.goal_when_all_have_spawned)]
        result = here.do()
        assert (result.outcome, result.samples) == (Outcome.COMPLETE, result.goal)
        assert other.wait() == 0
    hosts = {spawned.host.partition(":")[0] for spawned in here.of(WorkerSpawned)}
    assert hosts == {"127.0.0.1"}
    assert len({spawned.host for spawned in here.of(WorkerSpawned)}) == 2
    lines = [len(output.read_text().splitlines()) for output in outputs]
    assert lines == [60, result.samples]


def of_local_hosts(output: Path) -> list[str]:
    numbers = "--samples", "60", "--workers", "6", "--base-port", "0"
    return ["--cluster", "local:2", *numbers, "--output", str(output)]


@pytest.mark.parametrize("address", ["local:3", "tcp://127.0.0.1:9"])
def test_an_interruption_ends_the_attempt_to_connect(tmp_path: Path, address: str) -> None:
    interrupted, output = Flag(), tmp_path / "samples.jsonl"
    interrupting = gevent.spawn(interrupt_when_connecting, interrupted)
    endless = settings(output, 10**6, cluster=address, cluster_timeout=100.0)
    result = Run(endless, {}, interrupted).do()
    interrupting.get()
    assert (result.outcome, result.samples) == (Outcome.INTERRUPTED, 0)
    assert output.read_text() == ""
    assert children_of(psutil.Process(), "-m dask") == []
    assert children_of(psutil.Process(), "cluster._bridge") == []


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import no_such", "1: ModuleNotFoundError: No module named 'no_such'"),
        ("import os; os.kill(os.getpid(), 9)", "-9"),
    ],
)
def test_a_scheduler_that_does_not_start_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    monkeypatch.setattr("rnd_actors.cluster._local._DASK", (sys.executable, "-c", program))
    ends = settings(tmp_path / "x.csv", 60, cluster="local:2", cluster_timeout=100.0)
    with pytest.raises(SettingsError) as refused, gevent.Timeout(50, TimeoutError("not at once")):
        run(ends)
    assert f"can be used (its scheduler has ended, with code {why})" in str(refused.value)


def interrupt_when_connecting(interrupted: Flag) -> None:
    until(lambda: children_of(psutil.Process(), "cluster._bridge"))
    interrupted.set()


def test_a_cluster_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    output = tmp_path / "samples.csv"
    options = "--cluster", "tcp://127.0.0.1:9", "--cluster-timeout", "1", "--output", str(output)
    with command(*options) as process:
        _, stderr = process.communicate()
    assert process.returncode == 2
    told = (
        r"rnd-actors: --cluster takes the address of a cluster that can be used \(no scheduler of "
        r"Dask answers there within 1 s(: .*)?\); got 'tcp://127.0.0.1:9'\n"
    )
    assert re.fullmatch(told, stderr)
    assert not output.exists()


@pytest.mark.parametrize(
    ("answer", "timeout", "told"),
    [
        (b"HTTP/1.1 400 Bad\r\n\r\n", PATIENCE_S, "what answers there is no scheduler of Dask"),
        (b"", 2.0, "no scheduler of Dask answers there within 2 s"),
    ],
)
def test_a_server_of_another_kind_is_told(
    tmp_path: Path, answer: bytes, timeout: float, told: str
) -> None:
    def serve(connection: socket, _: object) -> None:
        connection.sendall(answer)
        while connection.recv(1024):
            pass

    with StreamServer(("127.0.0.1", 0), serve) as server:
        server.start()
        address = f"tcp://127.0.0.1:{server.server_port}"
        with pytest.raises(SettingsError) as refused:
            run(settings(tmp_path / "x.csv", 60, cluster=address, cluster_timeout=timeout))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_worker_has_to_be_on_the_hosts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, output = tmp_path / "only-there", tmp_path / "samples.jsonl"
    modules = shlex.quote(os.environ.get("PYTHONPATH", ""))  # as on the host, for other Pythons
    program.write_text(f"""#!/bin/sh
[ "$PYTHONPATH" = {modules} ] && exec {shlex.join(STANDIN)} "$@"
""")
    program.chmod(0o755)
    path_here = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with local_hosts(1) as local:
        monkeypatch.setenv("PATH", path_here)
        options = "--worker", "only-there", "--samples", "20", "--output", str(output)
        cluster = "--cluster", address_in(local.file), "--cluster-timeout", str(PATIENCE_S)
        with command(*cluster, "--workers", "2", *options) as process:
            _, stderr = process.communicate()
    assert (process.returncode, stderr) == (0, "")
    assert len(output.read_text().splitlines()) == 20


def test_hosts_with_other_versions_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__PRELOAD", preload("differing.py"))
    mixed = Run(settings(tmp_path / "x.csv", 60, cluster="local:4"), {})
    assert mixed.do().samples == 60
    here = platform.python_version(), version("distributed"), version("rnd-actors")
    theirs = ("Python 3.9.1", "distributed 0.0.1", "rnd-actors 0.0.1")
    assert {refused.host: refused.why for refused in mixed.of(HostRefused)} == {
        host: f"it has {other}, and here is {this}: install the same one"
        for host, other, this in zip(HOSTS, theirs, here, strict=True)
    }
    assert {spawned.host for spawned in mixed.of(WorkerSpawned)} == {"127.0.0.14"}


def test_a_scheduler_with_other_versions_is_told_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__PRELOAD", preload("differing.py"))
    output = tmp_path / "x.csv"
    with pytest.raises(SettingsError, match=r"scheduler: it has rnd-actors 0\.0\.1, and here"):
        run(settings(output, 60, cluster="local:1"))
    assert not output.exists()


def preload(file: str) -> str:
    """Return for Dask's configuration that its programs run this file before all else."""
    return json.dumps([str(Path(__file__).with_name(file))])


def test_tls_is_as_dask_is_configured_and_a_wrong_certificate_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_tls(monkeypatch, certificate(tmp_path / "right"))
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME", "tls")
    with local_hosts(1) as local:
        address = address_in(local.file)
        assert address.startswith("tls://")
        patient = settings(tmp_path / "x.csv", 60, cluster=address, cluster_timeout=PATIENCE_S)
        assert Run(patient, {}).do().samples == 60
        use_tls(monkeypatch, certificate(tmp_path / "wrong"))
        with pytest.raises(SettingsError, match="no scheduler of Dask answers there") as refused:
            run(settings(tmp_path / "y.csv", 60, cluster=address, cluster_timeout=2.0))
        assert "\n" not in str(refused.value)


def certificate(folder: Path) -> Path:
    """Make a key and a certificate that is its own authority; return the folder with both."""
    folder.mkdir()
    subject = "-subj", "/CN=rnd-actors", "-days", "2"
    files = "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *subject],
        check=True,
        capture_output=True,
    )
    return folder


def use_tls(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    tls = "DASK_DISTRIBUTED__COMM__TLS"
    monkeypatch.setenv(f"{tls}__CA_FILE", str(folder / "cert.pem"))
    for role in ("CLIENT", "SCHEDULER", "WORKER"):
        monkeypatch.setenv(f"{tls}__{role}__CERT", str(folder / "cert.pem"))
        monkeypatch.setenv(f"{tls}__{role}__KEY", str(folder / "key.pem"))
