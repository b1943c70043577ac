"""Reports as files. Drawing takes time, so few tests do it."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from rnd_actors import reporting
from rnd_actors.collectors import WorkerOnHost
from rnd_actors.errors import SettingsError, SinkError
from rnd_actors.reporting import write_report
from rnd_actors.store import RunHistory, Session
from tests.reporting.histories import (
    BEGAN,
    a_run,
    history_of,
    life,
    on_two_hosts,
    sample,
    worker_result,
)

NASTY = '</pre><script src="//x">alert("1")</script>\x1b[31m|`*\ud800'
NAMESPACES = {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
NO_TIME = (Session(number=1, started_at=BEGAN, elapsed_s=0.0),)


def nasty_run() -> RunHistory:
    """A run whose workers and machines write what could break a page."""
    run = a_run()
    stored = evolve(run.run, worker=("/opt/<b>/worker", "-flaky"))
    sessions = tuple(evolve(session, host="here<i>") for session in run.sessions)
    hosts = (WorkerOnHost("there<i>"),)
    worker = evolve(
        run.result.workers[15], last_exit=NASTY, last_words=(NASTY, "out of luck"), hosts=hosts
    )
    result = evolve(run.result, reason=NASTY, workers=(*run.result.workers[:15], worker))
    lives = (evolve(run.incarnations[0], failure=NASTY), *run.incarnations[1:])
    return evolve(run, run=stored, result=result, sessions=sessions, incarnations=lives)


def written(history: RunHistory, path: Path) -> str:
    write_report(history, path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(nasty_run(), tmp_path_factory.mktemp("report") / "report.html")


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def test_a_page_needs_nothing_from_elsewhere(page: str) -> None:
    tags = Tags(page)
    assert not {"script", "link", "img", "iframe", "object", "image"} & set(tags.names)
    assert set(re.findall(r"https?://[^\"'\s]*", page)) == NAMESPACES
    assert not re.search(r"url\((?!#)|@import", page)
    assert not [name for name, _ in tags.attributes if name in ("src", "srcset")]
    links = [value for name, value in tags.attributes if name.endswith("href")]
    assert all((value or "").startswith("#") for value in links)


def test_a_page_has_every_picture_and_figure(page: str) -> None:
    assert page.count("<svg ") == page.count("</svg>") == 8
    for words in ("ideal", "streaming", "resumed", "expected of uniform values", "95th percentile"):
        assert page.count(f">{words}</text>") in (2, 4), "for screens and for phones"
    for words in ("<td>150 of 150</td>", "<th>p-value</th>", "<th>share of the ideal</th>"):
        assert words in page


def test_the_parts_of_pictures_do_not_share_ids(page: str) -> None:
    ids = re.findall(r' id="([^"]+)"', page)
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', page)
    assert len(ids) == len(set(ids))
    assert set(used) <= set(ids)


def test_what_workers_wrote_is_escaped(page: str) -> None:
    assert page.count("&lt;/pre&gt;&lt;script src=&#34;//x&#34;&gt;alert(&#34;1&#34;)") == 4
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\nout of luck</pre>" in page


def test_a_page_says_in_its_title_what_ran_and_where(page: str, tmp_path: Path) -> None:
    assert "<title>Run 7: worker -flaky on here&lt;i&gt;</title>" in page
    assert "<td>/opt/&lt;b&gt;/worker -flaky</td>" in page or "&#39;/opt/&lt;b&gt;" in page
    text = written(nasty_run(), tmp_path / "report.md")
    assert text.startswith("# Run 7: worker -flaky on here\\<i\\>\n")


def test_every_cell_of_a_wide_table_has_its_name_for_phones(page: str) -> None:
    assert page.count('<td data-name="last exit">') == 16
    assert page.count('<table class="many">') == 1
    assert 'svg class="narrow"' in page


@pytest.mark.slow
def test_a_page_is_the_same_every_time(page: str, tmp_path: Path) -> None:
    assert written(nasty_run(), tmp_path / "again.html") == page


@pytest.mark.slow
def test_a_long_run_is_a_small_page(tmp_path: Path) -> None:
    samples = tuple(sample(index, index / 16, value=index % 100) for index in range(20_000))
    lives = tuple(
        life(number, 2.0 * number, 2 * number + 0.1, 2 * number + 1.5, failure="killed")
        for number in range(600)
    )
    sessions = (Session(number=1, started_at=BEGAN, elapsed_s=1250.0),)
    history = history_of(samples, lives, sessions=sessions, workers=(worker_result(),))
    page = written(history, tmp_path / "report.html")
    assert len(page) < 500_000
    assert "<td>20000 of 150</td>" in page


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
@pytest.mark.parametrize(
    "history",
    [
        history_of((), sessions=(), state="running", workers=(worker_result(),)),
        history_of((sample(0, 0.0),), sessions=NO_TIME, goal=None, workers=(worker_result(),)),
    ],
    ids=["nothing", "one sample"],
)
def test_a_run_with_one_sample_or_none_can_be_reported(
    history: RunHistory, suffix: str, tmp_path: Path
) -> None:
    text = written(history, tmp_path / f"report{suffix}")
    assert "too few samples" in text


def test_markdown_has_tables_and_drawings(tmp_path: Path) -> None:
    text = written(a_run(), tmp_path / "report.MD")
    assert text.startswith(
        "# Run 7: a worker that is not known\n\n|  |  |\n| --- | --- |\n| state | complete: "
    )
    assert "| samples | 150 of 150 |" in text
    assert re.search(r"^ 4 █+X·+█+X·+░█+$", text, re.MULTILINE)
    assert re.search(r"^10-14 █+ 10$", text, re.MULTILINE)


def test_what_workers_wrote_stays_in_its_cell_of_markdown(tmp_path: Path) -> None:
    lines = written(nasty_run(), tmp_path / "report.md").splitlines()
    outside = [line for line in lines if "script" in line and not line.startswith("    ")]
    assert len(outside) == 3
    for line in outside:
        assert r"\</pre\>\<script src=" in line
        assert r"\|\`\*" in line


def test_workers_are_shown_host_by_host_with_the_sums_of_each(tmp_path: Path) -> None:
    run = on_two_hosts(a_run())
    lines = written(run, tmp_path / "report.md").splitlines()
    begin = lines.index("## Workers")
    rows = [re.findall(r"[^|]+", line.replace(" ", "")) for line in lines[begin + 4 : begin + 20]]
    assert [row[:2] for row in rows] == [
        *([str(worker), "10.0.0.1"] for worker in range(1, 16, 2)),
        *([str(worker), "10.0.0.2"] for worker in range(4, 17, 2)),
        ["2", "10.0.0.2,10.0.0.3"],
    ]
    begin = lines.index("## Hosts")
    assert lines[begin + 2] == "| host | workers | samples | starts | crashes | lost |"
    assert lines[begin + 4].startswith("| 10.0.0.1 | 8 | ")
    assert lines[begin + 5].startswith("| 10.0.0.2 | 8 | ")
    assert lines[begin + 6] == "| 10.0.0.3 | 1 | 2 | 1 | 0 | 7 |"
    assert "10.0.0.3" in written(run, tmp_path / "report.html")


@pytest.mark.parametrize("suffix", [".html", ".md"])
def test_without_a_cluster_there_are_no_hosts_in_a_report(suffix: str, tmp_path: Path) -> None:
    text = written(a_run(), tmp_path / f"report{suffix}")
    assert "Hosts" not in text
    assert "lost" not in text


def test_json_has_the_documented_keys(tmp_path: Path) -> None:
    report = json.loads(written(nasty_run(), tmp_path / "report.json"))
    assert list(report) == [
        "schema",
        "run",
        "samples",
        "elapsed_s",
        "time_to_goal_s",
        "rate_per_s",
        "ideal",
        "lines",
        "values",
        "gaps_s",
        "uniformity",
        "histogram",
        "workers",
        "hosts",
        "failures",
        "findings",
    ]
    assert (report["schema"], report["samples"], report["run"]["goal"]) == (1, 150, 150)
    assert [session["number"] for session in report["run"]["sessions"]] == [1, 2]
    assert report["ideal"]["samples"] == pytest.approx(16 * report["elapsed_s"])
    assert report["uniformity"]["degrees"] == 24
    assert sum(bar["count"] for bar in report["histogram"]) == 150
    assert sum(worker["samples"] for worker in report["workers"]) == 150
    assert report["failures"][1] == {"text": NASTY.replace("\ud800", r"\ud800"), "count": 1}


def test_the_guide_tells_every_key_of_json(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "reports.md").read_text("utf-8")
    _, _, section = guide.partition("## The JSON object")
    named = re.findall(r"`(\w+)`", section.partition("\n## ")[0])
    report = json.loads(written(nasty_run(), tmp_path / "report.json"))
    assert set(named) == set(keys_of(report))


def keys_of(part: Any) -> Iterator[str]:
    for key, inner in part.items() if isinstance(part, dict) else ():
        yield key
        yield from keys_of(inner)
    for inner in part if isinstance(part, list) else ():
        yield from keys_of(inner)


@pytest.mark.parametrize("name", ["report.pdf", "report"])
def test_another_suffix_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"a file whose name ends in \.html, \.md, \.json"):
        write_report(a_run(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken.md").mkdir()
    for path in (tmp_path / "taken.md", tmp_path / "missing" / "report.md"):
        with pytest.raises(SettingsError, match="output takes files"):
            write_report(a_run(), path)
    assert [path.name for path in tmp_path.rglob("*")] == ["taken.md"]


def test_a_file_that_holds_something_is_replaced_only_if_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("dear to its owner")
    with pytest.raises(SettingsError, match="output takes files that hold nothing yet"):
        write_report(a_run(), path)
    assert path.read_text() == "dear to its owner"
    write_report(a_run(), path, overwrite=True)
    assert path.read_text().startswith("# Run 7")


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk that becomes full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_report_that_cannot_be_finished_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_bytes(b"before")
    with no_file_larger_than(100), pytest.raises(SinkError, match="File too large"):
        write_report(a_run(), tmp_path / "report.md", overwrite=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


def test_importing_the_room_loads_none_of_the_extra() -> None:
    program = (
        "import sys, rnd_actors.reporting;"
        "print({'jinja2', 'matplotlib', 'numpy', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("missing", "name"),
    [("jinja2", "report.html"), ("matplotlib", "report.html"), ("scipy.special", "report.json")],
)
def test_without_the_extra_it_tells_how_to_install_it(
    missing: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "rnd_actors.reporting._pictures", raising=False)
    monkeypatch.delattr(reporting, "_pictures", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    path = tmp_path / name
    path.write_text("before")
    with pytest.raises(SettingsError, match=r"pip install 'rnd-actors\[report\]'"):
        write_report(a_run(), path, overwrite=True)
    assert path.read_text() == "before"
