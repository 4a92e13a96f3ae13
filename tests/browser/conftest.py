"""A real browser, and a page in it that may talk to the server and to nobody else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from serving.graphiql import BUILT
from tests.e2e.server import Server, serving
from tests.fixtures_services import required
from tests.services import ServiceMissing

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SIZE: Final[ViewportSize] = {"width": 1400, "height": 900}
ColorScheme = Literal["light", "dark"]
WAIT_MS: Final = 20_000
NOTHING_ELSE: Final = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of this machine. Raises ServiceMissing."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise ServiceMissing(f"none of {', '.join(BROWSERS)} on PATH")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[NOTHING_ELSE])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def built() -> Iterator[None]:
    """The pages of web/. Raises ServiceMissing."""
    if not (BUILT / "graphiql" / "index.html").exists():
        raise ServiceMissing("web/ is not built: make web")
    yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with required(chromium()) as started, required(built()):
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_CANCEL_GRACE_S="1") as started:
        yield started


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where pictures are kept: a folder that CI names, or one that pytest throws away."""
    folder = Path(os.environ.get("WORKBENCH_TEST_SCREENSHOTS", tmp_path / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Watched:
    """What a page has said and asked for, to be looked at when the test is over."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.sockets: list[str] = []
        self.strangers: list[str] = []
        self._place = f"127.0.0.1:{server.port}"
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda said: self._heard(said.type, said.text))
        page.on("pageerror", lambda error: self._heard("error", str(error)))
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._opened(socket.url))

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != self._place:
            self.strangers.append(url)

    def _opened(self, url: str) -> None:
        self.sockets.append(url)
        self._asked(url)


@contextmanager
def watched(browser: Browser, server: Server, scheme: ColorScheme = "light") -> Iterator[Watched]:
    """A page of a browser that knows nothing yet: no cookie, nothing stored."""
    context = browser.new_context(color_scheme=scheme, viewport=SIZE)
    try:
        yield Watched(context.new_page(), server)
    finally:
        context.close()
