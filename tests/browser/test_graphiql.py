"""GraphiQL in a real browser: offline, signed in by the session, with live subscriptions."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import ColorScheme, watched
from tests.e2e.links import sign_in_link
from tests.e2e.server import Server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

SCRIPT: Final = "echo first line; until [ -e {gate} ]; do sleep 0.02; done; echo last line"
EXECUTE: Final = ".graphiql-execute-button"
TABS: Final = ["Server", "Runs", "Launch", "Events", "Logs", "Cancel", "Retry"]


def open_graphiql(page: Page, server: Server) -> None:
    page.goto(sign_in_link(server))
    page.get_by_role("link", name="GraphiQL").click()
    page.get_by_text("Who you are").wait_for()


def response(page: Page) -> Locator:
    return page.locator(".graphiql-response .view-lines")


def open_tab(page: Page, name: str, variables: dict[str, Any]) -> None:
    """Show a tab, and put these into its editor of variables in the place of what is there."""
    page.get_by_role("tab", name=name).click()
    editor = page.locator(".graphiql-editor-tool .monaco-editor").first
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps(variables))
    page.keyboard.press("Control+Shift+End")  # what the editor has closed for us
    page.keyboard.press("Delete")
    expect(editor).to_contain_text(next(iter(variables)))


def launch(page: Page, script: str) -> str:
    """Launch by the example; answers the run's id."""
    open_tab(page, "Launch", {"input": {"project": "default", "command": ["sh", "-c", script]}})
    with page.expect_response(lambda r: "runLaunch" in (r.request.post_data or "")) as asked:
        page.click(EXECUTE)
    run_id = asked.value.json()["data"]["runLaunch"]["run"]["id"]
    expect(response(page)).to_contain_text("QUEUED")
    return str(run_id)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_life_of_a_run(
    browser: Browser, server: Server, screenshots: Path, scheme: ColorScheme
) -> None:
    """Sign in, ask, launch, see lines arrive while the run goes on, and its end; nothing is asked
    of another host, and the browser has nothing to complain about, the policy above all."""
    gate = server.root / f"gate-{scheme}"
    with watched(browser, server, scheme) as seen:
        page = seen.page
        open_graphiql(page, server)
        tabs = page.get_by_role("tab").all_inner_texts()
        page.click(EXECUTE)
        expect(response(page)).to_contain_text('"name": "admin"')
        page.screenshot(path=screenshots / f"graphiql-{scheme}.png")

        run_id = launch(page, SCRIPT.format(gate=gate))
        open_tab(page, "Events", {"id": run_id})
        page.click(EXECUTE)
        expect(response(page)).to_contain_text("first line")
        page.screenshot(path=screenshots / f"graphiql-running-{scheme}.png")
        gate.touch()
        expect(response(page)).to_contain_text("SUCCEEDED")

        open_tab(page, "Logs", {"id": run_id})
        page.click(EXECUTE)
        expect(response(page)).to_contain_text("last line")
        page.screenshot(path=screenshots / f"graphiql-logs-{scheme}.png")

    assert TABS == [tab.strip() for tab in tabs]
    assert [f"ws://127.0.0.1:{server.port}/graphql"] == seen.sockets
    assert ([], []) == (seen.strangers, seen.complaints)


def test_the_plugins_load(browser: Browser, server: Server, screenshots: Path) -> None:
    """Documentation, explorer and history, completion and prettifying, all under the policy."""
    with watched(browser, server) as seen:
        page = seen.page
        open_graphiql(page, server)
        page.get_by_label("Show Documentation Explorer").click()
        page.get_by_role("link", name="Subscription").click()
        expect(page.locator(".graphiql-doc-explorer-content")).to_contain_text("runEvents")
        page.screenshot(path=screenshots / "graphiql-documentation.png")
        page.get_by_label("Show GraphiQL Explorer").click()
        expect(page.locator(".docExplorerWrap, .graphiql-explorer-root").first).to_contain_text(
            "serverInfo"
        )
        page.screenshot(path=screenshots / "graphiql-explorer.png")
        page.get_by_label("Show History").click()
        page.get_by_label("Prettify").click()
        page.locator(".graphiql-query-editor .view-line").nth(3).click()
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        page.keyboard.press("Control+Space")
        expect(page.locator(".suggest-widget")).to_contain_text("memberships")

    assert ([], []) == (seen.strangers, seen.complaints)


def test_the_theme_follows_the_system(browser: Browser, server: Server) -> None:
    """Page and editors alike, also while the page is open."""
    with watched(browser, server, "light") as seen:
        open_graphiql(seen.page, server)
        editor = seen.page.locator(".graphiql-query-editor .monaco-editor").first
        for scheme, shown in (("light", "vs"), ("dark", "vs-dark"), ("light", "vs")):
            seen.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            expect(editor).to_have_class(re.compile(rf"(^| ){shown}( |$)"))
