"""GraphiQL in a real browser: offline, signed in by the session, with live subscriptions."""

import re
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.approving import LAUNCH, MEMBER, PERSON, POLICY, asking
from tests.browser.conftest import ColorScheme, watched
from tests.browser.hands import EXECUTE, answered, open_graphiql, open_tab, response
from tests.e2e.server import TOKEN, Server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

SCRIPT: Final = "echo first line; until [ -e {gate} ]; do sleep 0.02; done; echo last line"
LIFE: Final = ["Server", "Runs", "Launch", "Events", "Logs", "Cancel", "Retry"]
RULE: Final = ["Inbox", "Decide", "Project", "Simulate", "Policy", "Stop", "Audit"]
PLACE: Final = ["Providers", "Configure", "Credential", "Check", "Sync"]
FLOW: Final = ["Write", "Workflows", "Start", "Steps", "Outcome", "Repeat", "Report"]
TABS: Final = [*LIFE, *RULE, *PLACE, *FLOW]


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


def test_a_run_is_approved(browser: Browser, server: Server, screenshots: Path) -> None:
    """The inbox, the decision by the digest that it shows, and what the audit log has of it; a
    launch that waits says for whom, and a simulation and the switch answer as they stand."""
    asked = asked_for(server)
    with watched(browser, server) as seen:
        page = seen.page
        open_graphiql(page, server)
        open_tab(page, "Inbox", {"filter": {"eligible": True}})
        (approval,) = answered(page, "approvals")["nodes"]
        expect(response(page)).to_contain_text('"name": "olga"')
        page.screenshot(path=screenshots / "graphiql-inbox.png")
        given = {"id": approval["id"], "digest": approval["digest"], "decision": "APPROVE"}
        open_tab(page, "Decide", {"input": given})
        decided = answered(page, "approvalDecide")["approval"]
        expect(response(page)).to_contain_text("APPROVED")

        command = {"project": "default", "command": ["uname"]}
        open_tab(page, "Launch", {"input": command})
        own = answered(page, "runLaunch")["run"]
        open_tab(page, "Audit", {"project": "default", "filter": {"action": ["APPROVAL_DECIDE"]}})
        (entry,) = answered(page, "project")["auditLog"]["nodes"]
        told = {name: simply(page, name, field) for name, field in AS_THEY_STAND.items()}

    assert approval["canDecide"]
    assert (["uname"], asked) == (approval["shown"]["command"], decided["run"]["id"])
    waits = {"requiredRole": "APPROVER", "requiredCount": 1}
    assert (["APPROVAL"], waits) == (
        own["waitsFor"],
        {name: own["blockedBy"][name] for name in waits},
    )
    assert approval["id"] == entry["subject"]["id"]
    assert told["Simulate"]["isComplete"]
    assert "INVALID_INPUT" == told["Policy"]["code"], "what is there by default sets nothing"
    assert not told["Stop"]["killSwitch"]["engaged"]
    complaints = [each for each in seen.complaints if "400" not in each]
    assert ([], []) == (seen.strangers, complaints)


AS_THEY_STAND: Final = {
    "Simulate": "policySimulate",
    "Policy": "policySet",
    "Stop": "killSwitchSet",
}


def simply(page: Page, name: str, field: str) -> Any:
    """A tab as it stands."""
    page.get_by_role("tab", name=name).click()
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(field)
    return answered(page, field)


def asked_for(server: Server) -> str:
    """A run that waits for whom the browser is signed in as; answers its id."""

    def ask(query: str, token: str = TOKEN, **variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    anything = {"name": "anything", "match": {}, "effect": "ALLOW"}
    ask(MEMBER, project="default", name="admin", roles=["APPROVER"])
    set_to = ask(POLICY, project="default", rules=[asking("uname"), anything])
    assert "PolicySetPayload" == set_to["policySet"]["__typename"], set_to
    olga = ask(PERSON, name="olga")["tokenCreate"]["token"]
    ask(MEMBER, project="default", name="olga", roles=["OPERATOR"])
    given = {"project": "default", "command": ["uname"]}
    return str(ask(LAUNCH, olga, input=given)["runLaunch"]["run"]["id"])


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
