"""What `docs/reliability.md` promises is proved by tests that exist, with flags that exist."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from rnd_actors.standin import FLAGS

TESTS: Final = Path(__file__).parent
TEXT: Final = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
CASES: Final = re.findall(r"^### (.+)\n((?:(?!##).*\n)+)", TEXT, re.MULTILINE)
"""Each heading, and the text below it."""


@pytest.mark.parametrize(("case", "text"), CASES, ids=[case for case, _ in CASES])
def test_every_case_has_tests_and_flags_that_exist(case: str, text: str) -> None:
    names = re.findall(r"^\* `([^`:]+)::([^`]+)`$", text, re.MULTILINE)
    assert names
    for file, name in names:
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    flags = re.search(r"^To see it: (.+)$", text, re.MULTILINE)
    for flag in re.findall(r"`-([^=`]+)", flags[1] if flags else ""):
        assert flag in FLAGS


def test_no_case_is_left_out() -> None:
    assert len(CASES) == TEXT.count("\n### ") > 40
