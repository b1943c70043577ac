"""The cases are read by type checkers, not run: half of what they say is wrong."""

collect_ignore = ["cases"]
