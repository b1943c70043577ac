"""Actors are started one after the other, each ready for messages before the next: the start.

They are stopped when the clock has stopped.
"""
