"""The outputs of a run, made ready for its samples."""

from rnd_actors.collecting import Sample
from rnd_actors.running._settings import RunSettings
from rnd_actors.sinks import begin_output
from rnd_actors.store import Recording

__all__ = ["begin_outputs"]


def begin_outputs(
    settings: RunSettings, recording: Recording | None, earlier: tuple[Sample, ...] = ()
) -> None:
    """Take out of the files what is not to stay, now that nobody else works on the run.

    Raises:
        SettingsError: a file cannot go on where the run does; the recording is given up.
        SinkError: a file cannot be written; likewise.
    """
    try:
        for output in settings.outputs:
            begin_output(output, settings.existing, earlier)
    except BaseException:
        if recording is not None:
            recording.abandon()
        raise
