"""A supervised actor crashes again and again, and its next incarnation answers a question.

One round is: tell it to crash; ask it for the number of its incarnation. It is up before the clock
starts, and nothing is logged. The peers have no supervision; the hook that Pykka has for failures
starts the next actor there, which has a new ref.
"""
