"""What may be large or take long, and must not hold up the run: its result, and its report."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import gevent
from flask import Response
from gevent import subprocess
from werkzeug.exceptions import Conflict

from rnd_actors._printing import one_line
from rnd_actors.control import RunOperations
from rnd_actors.sinks import is_store

_PIECE: Final = 1 << 16
_PATIENCE_S: Final = 120.0


class Downloads:
    """The downloads of a run.

    Args:
        operations: on the run.
    """

    def __init__(self, operations: RunOperations) -> None:
        self._operations = operations
        self._is_reporting = False

    def result(self) -> Response:
        """Return the result so far as JSON, which a thread has made."""
        result = self._operations.result()
        text = gevent.get_hub().threadpool.apply(result.to_json)
        return _download(text.encode(), "application/json", "result.json")

    def report(self) -> Response:
        """Return the report of the run so far, which a process of its own has made of the store.

        Raises:
            Conflict: the run is not stored, or there can be no report now.
        """
        live = self._operations.live
        store = next(filter(is_store, live.settings.outputs), None)
        if store is None or live.stored_as is None:
            raise Conflict("a report is made of a store, and this run has none: --output runs.db")
        if self._is_reporting:
            raise Conflict("a report is being made already")
        self._is_reporting = True
        try:
            return _download(_report_of(store, live.stored_as), "text/html", "report.html")
        finally:
            self._is_reporting = False


def _report_of(store: Path, run: int) -> bytes:
    with TemporaryDirectory(prefix="rnd-actors-") as folder:
        page = Path(folder, "report.html")
        command = [sys.executable, "-m", "rnd_actors", "report", str(store), str(run)]
        with subprocess.Popen(
            [*command, "--output", str(page)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            try:
                _, told = process.communicate(timeout=_PATIENCE_S)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise Conflict(one_line(told.decode(errors="replace")))
        return page.read_bytes()


def _download(body: bytes, mimetype: str, name: str) -> Response:
    """Return it as a file, in pieces: each has the time that a client is given to read."""
    headers = {
        "Content-Length": str(len(body)),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(_pieces(body), mimetype=mimetype, headers=headers)


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
