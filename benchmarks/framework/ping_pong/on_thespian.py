"""Ping-pong on Thespian, as in `benchmarks.savina`."""

from benchmarks.savina.ping_pong.on_thespian import run

__all__ = ["run"]
