"""Where samples go besides the result: files and stdout, each written by an actor."""

from rnd_actors.sinks._draft import replacing
from rnd_actors.sinks._existing import Existing, check_file
from rnd_actors.sinks._outputs import (
    STDOUT,
    begin_output,
    check_output,
    check_suffix,
    is_store,
    write_file,
    writer_for,
)
from rnd_actors.sinks._sink import Sink, SinkMessage
from rnd_actors.sinks._writer import SampleWriter

__all__ = [
    "STDOUT",
    "Existing",
    "SampleWriter",
    "Sink",
    "SinkMessage",
    "begin_output",
    "check_file",
    "check_output",
    "check_suffix",
    "is_store",
    "replacing",
    "write_file",
    "writer_for",
]
