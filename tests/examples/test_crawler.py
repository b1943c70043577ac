"""The crawler: in virtual time on a made-up site, and as a program on a real one."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count, pairwise
from typing import Any

import gevent
import pytest
from attrs import define, field
from gevent.event import Event as Flag
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from docs.examples.crawler import ATTEMPTS, FIRST_PAUSE_S, Crawler, Fetched
from rnd_actors import ActorSystem, ChildSpec, Normal, Restart
from tests.examples.conftest import Start
from tests.processes import PATIENCE_S

HOME = "http://site/"
EVERY_PAGE = {str(number): [str(number + 1), str(number * 2), ""] for number in range(50)}


@define
class Site:
    """A site that answers each request after half a second."""

    pages: dict[str, list[str]]
    broken: dict[str, int] = field(factory=dict)
    """How often each page fails before it works."""
    began: list[tuple[float, str]] = field(factory=list)
    running: int = 0
    most_running: int = 0

    def fetch(self, url: str) -> Fetched:
        page = url.removeprefix(HOME)
        self.began.append((time.monotonic(), page))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        gevent.sleep(0.5)
        self.running -= 1
        if page not in self.pages:
            return Fetched(url, "404")
        if len(self.times(page)) <= self.broken.get(page, 0):
            raise ConnectionError(page)
        return Fetched(url, "200", tuple(HOME + link for link in self.pages[page]))

    def times(self, page: str) -> list[float]:
        return [at for at, began in self.began if began == page]

    def crawl(self, system: ActorSystem, rate: float = 100.0, at_once: int = 4) -> dict[str, str]:
        spec = ChildSpec(
            "crawler",
            lambda: Crawler(HOME, rate, at_once, self.fetch),
            restart=Restart.TEMPORARY,
        )
        reason = system.start(spec).join()
        assert isinstance(reason, Normal)
        statuses, attempts = reason.result
        assert attempts == Counter(HOME + page for _, page in self.began)
        assert self.running == 0
        return {url.removeprefix(HOME): status for url, status in statuses.items()}


def test_each_page_is_fetched_once_whatever_links_to_it(simulated_system: ActorSystem) -> None:
    site = Site({"": ["a", "b", "gone"], "a": ["", "b", "a"], "b": ["a", "c"], "c": [""]})
    found = site.crawl(simulated_system)
    assert found == {"": "200", "a": "200", "b": "200", "c": "200", "gone": "404"}
    assert len(site.began) == len(found)


def test_no_more_requests_run_at_a_time_than_allowed(simulated_system: ActorSystem) -> None:
    site = Site({"": ["1"], **EVERY_PAGE})
    site.crawl(simulated_system, at_once=3)
    assert site.most_running == 3


def test_no_more_requests_begin_in_a_second_than_allowed(simulated_system: ActorSystem) -> None:
    site = Site({"": ["1"], **EVERY_PAGE})
    site.crawl(simulated_system, rate=5.0, at_once=50)
    assert len(site.began) > 50
    assert all(after[0] - before[0] >= 0.199 for before, after in pairwise(site.began))


def test_a_page_that_fails_is_tried_again_after_longer_and_longer_pauses(
    simulated_system: ActorSystem,
) -> None:
    site = Site({"": ["flaky"], "flaky": ["behind"], "behind": []}, broken={"flaky": 2})
    assert site.crawl(simulated_system)["behind"] == "200"
    first, second, third = site.times("flaky")
    assert second - first == pytest.approx(0.5 + FIRST_PAUSE_S, abs=0.02)
    assert third - second == pytest.approx(0.5 + 2 * FIRST_PAUSE_S, abs=0.02)


def test_a_page_that_always_fails_is_given_up(simulated_system: ActorSystem) -> None:
    site = Site({"": ["broken", "fine"], "broken": [], "fine": []}, broken={"broken": 99})
    found = site.crawl(simulated_system)
    assert found == {"": "200", "broken": "ConnectionError", "fine": "200"}
    assert len(site.times("broken")) == ATTEMPTS


@pytest.mark.parametrize("virtual_time", range(30), indirect=True)
def test_in_any_order_each_page_is_found(simulated_system: ActorSystem) -> None:
    site = Site({"": ["1"], **EVERY_PAGE}, broken={"7": 1, "20": 2, "31": 99})
    found = site.crawl(simulated_system, at_once=5)
    assert {page for page, status in found.items() if status == "200"} == {
        "",
        *EVERY_PAGE,
    } - {"0", "31"}
    assert site.most_running <= 5


HTML = [("Content-Type", "text/html")]


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a site of which each page has something of its own."""
    goes_on = Flag()
    flaky_requests = count(1)

    def answer(environ: dict[str, Any], respond: Callable[..., object]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/docs/":
                respond("200 OK", HTML)
                links = ("a", "flaky", "broken", "hangs", "gone", "moved", "/outside", "b#part")
                return ["".join(f"<a class=x HREF='{link}'>{link}</a>" for link in links).encode()]
            case "/docs/a":
                respond("200 OK", HTML)
                return [b"<a href=./>home</a> <a href='b'>b</a> <a name=here>not a link</a>"]
            case "/docs/b" | "/docs/new":
                respond("200 OK", HTML)
            case "/docs/moved":
                respond("301 Moved Permanently", [("Location", "new")])
            case "/docs/flaky" if next(flaky_requests) > 2:
                respond("200 OK", HTML)
            case "/docs/flaky" | "/docs/broken":
                respond("503 Service Unavailable", HTML)
            case "/docs/hangs":
                goes_on.wait()
            case _:
                respond("404 Not Found", HTML)
        return [b""]

    server = WSGIServer(("127.0.0.1", 0), answer, log=None, spawn=Pool())
    server.start()
    yield f"http://127.0.0.1:{server.server_port}/docs/"
    server.stop(timeout=1)


@pytest.mark.slow
def test_the_program_prints_each_page_of_a_real_site(site: str, start: Start) -> None:
    crawler = start("crawler.py", site, "--rate", 50, "--patience", 3)
    printed, said = crawler.communicate(timeout=PATIENCE_S)
    assert (said, crawler.returncode) == ("", 0)
    *pages, summary = printed.replace(site, "").splitlines()
    assert [tuple(page.split()) for page in pages] == [
        ("200", "1"),
        ("200", "1", "a"),
        ("200", "1", "b"),
        ("503", "3", "broken"),
        ("200", "3", "flaky"),
        ("404", "1", "gone"),
        ("timeout", "3", "hangs"),
        ("301", "1", "moved"),
        ("200", "1", "new"),
    ]
    assert summary.endswith("} 0 dead letters")


@pytest.mark.slow
def test_the_program_says_that_nobody_answers(start: Start) -> None:
    crawler = start("crawler.py", "http://127.0.0.1:1/")
    printed, said = crawler.communicate(timeout=PATIENCE_S)
    assert printed.splitlines()[0] == "NewConnectionError 3 http://127.0.0.1:1/"
    assert (said, crawler.returncode) == ("", 0)
