"""A real Chromium, what a person sees in it, and how a test waits for that."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import define
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    InvalidElementStateException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.processes import PATIENCE_S, until

__all__ = ["CHROMEDRIVER", "CHROMIUM", "DESKTOP", "PHONE", "Page", "browser"]

CHROMIUM: Final = next(filter(None, map(shutil.which, ["chromium", "google-chrome"])), None)
CHROMEDRIVER: Final = shutil.which("chromedriver")
DESKTOP: Final = (1600, 1000)
PHONE: Final = (390, 844)
_AXE: Final = Path(__file__).with_name("axe.min.js")
_COMES_WITH_AN_END: Final = re.compile(r"net::ERR_|/api/actor\?\S+ .* 404")
_COMES_OF_TESTS: Final = re.compile("Canvas2D: Multiple readback operations")
"""What `has_painted` does, which a test may wait for."""
_PAINTED: Final = """
    const [css, name] = arguments;
    const canvas = document.querySelector(css);
    const hex = getComputedStyle(canvas).getPropertyValue(name).trim();
    const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      if (data.slice(i, i + 3).join() === wanted) return true;
    }
    return false;
"""
_MOVED: Final = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
"""The page has been painted anew between a look and a click: another look is needed."""
_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    """Have a browser with a profile of its own."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service(CHROMEDRIVER))
    connection: Any = driver.command_executor
    connection.client_config.timeout = 4 * PATIENCE_S
    driver.set_script_timeout(4 * PATIENCE_S)
    try:
        yield driver
    finally:
        driver.quit()


@define
class Page:
    """A tab of the browser with the page in it."""

    driver: Chrome

    def open(self, url: str, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> None:
        """Go to a page in a window of this size, for somebody who likes dark or light pages."""
        self.resize(size, scheme)
        self.driver.get(url)

    def without(self, name: str) -> None:
        """Let this tab be that of a browser that lacks something."""
        script = {"source": f"delete globalThis.{name}"}
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)

    def saves_to(self, folder: Path) -> None:
        """Let files that the page gives be saved in a folder."""
        behavior = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", behavior)

    def resize(self, size: tuple[int, int], scheme: str) -> None:
        """Have a window of another size, or another scheme of colours."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def all(self, css: str) -> list[WebElement]:
        """Return what is there now."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        """Return the text of the first element that matches; empty if there is none."""
        found = self.driver.execute_script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", css
        )
        return str(found).replace("\u00a0", " ")

    def waits_for(self, words: str, css: str = "body", seconds: float = PATIENCE_S) -> None:
        """Wait until an element says something: words, or a regular expression."""
        wanted = re.compile(words, re.IGNORECASE | re.DOTALL)
        try:
            until(lambda: wanted.search(self.text(css)), seconds)
        except AssertionError:
            raise AssertionError(f"{css} does not say {words!r}: {self.text(css)!r}") from None

    def click(self, words: str, css: str = "button") -> None:
        """Click the button with these words, as its text or its label, as soon as it can be."""
        until(lambda: self._click(words, css))

    def fill(self, css: str, text: str) -> None:
        """Put a text into a field in place of the one that is there, as soon as it can be."""
        until(lambda: self._fill(css, text))

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page, and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script: str) -> Any:
        """Run JavaScript in the page until it calls `done`, and return what it gives to that."""
        return self.driver.execute_async_script(f"const [done] = arguments; {script}")

    def has_painted(self, css: str, colour: str) -> bool:
        """Whether a canvas has a dot of a colour of the style sheet."""
        return bool(self.run(_PAINTED, css, colour))

    def axe(self) -> list[str]:
        """Return what axe finds wrong, each with the elements."""
        self.driver.execute_script(_AXE.read_text("utf-8"))
        found = self.run_async("axe.run().then(({ violations }) => done(violations))")
        return [
            f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']]}"
            for each in found
        ]

    def errors(self) -> list[str]:
        """Return what the console complains of since the last time.

        Lost connections, actors that have ended while they were looked into, and looks of a test at
        what was painted are no complaint.
        """
        log: Callable[[str], list[dict[str, str]]] = self.driver.get_log
        messages = [entry["message"] for entry in log("browser") if entry["level"] != "INFO"]
        no_complaints = _COMES_WITH_AN_END, _COMES_OF_TESTS
        return [each for each in messages if not any(no.search(each) for no in no_complaints)]

    def _fill(self, css: str, text: str) -> bool:
        try:
            for field in self.all(css):
                field.clear()
                field.send_keys(text)
                return True
        except (InvalidElementStateException, *_MOVED):  # its dialog is not shown yet
            pass
        return False

    def _click(self, words: str, css: str) -> bool:
        try:
            for element in self.all(css):
                label = element.get_attribute("aria-label") or element.text
                if label.startswith(words) and element.is_enabled() and element.is_displayed():
                    element.click()
                    return True
        except _MOVED:
            pass
        return False
