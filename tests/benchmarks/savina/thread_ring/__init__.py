"""Actors in a ring pass one token on: the cost of a message when only one actor has work."""
