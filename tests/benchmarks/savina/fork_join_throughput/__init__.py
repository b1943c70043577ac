"""Many actors get many messages, one each per round, and calculate a little for each of them.

An actor reports its total after its last message, and a collector adds the totals up.
"""
