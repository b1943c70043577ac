"""Ping-pong on rnd-actors, as in `benchmarks.savina`."""

from benchmarks.savina.ping_pong.ours import run

__all__ = ["run"]
