"""Where samples go besides the result: files and stdout, each written by an actor."""

from rnd_actors.sinks._outputs import STDOUT, check_suffix, is_store, writer_for
from rnd_actors.sinks._sink import Sink, SinkMessage
from rnd_actors.sinks._writer import SampleWriter

__all__ = [
    "STDOUT",
    "SampleWriter",
    "Sink",
    "SinkMessage",
    "check_suffix",
    "is_store",
    "writer_for",
]
