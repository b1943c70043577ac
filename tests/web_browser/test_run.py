"""The page of a run: what it shows, and what can be done from it."""

import json
import os
import signal
import sys
from pathlib import Path
from sys import float_info

import pytest

from rnd_actors.collectors import FixedTime
from tests.processes import until
from tests.web_browser.browsers import DESKTOP, PHONE, Page
from tests.web_browser.programs import Watched, commanded, streams, watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def open_and_begin(page: Page, run: Watched) -> None:
    """Open the page of a short run, and only then have it begin."""
    page.open(run.url)
    page.waits_for("^live", ".connection")
    run.begins.set()


def test_the_page_says_how_far_a_run_is(page: Page) -> None:
    with watched(samples=50_000, deadline=1000) as run:
        page.open(run.url)
        page.waits_for(r"On time: [\d,]+ of 50,000, done at .* s, deadline 16 min 40 s")
        page.waits_for(r"^[\d,]+ received|Lines received", ".results")
        assert len(page.all(".lane:not(.head)")) == 2
        page.waits_for("streaming", ".lane:not(.head)")
        until(lambda: page.all(".overview .u-wrap canvas"))
        assert "token" not in page.driver.current_url


def test_a_crash_is_in_its_lane_and_in_the_events(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.waits_for("streaming", ".lane:not(.head)")
        os.kill(run.worker(1)["pid"], signal.SIGKILL)
        page.waits_for("workers/1 .*(killed|SIGKILL|signal 9)", ".events .log")
        until(lambda: page.text(".lane:not(.head) .restarts") == "1")
        until(lambda: page.has_painted(".lane:not(.head) canvas", "--bad"))


def test_one_worker_is_restarted(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.click("Restart worker 2")
        page.waits_for("Worker 2 restarted", ".notes")
        until(lambda: run.worker(2)["restarts"] == 1)
        assert run.worker(1)["restarts"] == 0


def test_all_workers_are_restarted_after_a_question(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.click("Restart all")
        page.click("Cancel", "dialog button")
        page.click("Restart all…")
        page.click("Restart all", "dialog button.strong")
        page.waits_for("2 workers restarted", ".notes")
        until(lambda: all(run.worker(each)["restarts"] == 1 for each in (1, 2)))


def test_workers_are_added_and_sent_away(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.click("One worker more")
        until(lambda: run.worker(3)["samples"])
        page.waits_for("3 streaming", ".figures")
        page.click("One worker less")
        page.click("Let it go", "dialog button")
        until(lambda: run.worker(3)["state"] == "drained")
        page.waits_for("2 streaming", ".figures")
        page.click("Change the number of workers")
        page.fill("dialog input", "4")
        page.click("Change", "dialog button.strong")
        page.waits_for("4 streaming", ".figures")


def test_goal_and_deadline_are_changed(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.click("Change the goal")
        page.fill("dialog input", "70000")
        page.click("Change", "dialog button.strong")
        page.waits_for("of 70,000", ".verdict")
        page.click("Change the deadline")
        page.fill("dialog input", "3000")
        page.click("Change", "dialog button.strong")
        page.waits_for("deadline 50 min", ".verdict")
        assert run.status()["deadline_s"] == 3000


def test_what_cannot_be_done_is_said(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.click("Save the report")
        page.waits_for("store", "[role=alert]")
        page.click("Dismiss")
        until(lambda: page.text("[role=alert]") == "")
        until(lambda: any("409" in error for error in page.errors()))


def test_the_result_so_far_is_saved(page: Page, tmp_path: Path) -> None:
    with watched() as run:
        page.saves_to(tmp_path)
        page.open(run.url)
        until(lambda: run.worker(1)["samples"])
        page.click("Save the result")
        until((tmp_path / "result.json").exists)
        assert json.loads((tmp_path / "result.json").read_text("utf-8"))["lines"]["accepted"] > 0


def test_a_run_of_the_command_is_ended_at_once(page: Page) -> None:
    with commanded() as (process, url):
        page.open(url)
        page.waits_for("streaming", ".lane:not(.head)")
        page.click("Stop the run")
        page.click("Stop at once", "dialog button")
        until(lambda: process.poll() is not None)
        page.waits_for("^Over", ".verdict")
        assert "No connection" not in page.text(".notes")


def test_a_run_that_has_ended_before_its_answer_is_read_is_over(page: Page) -> None:
    with commanded() as (process, url):
        page.open(url)
        page.waits_for("streaming", ".lane:not(.head)")
        page.run("""
            const fetched = globalThis.fetch;
            globalThis.fetch = async (...request) => {
              const answer = await fetched(...request);
              while (!document.querySelector(".notes").innerText.includes("No connection"))
                await new Promise(requestAnimationFrame);
              return answer;
            };
        """)
        page.click("Stop the run")
        page.click("Stop at once", "dialog button")
        until(lambda: process.poll() is not None)
        page.waits_for("^Over", ".verdict")
        assert "No connection" not in page.text(".notes")


def test_a_program_that_hangs_is_no_connection_until_it_goes_on(page: Page) -> None:
    with commanded() as (process, url):
        page.open(url)
        page.waits_for("streaming", ".lane:not(.head)")
        process.send_signal(signal.SIGSTOP)
        page.waits_for("No connection", ".notes")
        process.send_signal(signal.SIGCONT)
        page.waits_for("^live", ".connection")
        page.errors()  # a request that was given up


def test_a_run_is_stopped_after_a_question_and_the_last_picture_stays(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.waits_for("streaming", ".lane:not(.head)")
        page.click("Stop the run")
        page.click("Go on", "dialog button")
        assert not run.interrupted.is_set()
        page.click("Stop the run")
        page.click("Stop", "dialog button.strong")
        assert run.result().outcome.value == "interrupted"
        page.waits_for("Over: interrupted", ".verdict")
        assert len(page.all(".lane:not(.head)")) == 2
        until(lambda: not page.all(".controls button:enabled"))


def test_a_question_about_a_run_is_withdrawn_when_that_is_over(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.click("Stop the run")
        page.waits_for("Stop at once", "dialog")
        run.interrupted.set()
        page.waits_for("Over: interrupted", ".verdict")
        until(lambda: not page.all("dialog"))


def test_a_file_of_which_the_program_sends_but_half_is_told_of(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.waits_for("^live", ".connection")
        page.run("""
            const cut = (controller) => controller.error(new TypeError("the connection is lost"));
            globalThis.fetch = async () => new Response(new ReadableStream({ start: cut }));
        """)
        page.click("Save the result")
        page.waits_for("The program does not answer", "[role=alert]")


def test_a_run_that_reaches_its_goal_is_over(page: Page) -> None:
    with watched(samples=300, begins=False) as run:
        open_and_begin(page, run)
        page.waits_for("Over: complete. 300 of 300", ".verdict")
        assert run.result().samples == 300
        assert "at this rate" not in page.text(".figures")


def test_a_goal_that_is_a_time_is_reached_wholly(page: Page) -> None:
    with watched(interval=0.5, collector=FixedTime(2.0), begins=False) as run:
        open_and_begin(page, run)
        page.waits_for("Over: complete", ".verdict")
        assert page.text(".bar-value") == "100 %"


def test_nothing_lies_ahead_of_a_run_that_has_missed_its_deadline(page: Page) -> None:
    with watched(deadline=10, begins=False) as run:
        open_and_begin(page, run)
        page.waits_for("Late by|Deadline lost", ".verdict")
        assert page.all(".bar.time .late")
        page.waits_for("Over: deadline missed", ".verdict")
        assert not page.all(".bar.time .late, .bar.time .ahead")
        page.waits_for("Done at.*the goal was not reached", ".figures")
        assert "too late" not in page.text(".figures")


def test_a_reload_comes_back_to_the_same_picture(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        until(lambda: page.all(".actor"))
        page.click("", ".tree-body .actor")
        page.waits_for("Next messages", ".details")
        name = page.text("#details")
        page.driver.refresh()
        page.waits_for("Next messages", ".details")
        assert page.text("#details") == name
        page.waits_for("streaming", ".lane:not(.head)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page, size: tuple[int, int], scheme: str
) -> None:
    with watched(4, 0.1, deadline=1000) as run:
        page.open(run.url, size, scheme)
        page.waits_for("streaming", ".lane:not(.head)")
        os.kill(run.worker(1)["pid"], signal.SIGKILL)
        page.waits_for("failed", ".events .log")
        page.run("location.hash = 'actor=workers/1'")
        page.waits_for("Next messages", ".details")
        page.waits_for("values from", ".values")
        assert page.axe() == []
        page.click("Stop the run")
        assert page.axe() == []
        widths = page.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] == widths[1] == size[0]


def test_no_deadline_is_too_wide_for_a_phone(page: Page) -> None:
    with watched(samples=10**9, deadline=float_info.max) as run:
        page.open(run.url, PHONE)
        page.waits_for(r"deadline 2\.08E303 d \d+ h")
        assert page.run("return document.documentElement.scrollWidth") == PHONE[0]


def test_two_tabs_share_one_stream(page: Page) -> None:
    with watched() as run:
        page.open(run.url)
        page.waits_for("streaming", ".lane:not(.head)")
        first = page.driver.current_window_handle
        page.driver.switch_to.new_window("tab")
        page.open(run.address)
        page.waits_for("2 tabs share one stream", "footer")
        page.waits_for("streaming", ".lane:not(.head)")
        assert streams() == 1
        page.driver.close()
        page.driver.switch_to.window(first)
        until(lambda: "tabs" not in page.text("footer"))


def test_a_lost_deadline_is_the_first_thing_that_is_said(page: Page) -> None:
    with watched(deadline=60) as run:
        page.open(run.url)
        page.waits_for(r"Deadline lost: .* will be missing")
        page.waits_for("the deadline is lost: ", ".events .log")


SLOW_ONCE = """
import os, runpy, sys
if "1" == sys.argv[sys.argv.index("-workerId") + 1] and not os.path.exists({marker!r}):
    open({marker!r}, "x").close()
    sys.argv += ["-interval", "0.5"]
runpy.run_module("rnd_actors.standin", run_name="__main__")
"""


def test_a_replaced_worker_is_marked_in_its_lane(page: Page, tmp_path: Path) -> None:
    program = SLOW_ONCE.format(marker=str(tmp_path / "was slow"))
    worker = (sys.executable, "-c", program)
    with watched(6, 0.02, worker=worker, deadline=1000, replace_slow=True) as run:
        page.open(run.url)
        page.waits_for("replaced", ".lanes .legend")
        until(lambda: page.has_painted(".lane:not(.head) canvas", "--warn"))
        assert run.worker(1)["replaced"] >= 1


LARGE = """
import sys
from rnd_actors import standin

def next_line(lines):
    lines.sent += 1
    return b"rnd=%d\\n" % ({least} + lines.sent % 10)

standin.Lines.next = next_line
standin.main(sys.argv[1:])
"""


@pytest.mark.parametrize("least", [2**53 + 1, 999_999_999_999_999_990, -(2**53) - 11])
def test_values_of_any_size_are_shown_to_the_last_digit(page: Page, least: int) -> None:
    worker = (sys.executable, "-c", LARGE.format(least=least))
    with watched(2, 0.01, worker=worker) as run:
        page.open(run.url)
        page.waits_for(f"values from {least:,} to {least + 9:,}; the axis counts from", ".values")
        page.waits_for(r"\d", ".lane:not(.head) .last")
        seen = {int(page.text(".lane:not(.head) .last")) for _ in range(20)}
        assert seen <= set(range(least, least + 10))
        page.click("Last", ".sort")
        assert page.axe() == []


def test_the_last_values_of_a_run_are_in_its_histogram(page: Page) -> None:
    with watched(samples=700, begins=False) as run:
        open_and_begin(page, run)
        page.waits_for("Over: complete", ".verdict")
        page.waits_for("^700 values from 0 to 99", ".values figcaption")
        assert run.result().samples == 700


def test_an_answer_from_before_the_end_comes_too_late(page: Page) -> None:
    """The histogram then has the last values, which the stream has told before the end."""
    with watched(samples=700, begins=False) as run:
        page.open(run.url)
        page.waits_for("^live", ".connection")
        page.run("""
            const fetched = globalThis.fetch;
            const isOver = () => document.querySelector(".verdict").innerText.includes("Over");
            globalThis.held = globalThis.told = 0;
            globalThis.fetch = async (...request) => {
              const text = await (await fetched(...request)).text();
              if (!String(request[0]).includes("history")) return new Response(text);
              globalThis.held += 1;
              while (!isOver()) await new Promise(requestAnimationFrame);
              return { ok: true, text: async () => (globalThis.told += 1, text) };
            };
        """)
        run.begins.set()
        page.waits_for("Over: complete", ".verdict")
        until(lambda: page.run("return held > 0 && told === held"))
        assert page.text(".values figcaption").startswith("700 values from 0 to 99")
