"""Takes the pictures of the page, docs/page-*.png."""

from gevent import monkey

monkey.patch_all()

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from tests.processes import until
from tests.web_browser.browsers import DESKTOP, PHONE, Page, browser
from tests.web_browser.programs import watched

_DOCS: Final = Path(__file__).parents[2] / "docs"
_TALL: Final = (PHONE[0], 1500)


def main() -> None:
    """Take each of a run like the one that the README begins with."""
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as driver:
        page = Page(driver)
        _take(page, 5.5, "page-light", DESKTOP, "light")
        _take(page, 7.0, "page-dark", (1600, 1250), "dark", actor="workers/3")
        _take(page, 8.0, "page-phone", _TALL, "light")


def _take(
    page: Page, seconds: float, name: str, size: tuple[int, int], scheme: str, *, actor: str = ""
) -> None:
    with watched(16, 1.0, "-flaky", samples=150, deadline=10) as run:
        page.open(run.url, size, scheme)
        page.run(f"location.hash = '{actor and f'actor={actor}'}'")
        until(lambda: run.status()["elapsed_s"] > seconds)
        picture = _picture(page)
    picture.save(_DOCS / f"{name}.png", optimize=True)


def _picture(page: Page) -> Image.Image:
    page.run("document.querySelector('.which code').firstChild.data = 'rnd-actors worker -flaky'")
    page.run("scrollTo(0, 0)")
    page.run_async("requestAnimationFrame(() => setTimeout(done, 300))")  # charts fit their places
    picture = Image.open(BytesIO(page.driver.get_screenshot_as_png())).convert("RGB")
    # a third of the size, and all colours of signs
    return picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
