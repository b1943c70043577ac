"""Where samples go beyond the result: files and stdout, each written by an actor."""

from rnd_actors.sinks._files import Existing, check_file, replacing
from rnd_actors.sinks._outputs import (
    STDOUT,
    begin_output,
    check_output,
    check_suffix,
    is_store,
    write_file,
    writer_for,
)
from rnd_actors.sinks._sink import SampleWriter, Sink, SinkMessage

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
