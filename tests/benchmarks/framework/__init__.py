"""What one operation of a framework costs, side by side with its peers and with no framework.

Each module is an operation: its docstring says what is measured, and each side has a function for
its program, which returns seconds unless the docstring says otherwise. `raw_gevent`,
`raw_greenlets` and `raw_asyncio` do the same by hand, with nothing on top of these libraries. A
side that cannot do it has no function. Each function imports its framework itself: peers need not
be installed, and a process has loaded only what it measures.
"""
