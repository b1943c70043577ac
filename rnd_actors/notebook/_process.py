"""A run in a process of its own, as the process that waits for it sees it."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import closing
from typing import Any, Final

from rnd_actors import errors
from rnd_actors.collectors import Collector, CollectorSpec, Result
from rnd_actors.errors import RunProcessError, SettingsError
from rnd_actors.running import RunSettings
from rnd_actors.sinks import STDOUT

_PROGRAM: Final = (
    "from gevent import monkey; monkey.patch_all(); "
    "from rnd_actors.notebook._child import main; main()"
)
_DEFAULT: Final = RunSettings()
_REFRESH_S: Final = 0.5
_LAST_LINES: Final = 20


def run_in_process(
    settings: RunSettings = _DEFAULT,
    collector: Collector | None = None,
    *,
    on_progress: Callable[[str], object] | None = None,
) -> Result:
    """Run in a process of its own, wait for it and return its result; nothing has to be patched.

    An interrupt (the stop button of a notebook, Ctrl-C) ends the run in order and returns what it
    has collected, with the outcome `interrupted`; a second one ends it at once and is raised. The
    run ends in order, too, when this process dies.

    Args:
        settings: what to run, and how patiently.
        collector: what to collect; by default exactly `settings.samples` samples. The process makes
            its own one from the class, which must be in a module, and its options; this one here
            sees no sample. `result.findings` has what it found out.
        on_progress: called twice a second, and at the end, with how far it is, in one line; by
            default a notebook shows that line below the cell, and other programs show nothing.

    Raises:
        SettingsError: an output is stdout; the collector cannot be made in another process; or
            what `run` refuses.
        StoreError: an output is to be a store of runs, and cannot.
        RunProcessError: the process died.

    Example:
        >>> from rnd_actors import RunSettings
        >>> from rnd_actors.notebook import run_in_process
        >>> fast = RunSettings(samples=20, workers=2, worker_args=("-interval", "0"), base_port=0)
        >>> result = run_in_process(fast)
        >>> result.outcome.value, result.samples
        ('complete', 20)
    """
    tell = on_progress or _cell_line()
    with closing(_RunProcess(settings, collector)) as process:
        try:
            return process.follow(tell)
        except KeyboardInterrupt:
            process.interrupt()
            return process.follow(tell)


async def run_in_process_async(
    settings: RunSettings = _DEFAULT,
    collector: Collector | None = None,
    *,
    on_progress: Callable[[str], object] | None = None,
) -> Result:
    """Do the same as `run_in_process`, while other tasks of the loop go on.

    Cancelling it ends the run in order before `CancelledError` is raised.

    Example:
        >>> import asyncio
        >>> from rnd_actors import RunSettings
        >>> from rnd_actors.notebook import run_in_process_async
        >>> fast = RunSettings(samples=20, workers=2, worker_args=("-interval", "0"), base_port=0)
        >>> asyncio.run(run_in_process_async(fast)).samples
        20
    """
    tell = on_progress or _cell_line()
    with closing(_RunProcess(settings, collector)) as process:
        answer = asyncio.wrap_future(process.answer)
        try:
            while not (await asyncio.wait({answer}, timeout=_REFRESH_S))[0]:
                tell(process.progress)
            tell(process.progress)
            return answer.result()
        except asyncio.CancelledError:
            process.interrupt()
            await asyncio.wait({answer})
            raise


def _cell_line() -> Callable[[str], object]:
    """Return a function that shows a line below the cell, in place of the one before.

    Outside of a notebook it does nothing.
    """
    if "ipykernel" not in sys.modules:
        return lambda _: None
    from IPython.display import display  # noqa: PLC0415  # it is there, since the kernel is

    handle: Any = display({"text/plain": "starting"}, raw=True, display_id=True)  # type: ignore[no-untyped-call]
    return lambda line: handle.update({"text/plain": line}, raw=True)


class _RunProcess:
    def __init__(self, settings: RunSettings, collector: Collector | None) -> None:
        request = json.dumps(_request(settings, collector))
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._process: Any = subprocess.Popen(  # noqa: S603  # it is this program
            [sys.executable, "-c", _PROGRAM, request],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # what interrupts a kernel is sent to all of its group
        )
        self.progress = "starting"
        """How far it is, in one line."""
        self.answer: Future[Result] = Future()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def follow(self, tell: Callable[[str], object]) -> Result:
        """Tell how far it is until it has ended; return its result, or raise its error."""
        while wait([self.answer], _REFRESH_S).not_done:
            tell(self.progress)
        tell(self.progress)
        return self.answer.result()

    def interrupt(self) -> None:
        """Have it end in order; it does the same when this process dies."""
        self._process.stdin.close()

    def close(self) -> None:
        """Kill the process, if it has not ended yet."""
        self._process.kill()
        self._reader.join()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._stderr):
            file.close()

    def _read(self) -> None:
        """Read until it ends: another thread does, so that an interrupt tears no line."""
        answer: dict[str, Any] = {}
        for line in self._process.stdout:
            answer = json.loads(line)
            self.progress = answer.get("progress", self.progress)
        self._process.wait()
        try:
            self.answer.set_result(self._result(answer))
        except Exception as error:  # noqa: BLE001  # the waiting caller gets it
            self.answer.set_exception(error)

    def _result(self, answer: dict[str, Any]) -> Result:
        if "result" in answer:
            return Result.from_json(answer["result"])
        if "error" in answer:
            raise getattr(errors, answer["error"])(*answer["args"])
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").splitlines()
        raise RunProcessError(self._process.returncode, tuple(lines[-_LAST_LINES:]))


def _request(settings: RunSettings, collector: Collector | None) -> dict[str, Any]:
    if STDOUT in settings.outputs:
        raise SettingsError("outputs", "files: the stdout of another process is not seen", "-")
    collector_spec = None if collector is None else CollectorSpec.of(collector)
    if collector is not None and collector_spec is None:
        form = (
            "one that another process can make: move its class to a module (a .py file), "
            "and give it no arguments, or make it an attrs class"
        )
        raise SettingsError("collector", form, collector)
    return {
        "settings": settings.to_plain(),
        "recipe": None if collector_spec is None else collector_spec.to_plain(),
    }
