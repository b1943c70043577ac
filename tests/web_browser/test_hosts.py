"""The page of a run over hosts. Its workers are on this machine, and their hosts only told of."""

import pytest

from rnd_actors.cluster import HostRefused, ShardLost, ShardUp
from rnd_actors.workers import LinesLost
from tests.processes import until
from tests.web_browser.browsers import DESKTOP, PHONE, Page
from tests.web_browser.programs import Hosts, watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
FIRST, SECOND, THIRD = "10.0.0.2", "10.0.0.10", "10.0.0.11"


def rows(page: Page) -> list[str]:
    """Return the names of hosts and the ids of workers, as they stand below each other."""
    found: list[str] = page.run(
        "return [...document.querySelectorAll('.lane.host b, .lane:not(.head) .id')]"
        ".map((each) => each.innerText)"
    )
    return found


def test_workers_are_shown_host_by_host(page: Page) -> None:
    hosts = Hosts((FIRST, SECOND))
    with watched(4, serve=hosts.serve) as run:
        page.open(run.url)
        page.waits_for("2 workers, 2 streaming, .* samples", ".lane.host")
        until(lambda: rows(page) == [FIRST, "1", "3", SECOND, "2", "4"])
        page.waits_for("4 streaming, 2 hosts", ".figures")
        page.click("Samples", ".sort")
        until(lambda: rows(page)[::3] == [FIRST, SECOND])


def test_a_host_that_is_lost_comes_first_until_its_shard_is_there_again(page: Page) -> None:
    hosts = Hosts((FIRST, SECOND))
    with watched(4, serve=hosts.serve) as run:
        page.open(run.url)
        page.waits_for("Collecting|All is well|On time", ".verdict")
        hosts.tell(ShardLost(2, 1, SECOND, "the host is gone"))
        page.waits_for(f"host {SECOND} is lost", ".overview.warn .verdict")
        page.waits_for(f"{SECOND} is lost: the host is gone", ".lane.host.troubled")
        page.waits_for(f"shard 2 on {SECOND} is lost: the host is gone", ".events .warning")
        hosts.tell(LinesLost(2, 1, 7, SECOND))
        page.waits_for(r"Lines lost with their hosts, as far as is known\s+7", ".ledger")
        until(lambda: rows(page)[:1] == [SECOND])
        hosts.tell(ShardUp(2, 2, SECOND))
        page.waits_for(f"shard 2 is up on {SECOND}, for the 2. time", ".events .log")
        until(lambda: not page.all(".lane.host.troubled"))
        assert "lost" not in page.text(".verdict")


def test_hosts_without_workers_are_shown_if_they_are_refused(page: Page) -> None:
    hosts = Hosts((FIRST, SECOND))
    with watched(2, serve=hosts.serve) as run:
        page.open(run.url)
        page.waits_for("streaming", ".lane:not(.head):not(.host)")
        hosts.tell(HostRefused(THIRD, "it has no program 'worker'"))
        page.waits_for(f"host {THIRD} is refused", ".overview.warn .verdict")
        page.waits_for(f"{THIRD} is refused: it has no program 'worker'", ".lane.host.troubled")
        page.waits_for(f"host {THIRD} is not used", ".events .warning")
        hosts.tell(ShardLost(1, 1, FIRST, "it was silent for 3 s"))
        page.waits_for("2 of 3 hosts are down", ".verdict")
        until(lambda: rows(page) == [FIRST, "1", THIRD, SECOND, "2"])


def test_a_run_on_one_machine_has_no_hosts(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.waits_for("streaming", ".lane:not(.head)")
        assert not page.all(".lane.host")
        assert "host" not in page.text(".figures")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_hosts_fit_and_axe_finds_nothing(page: Page, size: tuple[int, int], scheme: str) -> None:
    hosts = Hosts((FIRST, "worker-17.a-rather-long-name.of-some-region.compute.example.org"))
    with watched(4, serve=hosts.serve) as run:
        page.open(run.url, size, scheme)
        hosts.tell(HostRefused(THIRD, "it has no program 'worker'"))
        hosts.tell(ShardLost(1, 1, FIRST, "the host is gone"))
        page.waits_for("the host is gone", ".lane.host.troubled")
        assert page.axe() == []
        widths = page.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] == widths[1] == size[0]


def test_of_many_workers_each_host_is_above_its_own(page: Page) -> None:
    hosts = Hosts((FIRST, SECOND))
    with watched(60, 0.2, serve=hosts.serve) as run:
        page.open(run.url)
        page.waits_for("30 workers, 30 streaming", ".lane.host")
        until(lambda: len(page.all(".lane:not(.head):not(.host)")) == 48)
        until(lambda: rows(page)[25:26] == [SECOND])  # the first ones of both hosts
        page.click("Show all 60 workers")
        until(lambda: len(page.all(".lane:not(.head):not(.host)")) == 60)
        assert rows(page)[31] == SECOND
