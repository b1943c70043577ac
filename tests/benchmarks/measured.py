"""One measurement, in a process of its own.

`python -m tests.benchmarks.measured PROGRAM patched|plain REPEATS PARAMETERS` prints the figures of
a function of a module as JSON: the median of so many repeats, after one that is not counted, or
those of the only run if there are no repeats. `tests.benchmarks.framework.tell.ours` is a PROGRAM.
"""

import importlib
import json
import sys
from statistics import median
from typing import Any

__all__ = ["figures"]


def figures(program: str, repeats: int, parameters: dict[str, Any]) -> dict[str, float]:
    """Run a program so often and return its figures, by name; a bare number is `seconds`."""
    module, _, function = program.rpartition(".")
    run = getattr(importlib.import_module(module), function)
    runs = [_named(run(**parameters)) for _ in range(1 + repeats)]
    counted = runs[1:] or runs
    return {name: median(each[name] for each in counted) for name in counted[0]}


def _named(figure: Any) -> dict[str, float]:
    return figure if isinstance(figure, dict) else {"seconds": figure}


if __name__ == "__main__":
    if sys.argv[2] == "patched":
        from gevent import monkey

        monkey.patch_all()
    print(json.dumps(figures(sys.argv[1], int(sys.argv[3]), json.loads(sys.argv[4]))))
