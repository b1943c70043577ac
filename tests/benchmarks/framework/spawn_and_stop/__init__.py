"""Actors are started one after the other, each ready for messages before the next; then all stop.

First all are told to stop, then the end of each is waited for.
"""
