"""A browser for all tests, a fresh tab for each, and programs whose page it opens."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.web_browser.browsers import CHROMEDRIVER, CHROMIUM, Page, browser


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("chromium and chromedriver are not on the PATH (Debian: chromium-driver)")
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(driver: Chrome) -> Iterator[Page]:
    """A tab of its own, closed in the end, so that no stream outlives its test.

    The console must not complain; a test that gives it a reason looks at its `errors()` itself.
    """
    driver.switch_to.new_window("tab")
    page = Page(driver)
    page.errors()
    yield page
    complaints = page.errors()
    while len(driver.window_handles) > 1:
        driver.close()
        driver.switch_to.window(driver.window_handles[-1])
    assert complaints == []
