"""`make bench`: all contests, and what simulation, plans and runs over hosts are measured by.

`make bench-quick` is the same in small: fewer sides, fewer rounds, smaller sizes, in under two
minutes. The results go to a JSON file, of which `tests.benchmarks.table` makes docs/performance.md.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.benchmarks import deadline, plan_against_reality, ten_hours
from tests.benchmarks.catalogue import CONTESTS
from tests.benchmarks.cluster import capacity, figures
from tests.benchmarks.contest import Contest
from tests.benchmarks.results import Results

OTHERS = (ten_hours, plan_against_reality, deadline, figures, capacity)
PEERS = ("gevent", "greenlet", "urllib3", "Pykka", "thespian", "xoscar")


def main() -> None:
    """Hold the contests that were asked for, print each as it is over, and write the results."""
    options = _options()
    size = "quick" if options.quick else "full" if options.full else "normal"
    chosen = [contest for contest in CONTESTS if _is_chosen(contest, options.only, size)]
    if not chosen:
        names = ", ".join(f"{contest.group}/{contest.name}" for contest in CONTESTS)
        sys.exit(f"no benchmark is called like that; there are: {names}")
    results: list[Results] = []
    for contest in chosen:
        results.append(contest.hold(options.rounds or (1 if options.quick else 5), size))
        print(results[-1].in_words(), end="\n\n", flush=True)
    others = _others(options.json, results) if options.only else []
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(_as_json(others + results, size), indent=1) + "\n")
    print(f"written to {options.json}")
    for benchmark in () if options.quick or options.only else OTHERS:
        title, _, explanation = (benchmark.__doc__ or "").partition("\n")
        print(f"## {title}\n{explanation}")
        benchmark.main()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, fewer sides, one round")
    parser.add_argument("--full", action="store_true", help="Savina's own sizes")
    parser.add_argument(
        "--rounds", type=_count, help="how often each side takes part (5; quick: 1)"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help="those whose name has this in it; the JSON file keeps the results of all others",
    )
    parser.add_argument("--json", type=Path, default=Path(".bench/results.json"), metavar="FILE")
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a whole number, 1 or more; got {text!r}")
    return int(text)


def _is_chosen(contest: Contest, only: list[str] | None, size: str) -> bool:
    if only is None:
        return size != "quick" or contest.quick is not None
    return any(word in f"{contest.group}/{contest.name}" for word in only)


def _others(file: Path, results: list[Results]) -> list[Results]:
    """Return what an earlier run has written of the contests that were not held now."""
    if not file.exists():
        return []
    held = {(result.group, result.name) for result in results}
    earlier = [Results(**each) for each in json.loads(file.read_text())["benchmarks"]]
    return [result for result in earlier if (result.group, result.name) not in held]


def _place(result: Results) -> int:
    """Return where the contest stands in the catalogue."""
    names = [(contest.group, contest.name) for contest in CONTESTS]
    return names.index((result.group, result.name))


def _as_json(results: list[Results], size: str) -> dict[str, Any]:
    return {
        "taken": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "versions": dict(_versions()),
        "size": size,
        "benchmarks": [result.as_json() for result in sorted(results, key=_place)],
    }


def _versions() -> Iterator[tuple[str, str]]:
    """Yield the versions of those that are installed: the others take no part."""
    for name in PEERS:
        with suppress(PackageNotFoundError):
            yield name, version(name)


if __name__ == "__main__":
    main()
