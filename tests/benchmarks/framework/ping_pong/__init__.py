"""Savina's ping-pong, `tests.benchmarks.savina.ping_pong`, and the same by hand.

Two actors send one message to and fro: the cost of a message to an actor that waits.
"""
