"""The session in a real browser: links from anywhere open it, no foreign page can use it."""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watched
from tests.e2e.links import sign_in_link
from tests.e2e.server import Server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

ATTACK: Final = """async (url) => {
  const tried = {};
  const ask = {method: "POST", credentials: "include", body: '{"query": "{viewer{kind}}"}'};
  const json = {...ask, headers: {"Content-Type": "application/json"}};
  const said = [() => "answered", () => "refused"];
  tried.read = await fetch(url + "/graphql", json).then(...said);
  tried.blind = await fetch(url + "/graphql", {...ask, mode: "no-cors"}).then(...said);
  tried.socket = await new Promise((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws") + "/graphql", "graphql-transport-ws");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  });
  return tried;
}"""


class Elsewhere(BaseHTTPRequestHandler):
    """A site of somebody else: one page, whatever is asked."""

    def __init__(self, page: str, *args: object) -> None:
        self._page = page
        super().__init__(*args)  # type: ignore[arg-type] # as its server calls it

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self._page.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def site(page: str) -> Iterator[int]:
    """The port of a site that has this page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Elsewhere, page)) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield serving.server_port
        finally:
            serving.shutdown()
            thread.join()


def is_signed_in(page: Page) -> None:
    expect(page.locator("body")).to_contain_text("Signed in as admin")


def test_links_from_another_site(browser: Browser, server: Server) -> None:
    """The cookie is set, and found again, although it is never sent along from there."""
    link = html.escape(sign_in_link(server))
    links = f'<a href="{link}">sign in</a> <a href="{server.url}/graphiql">use</a>'
    with site(links) as port, watched(browser, server) as seen:
        page = seen.page
        page.goto(f"http://localhost:{port}/")
        page.get_by_text("sign in").click()
        is_signed_in(page)
        page.goto(f"http://localhost:{port}/")
        page.get_by_text("use").click()
        page.get_by_role("tab", name="Launch").wait_for()


def test_without_a_session(browser: Browser, server: Server) -> None:
    """Each page says how to get one, also to whoever comes from another site."""
    with site(f'<a href="{server.url}/graphiql">use</a>') as port, watched(browser, server) as seen:
        page = seen.page
        for path in ("/", "/graphiql"):
            page.goto(server.url + path)
            expect(page.locator("body")).to_contain_text("You are not signed in")
        page.goto(f"http://localhost:{port}/")
        page.get_by_text("use").click()
        expect(page.locator("body")).to_contain_text("You are not signed in")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_foreign_page(browser: Browser, server: Server, name: str) -> None:
    """Neither one of another site, nor one of the same site at another port, gets anything done."""
    form = f'<form method="post" action="{server.url}/sign-out"><button>Win!</button></form>'
    with site(form) as port, watched(browser, server) as seen:
        page = seen.page
        page.goto(sign_in_link(server))
        is_signed_in(page)
        page.goto(f"http://{name}:{port}/")
        tried = page.evaluate(ATTACK, server.url)
        with page.expect_navigation():
            page.get_by_text("Win!").click()
        # Another one of the same browser: the first may be on its way by a page that sends it on.
        fresh = page.context.new_page()
        fresh.goto(server.url)
        is_signed_in(fresh)

    assert {"read": "refused", "blind": "refused", "socket": "refused"} == tried


def test_sign_out(browser: Browser, server: Server) -> None:
    """By its button; what was open before is closed after."""
    with watched(browser, server) as seen:
        page = seen.page
        page.goto(sign_in_link(server))
        is_signed_in(page)
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("body")).to_contain_text("You are not signed in")
        page.goto(server.url + "/graphiql")
        expect(page.locator("body")).to_contain_text("You are not signed in")

    assert [] == seen.strangers
