"""The main program asks an actor many times before it waits for all of these answers together.

The actor is up before the clock starts. It answers with the number of requests up to then.
"""
