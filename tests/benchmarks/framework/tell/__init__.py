"""A sender tells one actor many small messages, as fast as it can, until the last is handled.

The actor is up before the clock starts. The messages are the numbers from 0 on.
"""
