"""Everything that the guide shows is run, and its tables are compared with the code."""

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import frozen
from gevent import Greenlet
from gevent.pool import Pool

import rnd_actors.collectors
import rnd_actors.workers  # noqa: F401 - its events are looked up as subclasses
from rnd_actors.events import Event

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
CHAPTERS = sorted(GUIDE.glob("*.md"))
WITHOUT_PROGRAM = {"cluster", "connections", "examples", "notebooks", "page", "web-applications"}
"""Of hosts, a notebook, the page; the others show files, each a program, run by tests/examples."""
PROGRAMS = [chapter for chapter in CHAPTERS if chapter.stem not in WITHOUT_PROGRAM]
END_OF_BLOCK = "~~~ end of block ~~~"
_AT_A_TIME = 6


@frozen
class Block:
    """What stands between two fences; the first line after the opening one is `line`, from 0."""

    language: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def file(self) -> str | None:
        """The file that the block is, by its first line; None: it is a part of the program."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named[1] if named else None

    @property
    def is_program(self) -> bool:
        return self.language == "python" and self.file is None


def blocks_of(chapter: Path) -> Iterator[Block]:
    block: Block | None = None
    for number, line in enumerate(chapter.read_text(encoding="utf-8").splitlines()):
        if not line.startswith("```"):
            if block is not None:
                block.lines.append(line)
        elif block is None:
            block = Block(line.removeprefix("```"), number + 1, [])
        else:
            yield block
            block = None
    assert block is None, "a fence is not closed"


def program_of(blocks: list[Block]) -> str:
    """The Python blocks as one program, with the line numbers that they have in the chapter."""
    lines: list[str] = []
    for block in blocks:
        if block.is_program:
            lines += [""] * (block.line - len(lines))
            lines += [*block.lines, f"print({END_OF_BLOCK!r})"]
    return "".join(f"{line}\n" for line in lines)


def output_of(*arguments: str, folder: Path) -> str:
    """Run Python with these arguments; return what it prints."""
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Greenlet[..., str]]":
    """The programs of all chapters, which have run: a few at a time, as many of them wait."""
    folder = tmp_path_factory.mktemp("guide")
    few = Pool(_AT_A_TIME)
    running = {}
    for chapter in PROGRAMS:
        (folder / chapter.name).write_text(program_of(list(blocks_of(chapter))), encoding="utf-8")
        running[chapter.name] = few.spawn(output_of, chapter.name, folder=folder)
    few.join()
    return running


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("chapter", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_prints_what_the_guide_says(
    chapter: Path, programs: "dict[str, Greenlet[..., str]]"
) -> None:
    printed = programs[chapter.name].get().split(f"{END_OF_BLOCK}\n")
    assert printed == [*expected_of(list(blocks_of(chapter))), ""]


def expected_of(blocks: list[Block]) -> Iterator[str]:
    """What each Python block prints: the text block after it, or nothing."""
    for block, after in pairwise([*blocks, Block("end", 0, [])]):
        if block.is_program:
            yield after.text if after.language == "text" else ""


@pytest.mark.slow
def test_the_tests_that_the_guide_shows_pass(tmp_path: Path) -> None:
    files = [
        block
        for chapter in ("testing.md", "virtual-time.md")
        for block in blocks_of(GUIDE / chapter)
        if block.file is not None
    ]
    for block in files:
        (tmp_path / str(block.file)).write_text(block.text, encoding="utf-8")
    assert len(files) == 3
    pytest_of_the_guide = ("-m", "pytest", "-p", "rnd_actors.patched", "-q")
    assert "102 passed" in output_of(*pytest_of_the_guide, folder=tmp_path)


def test_every_program_patches_first() -> None:
    for chapter in PROGRAMS:
        first = next(block for block in blocks_of(chapter) if block.is_program)
        assert first.lines[0] == "from gevent import monkey", chapter


def test_every_link_leads_somewhere() -> None:
    for chapter in CHAPTERS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", chapter.read_text(encoding="utf-8")):
            assert (chapter.parent / target).is_file(), (chapter, target)


def test_the_index_leads_to_every_chapter() -> None:
    index = (GUIDE / "index.md").read_text(encoding="utf-8")
    for path in CHAPTERS:
        assert f"]({path.name})" in index or path.name == "index.md"


def levels_of(*rooms: str) -> dict[str, str]:
    """The events of these rooms that can happen, and their levels."""
    return {
        event.__name__: logging.getLevelName(event.level)
        for event in descendants_of(Event)
        if event.__module__.startswith(rooms) and not event.__subclasses__()
    }


def descendants_of(event: type[Event]) -> Iterator[type[Event]]:
    for subclass in event.__subclasses__():
        yield subclass
        yield from descendants_of(subclass)


def table_after(heading: str) -> dict[str, str]:
    """The first two columns of the table below this heading of the chapter on logging."""
    _, _, section = (GUIDE / "logging.md").read_text(encoding="utf-8").partition(f"## {heading}\n")
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", section.partition("\n## ")[0], re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "rooms"),
    [
        ("Events of the framework", ("rnd_actors.actors.",)),
        ("Events of workers and collectors", ("rnd_actors.workers.", "rnd_actors.collectors.")),
    ],
)
def test_the_tables_of_events_are_those_of_the_code(heading: str, rooms: tuple[str, ...]) -> None:
    assert table_after(heading) == levels_of(*rooms)
