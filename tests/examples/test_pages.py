"""The chapters that show files show them as they are, and what they print."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.examples.programs import EXAMPLES, output_of
from tests.test_guide import GUIDE, Block, blocks_of

CHAPTERS = ["asyncio", "blocking-work", "connections", "web-applications"]


def shown_in(chapter: str) -> Iterator[tuple[str, Block, Block]]:
    """The name of each file that a chapter shows, the block of it, and the one after that."""
    blocks = [*blocks_of(GUIDE / f"{chapter}.md"), Block("end", 0, [])]
    for block, after in pairwise(blocks):
        if block.file is not None:
            yield block.file, block, after


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_shows_each_file_as_it_is(chapter: str) -> None:
    files = list(shown_in(chapter))
    assert files
    for name, block, _ in files:
        assert block.text == f"# {name}\n" + (EXAMPLES / name).read_text(encoding="utf-8")
        assert len(block.lines) <= 80, name


@pytest.mark.slow
@pytest.mark.parametrize("chapter", ["asyncio", "blocking-work"])
def test_a_file_prints_what_its_chapter_says(chapter: str) -> None:
    with_output = [
        (name, after) for name, _, after in shown_in(chapter) if after.language == "text"
    ]
    assert with_output
    for name, after in with_output:
        assert output_of(name)[0] == after.text
