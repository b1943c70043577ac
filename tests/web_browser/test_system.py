"""The page of a system of actors that is no run; and of one that goes away and comes back."""

import pytest
from selenium.webdriver.common.keys import Keys

from rnd_actors.web import _streams
from tests.processes import PATIENCE_S, until
from tests.web.serving import stream
from tests.web_browser.browsers import PHONE, Page
from tests.web_browser.programs import Boom, Hold, Served, served, streams, tick

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_system_has_the_parts_about_actors_alone(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.waits_for("All is well: .* actors up", ".verdict")
        assert not page.all(".lanes, .figures, .controls, .results")
        assert page.axe() == []


def test_an_actor_that_crashes_is_told_of(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.waits_for("up", ".verdict")
        page.run("location.hash = 'actor=toys/3'")
        page.waits_for("Next messages", ".details")
        system.toy(3).tell(Boom())
        page.waits_for("toys/3 .*as asked", ".events .log")
        page.waits_for("#1 .*as asked", ".details")


def test_what_a_stream_tells_once_more_is_shown_once(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who begins to watch between two snapshots is told of all since the first of them."""
    monkeypatch.setattr(_streams, "_TICK_S", 4 * PATIENCE_S)
    with served() as system, stream(system.listener) as watcher:
        watcher.next("snapshot")
        system.toy(1).tell(Boom())
        page.open(system.url)
        page.waits_for("toys/1 failed on Boom", ".events .log")
        system.toy(2).tell(Boom())
        until(lambda: system.toy(2).stats().failed)
        tick()
        page.waits_for("toys/2 failed on Boom", ".events .log")
        assert page.text(".events .log").count("toys/1 failed on Boom") == 1


def test_an_actor_for_which_much_waits_is_marked(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        toy = system.toy(2)
        toy.tell(Hold(system.gate))
        for _ in range(150):
            toy.tell(Hold(system.gate))
        page.waits_for("Trouble: .* toys/2 is in trouble", ".verdict")
        assert page.text(".actor.troubled .mailbox") == "150"
        page.run("location.hash = 'actor=toys/2'")
        page.waits_for("Waiting: 150.*Hold", ".details")
        system.gate.set()
        page.waits_for("All is well", ".verdict")


def test_the_next_messages_of_an_actor_are_traced(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.run("location.hash = 'actor=toys/1'")
        page.click("Trace the next")
        page.waits_for("Waiting for 20 messages", ".details")
        system.gate.set()
        until(lambda: told_and_shown(system, page))


def test_dead_letters_are_listed(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.waits_for("Every message has found its actor", ".dead-letters")
        toy = system.toy(1)
        system.stop_toy(1)
        toy.tell(Boom())
        page.waits_for(r"toys/1\s.*Boom", ".dead-letters .log")


def test_events_can_be_filtered_and_paused(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        system.toy(1).tell(Boom())
        page.waits_for("toys/1", ".events .log")
        page.click("Pause")
        system.toy(2).tell(Boom())
        page.waits_for("newer", ".events")
        assert "toys/2" not in page.text(".events .log")
        page.click("Go on")
        page.waits_for("toys/2", ".events .log")
        page.fill(".events input", "toys/2")
        until(lambda: "toys/1" not in page.text(".events .log"))
        page.fill(".events input", "nothing like it")
        page.waits_for("No event is like that", ".events")


def test_of_a_thousand_actors_there_are_the_rows_that_fit(page: Page) -> None:
    with served(1000) as system:
        page.open(system.url)
        page.waits_for("1,0.. actors up", ".verdict")
        assert 10 < len(page.all(".actor")) < 80
        page.run("document.querySelector('.tree').focus()")
        page.press(Keys.END)
        page.waits_for("1000\\b", ".tree-body")
        assert len(page.all(".actor")) < 80
        page.fill(".actors input[type=search]", "toys/777")
        until(lambda: len(page.all(".tree-body .actor")) == 1)
        assert page.axe() == []


def test_everything_is_reached_by_keys(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.waits_for("up", ".verdict")
        page.press(Keys.TAB)
        assert page.run("return document.activeElement.className") == "skip"
        page.press(Keys.ENTER)
        while page.run("return document.activeElement.getAttribute('role')") != "treegrid":
            page.press(Keys.TAB)
        page.press(Keys.HOME, Keys.ARROW_LEFT)
        rows = len(page.all(".tree-body .actor"))
        page.press(Keys.ARROW_RIGHT)
        until(lambda: len(page.all(".tree-body .actor")) > rows)
        page.press(Keys.ARROW_DOWN, Keys.ENTER)
        page.waits_for("Next messages", ".details")
        assert page.run("return document.activeElement.getAttribute('role')") == "treegrid"
        assert page.text(".actor.active .label") in page.text("#details")


@pytest.mark.parametrize("name", ["..", ".", "%", "%2e", " ", "a?b#c&d=e+f"])
def test_an_actor_is_opened_whatever_its_name(page: Page, name: str) -> None:
    with served(0, name) as system:
        page.open(system.url)
        page.waits_for("3 actors up", ".verdict")
        until(lambda: len(page.all(".tree-body .actor")) == 3)
        page.click("", ".tree-body .actor:last-child")
        page.waits_for("Next messages", ".details")
        page.driver.refresh()
        page.waits_for("Next messages", ".details")
        assert page.run("return document.querySelector('#details').textContent") == f"toys/{name}"


def test_a_program_that_goes_away_and_comes_back_is_followed_again(page: Page) -> None:
    with served(3) as system:
        page.open(system.url)
        page.waits_for("5 actors up", ".verdict")
        system.cut()
        page.waits_for("No connection", ".notes")
        page.waits_for("no connection", ".connection")
        assert len(page.all(".tree-body .actor")) == 5
        system.mend()
        page.waits_for("^live$", ".connection")
        assert "No connection" not in page.text(".notes")
        system.toy(1).tell(Boom())
        page.waits_for("toys/1", ".events .log")


def test_a_page_that_is_no_longer_let_in_says_so(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.waits_for("^live$", ".connection")
        page.driver.delete_all_cookies()
        system.cut()
        page.waits_for("No connection", ".notes")
        system.mend()
        page.waits_for("open the address that it has printed", ".notes")
        page.open(system.url)
        page.waits_for("^live$", ".connection")


def test_a_browser_without_shared_workers_has_a_stream_while_it_is_looked_at(page: Page) -> None:
    with served() as system:
        page.without("SharedWorker")
        page.open(system.url)
        page.waits_for("All is well", ".verdict")
        assert streams() == 1
        first = page.driver.current_window_handle
        page.driver.switch_to.new_window("tab")
        until(lambda: streams() == 0)
        page.driver.close()
        page.driver.switch_to.window(first)
        until(lambda: streams() == 1)


def test_a_system_that_has_ended_is_over(page: Page) -> None:
    with served() as system:
        page.open(system.url, PHONE)
        page.waits_for("up", ".verdict")
        system.page.close()
        page.waits_for("Over: the program shows it no more; it had 5 actors", ".verdict")
        assert page.all(".tree-body .actor")


def test_a_stream_that_is_given_up_tells_nothing_more(page: Page) -> None:
    with served() as system:
        page.open(system.url)
        page.waits_for("^live$", ".connection")
        told = page.run_async("""
            import("/static/follow.js").then(async ({ follow }) => {
              const told = [];
              let source, answer;
              globalThis.EventSource = class {
                constructor() { source = this; }
                addEventListener() {}
                close() {}
              };
              globalThis.fetch = () => new Promise((resolve) => { answer = resolve; });
              const end = follow(({ type }) => told.push(type));
              source.onerror();
              end();
              answer({ status: 401 });
              requestAnimationFrame(() => done(told));
            });
        """)
        assert told == ["lost"]


def test_without_the_token_there_is_no_page(page: Page) -> None:
    with served() as system:
        page.open(system.address)
        page.waits_for("token")
        assert not page.all("main .overview")
        until(lambda: any("401" in error for error in page.errors()))


def told_and_shown(system: Served, page: Page) -> bool:
    """Tell the traced actor one more message, and say whether the trace is there."""
    system.toy(1).tell(Hold(system.gate))
    return "handled in" in page.text(".details")
