"""The files of the page: the vendored ones are those that were pinned, and none needs a network."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.web_browser.vendor import PACKAGES, ROOT, sha256_of

STATIC: Final = ROOT / "rnd_actors/web/static"
VENDORED: Final = [file for package in PACKAGES for file in package["file"]]
OWN: Final = sorted(path for path in STATIC.iterdir() if path.is_file())


@pytest.mark.parametrize("file", VENDORED, ids=lambda file: Path(file["target"]).name)
def test_a_vendored_file_is_the_one_that_was_pinned(file: dict[str, str]) -> None:
    assert sha256_of((ROOT / file["target"]).read_bytes()) == file["sha256"]


def test_nothing_is_vendored_that_is_not_pinned() -> None:
    pinned = {ROOT / file["target"] for file in VENDORED}
    assert set((STATIC / "vendor").iterdir()) == pinned & set((STATIC / "vendor").iterdir())


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_file_loads_only_files_that_are_there(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    loads = re.findall(r'(?:from |URL\()"(\./[^"]+)"', text)
    loads += [f"../{name}" for name in re.findall(r'(?:src|href)="(static/[^"]+)"', text)]
    for name in loads:
        assert (path.parent / name).resolve().is_file(), name


def test_the_page_has_no_inline_script_or_style_that_its_policy_would_refuse() -> None:
    text = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]* src=)|<style|\s(?:style|on\w+)=", text)
