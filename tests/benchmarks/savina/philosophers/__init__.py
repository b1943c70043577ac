"""Philosophers ask one arbitrator for two forks: the cost of a receiver that all contend for.

The arbitrator lets a philosopher eat, or denies it if one of its forks is in use; a philosopher
that was denied asks again at once, so how many messages are sent depends on who is served when.
When all have had all their meals, the arbitrator ends them.
"""
