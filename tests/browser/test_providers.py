"""A provider in GraphiQL, from its config to its healing, in a real browser on a real agent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.adapters.a2a.serving import AgentServer
from tests.browser.conftest import watched
from tests.browser.hands import EXECUTE, answered, open_graphiql, open_tab, response
from tests.e2e.server import serving

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

TOKEN: Final = "s3cret-of-the-agent"
A2A: Final = {"project": "default", "provider": "a2a"}
LOOKS_MAX: Final = 100


def launched(page: Page, prompt: str) -> str:
    open_tab(page, "Launch", {"input": {**A2A, "prompt": prompt}})
    return str(answered(page, "runLaunch")["run"]["id"])


def followed(page: Page, run_id: str, text: str, tab: str = "Events") -> None:
    """Until this is shown."""
    open_tab(page, tab, {"id": run_id})
    page.wait_for_timeout(300)
    page.click(EXECUTE)
    expect(response(page)).to_contain_text(text)


def seen(page: Page, run_id: str, holds: Callable[[Any], bool]) -> Any:
    """The run, once this holds of it."""
    open_tab(page, "Sync", {"id": run_id})
    for _ in range(LOOKS_MAX):
        if holds(run := answered(page, "node")):
            return run
        page.wait_for_timeout(500)
    raise AssertionError("It never did.")


def connected(page: Page, config: dict[str, Any], screenshots: Path) -> None:
    """Config, credential and check."""
    open_tab(page, "Configure", {"input": {**A2A, "config": config}})
    configured = answered(page, "providerConfigure")["provider"]
    assert (config, True) == (configured["config"], configured["enabled"])
    open_tab(page, "Credential", {"input": {**A2A, "name": "token", "value": TOKEN}})
    known = answered(page, "providerCredentialSet")["provider"]["credentials"]
    (credential,) = [each for each in known if each["name"] == "token"]
    assert (True, TOKEN[-4:]) == (credential["isSet"], credential["hint"])
    open_tab(page, "Check", {"input": A2A})
    assert "HEALTHY" == answered(page, "providerCheck")["health"]["status"]
    page.screenshot(path=screenshots / "graphiql-provider-checked.png")


def used(page: Page, screenshots: Path) -> None:
    """A run to its end, with its log as it comes, and one that is canceled."""
    counting = launched(page, "count 3")
    followed(page, counting, "SUCCEEDED")
    followed(page, counting, "line 2", "Logs")
    page.screenshot(path=screenshots / "graphiql-provider-log.png")
    waiting = launched(page, "wait")
    followed(page, waiting, "ready", "Logs")
    open_tab(page, "Cancel", {"input": {"id": waiting, "reason": "seen enough"}})
    assert waiting == answered(page, "runCancel")["run"]["id"]
    assert not seen(page, waiting, lambda run: run["state"] == "CANCELED")["degraded"]


def lost_and_found(page: Page, agent: AgentServer, screenshots: Path) -> None:
    """The agent is killed under a run, and started again."""
    lasting = launched(page, "wait")
    seen(page, lasting, lambda run: bool(run["providerStatusRaw"]))
    agent.kill()
    doubted = seen(page, lasting, lambda run: run["degraded"] and run["nextReconcileAt"])
    assert ("RUNNING", "STALE") == (doubted["state"], doubted["syncStatus"])
    assert doubted["degradedReason"]
    page.screenshot(path=screenshots / "graphiql-provider-lost.png")
    agent.start()
    healed = seen(page, lasting, lambda run: not run["degraded"])
    assert ("RUNNING", "IN_SYNC") == (healed["state"], healed["syncStatus"])
    page.screenshot(path=screenshots / "graphiql-provider-healed.png")


def test_a_provider_is_connected_used_lost_and_heals(
    browser: Browser, tmp_path: Path, screenshots: Path
) -> None:
    """Config, credential and check; a log that streams, and a cancel; then the agent is killed, and
    the run says why it is in doubt and when it is asked after; and it heals."""
    for name in ("agent", "server"):
        (tmp_path / name).mkdir()
    agent = AgentServer(tmp_path / "agent", token=TOKEN)
    with agent.running(), serving(tmp_path / "server") as server, watched(browser, server) as tab:
        open_graphiql(tab.page, server)
        connected(tab.page, {"url": agent.url, "allowPrivate": True}, screenshots)
        used(tab.page, screenshots)
        lost_and_found(tab.page, agent, screenshots)

    complaints = [each for each in tab.complaints if "400" not in each]
    assert ([], []) == (tab.strangers, complaints)
