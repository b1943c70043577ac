"""The folder of the sockets is private, or there are none."""

import os
import socket
import stat
from pathlib import Path

import pytest

from rnd_actors.control import ControlUnavailable, find_run, runs, serve_run
from rnd_actors.errors import ControlError
from rnd_actors.events import Event
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import SimulatedWorker, simulate
from tests.control.steered import steered


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def stale_socket(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as unused:
        unused.bind(str(path))


def warnings_of_a_run() -> list[Event]:
    """The warnings of a run that is done nevertheless."""
    told: list[Event] = []
    settings = RunSettings(samples=5, workers=1, base_port=0, worker_args=("-interval", "0"))
    assert run(settings, control=serve_run, subscriber=told.append).samples == 5
    return [event for event in told if isinstance(event, ControlUnavailable)]


def test_folder_and_socket_are_for_their_owner_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        with steered() as run:
            assert run.address.socket == folder / f"{os.getpid()}.sock"
            assert (mode_of(folder), mode_of(run.address.socket)) == (0o700, 0o600)
    finally:
        os.umask(before)
    assert list(folder.iterdir()) == []


def test_runs_of_one_process_have_a_socket_each() -> None:
    with steered() as first, steered() as second:
        pid = os.getpid()
        assert [address.id for address in runs()] == [f"{pid}", f"{pid}-2"]
        assert (first.address.id, second.address.id) == (f"{pid}", f"{pid}-2")
        with pytest.raises(ControlError, match=f"say which one you mean: {pid}, {pid}-2"):
            find_run()
        assert find_run(f"{pid}-2") == second.address
    assert runs() == ()


def test_a_folder_that_is_a_link_is_refused_and_the_run_goes_on(
    folder: Path, tmp_path: Path
) -> None:
    folder.symlink_to(tmp_path)
    assert "is a link" in str(warnings_of_a_run())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ControlError, match="is a link"):
        runs()


def test_a_folder_that_others_can_enter_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert "is open to others (mode 755" in str(warnings_of_a_run())
    with pytest.raises(ControlError, match="is open to others"):
        runs()


def test_a_folder_of_somebody_else_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = os.getuid()
    (folder.parent / f"rnd-actors-{uid + 1}").mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(folder.parent))
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    with pytest.raises(ControlError, match="is somebody else's"):
        runs()


def test_the_runtime_folder_of_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = os.getuid()
    stale_socket(folder / "4711.sock")
    monkeypatch.setattr("tempfile.tempdir", str(folder.parent))
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert runs() == ()
    assert (folder / "4711.sock").is_socket()


def test_a_run_whose_folder_is_removed_goes_on_and_ends(folder: Path) -> None:
    with steered() as run:
        run.address.socket.unlink()
        folder.rmdir()
        folder.write_text("")
        run.interrupted.set()
        assert run.result().samples > 0


def test_a_file_in_the_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.write_text("")
    assert "is no folder" in str(warnings_of_a_run())


def test_a_path_that_is_too_long_for_a_socket_gives_way_to_the_folder_for_temporary_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = folder.parent / ("x" * 90)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr("tempfile.tempdir", str(folder.parent))
    with steered() as run:
        assert run.address.socket.parent == folder.parent / f"rnd-actors-{os.getuid()}"
        assert find_run(run.address.id) == run.address
    assert list(deep.iterdir()) == []


def test_without_a_folder_for_sockets_that_for_temporary_files_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder.parent / "missing"))
    monkeypatch.setattr("tempfile.tempdir", str(folder.parent))
    with steered() as run:
        assert mode_of(folder.parent / f"rnd-actors-{os.getuid()}") == 0o700
        assert find_run().id == run.address.id


def test_a_runtime_folder_that_cannot_be_looked_at_gives_way_as_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, stat = folder.parent / "hidden" / "x", Path.stat

    def stat_as_user(path: Path, **options: bool) -> os.stat_result:  # root may look anywhere
        if path == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", stat_as_user)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(hidden))
    monkeypatch.setattr("tempfile.tempdir", str(folder.parent))
    with steered() as run:
        assert find_run().id == run.address.id


def test_a_socket_that_nobody_listens_on_is_removed(folder: Path) -> None:
    stale_socket(folder / "4711.sock")
    assert runs() == ()
    assert list(folder.iterdir()) == []


def test_a_socket_of_an_earlier_process_with_the_same_pid_is_replaced(folder: Path) -> None:
    stale_socket(folder / f"{os.getpid()}.sock")
    with steered() as run:
        assert find_run() == run.address


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    stale_socket(folder / "notes.sock")
    (folder / "4711.sock").write_text("")
    assert runs() == ()
    assert {path.name for path in folder.iterdir()} == {"notes.sock", "4711.sock"}


def test_a_run_in_virtual_time_has_no_socket(folder: Path) -> None:
    simulate(lambda _: run(RunSettings(samples=20, workers=2), spawn=SimulatedWorker()))
    assert not folder.exists()
