"""The compiled worker: built once, beside the figures that it makes possible."""

import atexit
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

__all__ = ["worker"]

_SOURCE = Path(__file__).with_name("worker.c")


def worker() -> str:
    """Compile the worker into a folder that this process removes at its end; return its path."""
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("the benchmarks of the tool need a C compiler named cc, for a worker that is fast")
    folder = Path(mkdtemp(prefix="rnd-actors-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "worker"
    subprocess.run([compiler, "-O2", "-o", program, _SOURCE, "-lm"], check=True)
    return str(program)
