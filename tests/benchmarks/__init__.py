"""What is measured, each by a command of its own.

`make bench`, or `python -m tests.benchmarks`, holds contests: the same program on every side. The
programs are in `framework`, `savina` and `tool`, and `catalogue` has their parameters; `contest`
runs each in a process of its own, which is `measured`; `table` writes docs/performance.md of the
results, and `targets` says what they are to reach. The docstrings of `history`, `where`, `soak`,
`fuzz`, `load`, `big_store`, `beside_a_server`, `watchers`, `ten_hours`, `deadline` and
`plan_against_reality` tell what these are for.
"""
