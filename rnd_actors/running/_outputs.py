"""The files of a run, made ready for its samples and for what its workers write."""

import os
from pathlib import Path

from rnd_actors.collecting import Sample
from rnd_actors.errors import SettingsError
from rnd_actors.running._settings import RunSettings
from rnd_actors.sinks import begin_output
from rnd_actors.store import Recording

__all__ = ["begin_outputs"]


def begin_outputs(
    settings: RunSettings, recording: Recording | None, earlier: tuple[Sample, ...] = ()
) -> None:
    """Take out of the files what is not to stay, now that nobody else works on the run.

    Raises:
        SettingsError: a file cannot go on where the run does, or there can be no logs of workers;
            the recording is given up.
        SinkError: a file cannot be written; likewise.
    """
    try:
        if settings.worker_log is not None:
            _make_folder(settings.worker_log)
        for output in settings.outputs:
            begin_output(output, settings.existing, earlier)
    except BaseException:
        if recording is not None:
            recording.abandon()
        raise


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        trouble = error.strerror if isinstance(error, OSError) else error
        accepted = f"a folder that is there, or can be made ({trouble})"
        raise SettingsError("worker_log", accepted, str(folder)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError("worker_log", "a folder that you may write", str(folder))
