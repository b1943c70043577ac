"""Ping-pong on xoscar, as in `benchmarks.savina`."""

from benchmarks.savina.ping_pong.on_xoscar import run

__all__ = ["run"]
