"""Where samples go besides the result: files, stdout and the store."""

from rnd_actors.sinks._writer import SampleWriter

__all__ = ["SampleWriter"]
