"""Many actors are created, get one message each, report to a collector and stop themselves.

The cost of an actor: to start it, to send it a message, to stop it.
"""
