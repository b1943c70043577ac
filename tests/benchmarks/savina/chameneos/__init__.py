"""Creatures meet in pairs at a mall and change their colours: the cost of messages to one actor.

A creature that comes to the mall waits there; when the next one comes, the mall forwards what that
one said to the one that waits. The two change to the same colour and come again. When there have
been enough meetings, whoever comes is sent away, and says how many meetings it had.
"""
