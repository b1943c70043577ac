"""Where the time of a program goes: `python -m tests.benchmarks.where PROGRAM PARAMETERS`.

py-spy looks a thousand times a second at the line that runs; the table says which share each file
had. What C code does for a line (greenlet switches, sockets, allocation) counts for that line.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["shares"]

_REPEATS = 20
_LEAST_SHARE = 0.01


def shares(program: str, parameters: str) -> dict[str, float]:
    """Return the share of each file in the time of a program that runs twenty times."""
    with TemporaryDirectory() as folder:
        raw = Path(folder, "samples")
        module = f"{__package__}.measured"
        python = [sys.executable, "-m", module, program, "patched", str(_REPEATS), parameters]
        command = ["py-spy", "record", "-r", "1000", "-f", "raw", "-o", str(raw), "--"]
        py_spy = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
        subprocess.run([*py_spy, *python], check=True, stdout=subprocess.DEVNULL)
        counts = _by_file(raw.read_text())
    total = sum(counts.values())
    return {file: count / total for file, count in counts.most_common()}


def _by_file(samples: str) -> Counter[str]:
    """Count samples by the file of their innermost line, without what the clock leaves out."""
    counts: Counter[str] = Counter()
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        file = stack.rpartition("(")[2].partition(":")[0]
        if "importlib" not in stack and file != "tests/benchmarks/stopwatch.py":
            counts[file] += int(count)
    return counts


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for file, share in shares(sys.argv[1], sys.argv[2]).items():
        if share >= _LEAST_SHARE:
            print(f"{share:6.1%}  {file}")
