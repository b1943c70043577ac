"""Crawls a site, a few pages at a time and so many a second, and prints each with its status.

Try it on a folder: `python -m http.server 8000`, then `crawler.py http://127.0.0.1:8000/`. It stays
in the folder of the first page. A page that fails with a 5xx, or to answer in time, is tried again.
"""

from gevent import monkey

monkey.patch_all()  # before any other import

import sys
from argparse import ArgumentParser
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import urldefrag, urljoin

import gevent
import urllib3
from attrs import frozen

from rnd_actors import Actor, ActorSystem, ChildSpec, Normal, Restart
from rnd_actors.events import DeadLetter

ATTEMPTS = 3
FIRST_PAUSE_S = 0.5
LARGEST_PAGE = 1_000_000


@frozen
class Tick:  # another request may begin
    pass


@frozen
class Due:  # the pause before another attempt is over
    url: str


@frozen
class Fetched:
    url: str
    status: str
    links: tuple[str, ...] = ()
    try_again: bool = False


class Crawler(Actor[Tick | Due | Fetched]):
    def __init__(
        self, first: str, rate: float, at_once: int, fetch: Callable[[str], Fetched]
    ) -> None:
        self.folder = urljoin(first, ".")
        self.rate = rate
        self.at_once = at_once
        self.fetch = fetch
        self.found = {first}
        self.waiting = deque([first])
        self.running = 0
        self.attempts: Counter[str] = Counter()
        self.statuses: dict[str, str] = {}

    def on_start(self) -> None:
        self.tell_first(Tick())

    def receive(self, message: Tick | Due | Fetched) -> None:
        match message:
            case Tick():
                self.after(1 / self.rate, Tick())
                if self.waiting and self.running < self.at_once:
                    self.request(self.waiting.popleft())
            case Due(url):
                self.waiting.append(url)
            case Fetched(url):
                self.running -= 1
                self.consider(message)

    def request(self, url: str) -> None:
        self.running += 1
        self.attempts[url] += 1
        self.pipe(
            lambda: self.fetch(url),
            lambda fetched: fetched,
            on_error=lambda error: Fetched(url, type(error).__name__, try_again=True),
        )

    def consider(self, fetched: Fetched) -> None:
        attempts = self.attempts[fetched.url]
        if fetched.try_again and attempts < ATTEMPTS:
            self.after(FIRST_PAUSE_S * 2 ** (attempts - 1), Due(fetched.url))
            return
        self.statuses[fetched.url] = fetched.status
        for link in fetched.links:
            if link.startswith(self.folder) and link not in self.found:
                self.found.add(link)
                self.waiting.append(link)
        if len(self.statuses) == len(self.found):
            self.stop(result=(self.statuses, self.attempts))


class LinkParser(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if (tag, name) == ("a", "href") and value]


def fetch(http: urllib3.PoolManager, patience: float, url: str) -> Fetched:
    try:
        with (
            gevent.Timeout(patience),
            http.request("GET", url, retries=False, preload_content=False) as response,
        ):
            links = LinkParser(response.read(LARGEST_PAGE).decode(errors="replace")).links
    except gevent.Timeout:
        return Fetched(url, "timeout", try_again=True)
    links.append(response.headers.get("Location", url))
    absolute = tuple(urldefrag(urljoin(url, link)).url for link in links)
    try_again = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Fetched(url, str(response.status), absolute, try_again)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=10.0, help="requests a second")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--patience", type=float, default=5.0, help="seconds for a request")
    given = parser.parse_args()
    with ActorSystem() as system:
        system.events.subscribe(print, to=DeadLetter)
        get = partial(fetch, urllib3.PoolManager(maxsize=given.at_once), given.patience)
        factory = partial(Crawler, given.url, given.rate, given.at_once, get)
        crawler = system.start(ChildSpec("crawler", factory, restart=Restart.TEMPORARY))
        match crawler.join():
            case Normal((statuses, attempts)):
                for url in sorted(statuses):
                    print(f"{statuses[url]:8} {attempts[url]} {url}")
                print(dict(Counter(statuses.values())), system.dead_letters, "dead letters")
            case reason:
                sys.exit(str(reason))


if __name__ == "__main__":
    main()
