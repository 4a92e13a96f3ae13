"""A workflow in GraphiQL: written down, started, failed, tried again, and reported on."""

from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watched
from tests.browser.hands import answered, open_graphiql, open_tab, response
from tests.e2e.server import Server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

FLOW: Final = """
name: look
steps:
  - { key: look, command: [cat, wanted.txt], artifacts: [wanted.txt] }
  - { key: gate, validate: steps.look.exitCode == 0 }
"""
OVER: Final = {"SUCCEEDED", "FAILED"}


def outcome(page: Page, run_id: str) -> dict[str, Any]:
    """What the tab shows once the workflow run goes on no more by itself."""
    open_tab(page, "Outcome", {"id": run_id})
    found: dict[str, Any] = {}
    while found.get("state") not in OVER:
        found = answered(page, "node")
    return found


def test_a_workflow_is_written_started_mended_and_reported(
    browser: Browser, server: Server, screenshots: Path
) -> None:
    """Each tab gives the ids that the next ones take: why a step has failed is in the outcome, and
    so is what the next try has left; the report is read, and downloaded by its link."""
    with watched(browser, server) as seen:
        page = seen.page
        open_graphiql(page, server)
        open_tab(page, "Write", {"input": {"project": "default", "yaml": FLOW}})
        written = answered(page, "workflowCreate")["workflow"]
        open_tab(page, "Start", {"input": {"workflowId": written["id"]}})
        run_id = answered(page, "workflowStart")["workflowRun"]["id"]
        failed = outcome(page, run_id)
        page.screenshot(path=screenshots / "graphiql-outcome.png")

        (server.root / "wanted.txt").write_text("here\n")
        look = failed["stepRuns"][0]
        open_tab(page, "Repeat", {"input": {"id": look["id"], "reason": "it is there now"}})
        repeated = answered(page, "stepRunRetry")["stepRun"]
        ended = outcome(page, run_id)
        open_tab(page, "Workflows", {"project": "default"})
        listed = answered(page, "project")
        open_tab(page, "Report", {"id": run_id})
        report = answered(page, "node")
        expect(response(page)).to_contain_text("look, version 1")
        page.screenshot(path=screenshots / "graphiql-report.png")

    assert ("FAILED", ["FAILED", "PENDING"]) == (
        failed["state"],
        [step["state"] for step in failed["stepRuns"]],
    )
    assert "No such file" in look["run"]["logs"]["nodes"][0]["lines"][0]
    assert "look" == repeated["key"]
    assert ("SUCCEEDED", 2) == (ended["state"], ended["stepRuns"][0]["attempt"])
    (artifact,) = ended["stepRuns"][0]["artifacts"]["nodes"]
    assert ("wanted.txt", 5) == (artifact["name"], artifact["size"])
    assert [written["id"]] == [each["id"] for each in listed["workflows"]["nodes"]]
    assert [run_id] == [each["id"] for each in listed["workflowRuns"]["nodes"]]
    page_of_it = httpx.get(f"{server.url}{report['document']['url']}")
    assert "<h1>look, version 1</h1>" in page_of_it.text
    assert ([], []) == (seen.strangers, [each for each in seen.complaints if "400" not in each])
