"""Ping-pong on Thespian, as in `tests.benchmarks.savina`."""

from tests.benchmarks.savina.ping_pong.on_thespian import run

__all__ = ["run"]
