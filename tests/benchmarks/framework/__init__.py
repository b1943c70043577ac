"""What one operation of a framework costs, side by side with its peers and with no framework.

Each folder is an operation: its docstring says what is measured, and each module in it has a
function `run` that takes the parameters and returns seconds, unless the folder says otherwise. The
modules `raw_gevent`, `raw_greenlets` and `raw_asyncio` do the same by hand, with nothing on top of
these libraries. A side that cannot do it has no module.
"""
