"""The main program asks an actor and waits for its answer, again and again: a round trip.

The actor is up before the clock starts. It answers with the number of requests up to then.
"""
