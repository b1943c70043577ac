"""Ping-pong on rnd-actors, as in `tests.benchmarks.savina`."""

from tests.benchmarks.savina.ping_pong.ours import run

__all__ = ["run"]
