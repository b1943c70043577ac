"""Many actors are alive at once, and one message is sent to each of them.

All are up before the clock starts. It stops when all have handled their message.
"""
