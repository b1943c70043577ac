"""The tool measured: runs of it, against bare loops that do without all that it promises.

Each module has a function for the program of each side. The workers are those of `worker.c`, which
listen within milliseconds and cost next to nothing, so that what is measured is not the worker.
"""
