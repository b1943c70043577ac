"""The tool measured: runs of it, against bare loops that do without all that it promises.

The workers are those of `worker.c`, which listen within milliseconds and cost next to nothing, so
that what is measured is not the worker.
"""
