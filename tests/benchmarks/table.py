"""Writes the tables of docs/performance.md from the results of `make bench`.

`python -m tests.benchmarks.table RESULTS.json PAGE.md` replaces what stands in the page between
`<!-- NAME -->` and `<!-- end -->`, for the tables `machine`, `targets`, `framework`, `scale`,
`savina` and `tool`. What the results lack is shown as a dash.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.benchmarks.contest import SIDES
from tests.benchmarks.results import OURS, SCALE, Results, spread
from tests.benchmarks.targets import TARGETS

__all__ = ["write"]

_DASH: Final = "–"  # noqa: RUF001
_PLACE: Final = re.compile(r"<!-- (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def write(results: Path, page: Path) -> None:
    """Replace the tables of a page by those of these results."""
    data = json.loads(results.read_text())
    contests = [Results(**each) for each in data["benchmarks"]]

    def replaced(place: re.Match[str]) -> str:
        return f"<!-- {place[1]} -->\n{_TABLES[place[1]](data, contests)}\n<!-- end -->"

    page.write_text(_PLACE.sub(replaced, page.read_text()))


def _machine(data: dict[str, Any], contests: Sequence[Results]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    rounds = max(len(taken) for contest in contests for taken in contest.rounds.values())
    return (
        f"Taken on {data['taken']}: {data['machine']}, Python {data['python']}, {versions}; "
        f"{data['size']} size, median of {rounds} rounds, in brackets the least and the most."
    )


def _targets(_: dict[str, Any], contests: Sequence[Results]) -> str:
    by_name = {(contest.group, contest.name): contest for contest in contests}
    rows = []
    for target in TARGETS:
        value = target.value_in(by_name)
        if value is None:
            rows.append((target.what, target.wanted, _DASH, _DASH))
        else:
            met = "yes" if target.is_met(value) else "no"
            rows.append((target.what, target.wanted, format(value, target.form), met))
    return _table(("figure", "wanted", "measured", "met"), rows)


def _comparison(group: str) -> Callable[[dict[str, Any], Sequence[Results]], str]:
    def table(_: dict[str, Any], contests: Sequence[Results]) -> str:
        chosen = [
            contest
            for contest in contests
            if contest.group == group and (contest.group, contest.name) != SCALE
        ]
        names = [side.name for side in SIDES if any(side.name in c.rounds for c in chosen)]
        others = [name for name in names if name != OURS]
        rows = [
            (
                contest.name,
                _ours(contest),
                *(spread(contest.ratios(o)) if o in contest.rounds else _DASH for o in others),
            )
            for contest in chosen
        ]
        return _table(("", OURS, *others), rows)

    return table


def _scale(_: dict[str, Any], contests: Sequence[Results]) -> str:
    rows = []
    for contest in contests:
        if (contest.group, contest.name) == SCALE:
            for operation, (few, many) in contest.by_operation().items():
                ratios = [more / less for less, more in zip(few, many, strict=True)]
                rows.append((operation, spread(few, ".1f"), spread(many, ".1f"), spread(ratios)))
    head = ("", "beside 100 children, µs", "beside 10,000, µs", "ratio")
    return _table(head, rows or [(_DASH,) * len(head)])


def _tool(_: dict[str, Any], contests: Sequence[Results]) -> str:
    rows = []
    for contest in contests:
        if contest.group == "tool":
            for side, taken in contest.rounds.items():
                for figure in taken[0]:
                    value = spread(contest.of(side, figure), ".4g")
                    rows.append((contest.name, side, figure, value))
    return _table(("", "side", "figure", "value"), rows)


def _ours(contest: Results) -> str:
    seconds = median(contest.of(OURS))
    if contest.name == "idle memory":
        return f"{seconds:,.0f} bytes"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_TABLES: Final = {
    "machine": _machine,
    "targets": _targets,
    "framework": _comparison("framework"),
    "scale": _scale,
    "savina": _comparison("savina"),
    "tool": _tool,
}

if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(Path(sys.argv[1]), Path(sys.argv[2]))
