"""Files of lines that are appended to, by a run that begins and by one that goes on."""

import os
from pathlib import Path

from rnd_actors.collecting import Sample
from rnd_actors.errors import SettingsError
from rnd_actors.sinks._lines import LinesWriter

__all__ = ["check_end", "take_back"]


def check_end(path: Path, writer: LinesWriter, setting: str) -> None:
    """See whether a file holds what this writer could have written, as far as one sees at its ends.

    Raises:
        SettingsError: it does not.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        first = file.readline(1000).decode(errors="replace").rstrip("\r\n")
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
    if writer.header not in (None, first):
        accepted = f"files to append to that begin with the line {writer.header}"
        raise SettingsError(setting, accepted, str(path))
    if last != b"\n":
        accepted = "files to append to whose last line is whole"
        raise SettingsError(setting, accepted, str(path))


def take_back(path: Path, writer: LinesWriter, samples: tuple[Sample, ...], setting: str) -> None:
    """Cut from the end of a file what it holds of a run, which then is written there anew.

    Raises:
        SettingsError: another run has been appended since.
    """
    if not samples or not path.is_file():
        return
    first = f"{writer.line(samples[0])}\n".encode()
    beginning = first[: first.index(b",")]  # with the index, which is 0: so does any run begin
    ours = last = None
    position = 0
    with path.open("rb") as file:
        for line in file:
            if line.startswith(beginning):
                last = position
                ours = position if line == first else ours
            position += len(line)
    if ours is None:
        return
    if ours != last:
        accepted = "files to append to that end with the run that goes on; move this one away"
        raise SettingsError(setting, accepted, str(path))
    os.truncate(path, ours)
