"""What `docs/reliability.md` promises is proved by tests that exist, with flags that exist."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from rnd_actors.standin import FLAGS

TESTS: Final = Path(__file__).parent
TEXT: Final = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| what goes wrong", "| ---"))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_has_tests_and_flags_that_exist(row: list[str]) -> None:
    _, _, proofs, flags = row
    names = re.findall(r"`([^`:]+)::([^`]+)`", proofs)
    assert names
    for file, name in names:
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for flag in re.findall(r"`-([^=`]+)", flags):
        assert flag in FLAGS
