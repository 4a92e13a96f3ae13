"""What a server counts of one provider, from an outage of that to the end of a run."""

import asyncio
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from tests.e2e.client import signed_in
from tests.e2e.counting import metrics
from tests.e2e.server import serving
from tests.services import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-a2a"), pytest.mark.timeout(300)]

METRICS: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
PATIENCE_S: Final = 120.0
CONFIGURE: Final = """mutation($config: JSON!) {
  providerConfigure(input: {project: "default", provider: "webhook", config: $config}) {
    __typename
  }
}"""


class Hook(BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self) -> None:
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
        """Silence."""


def of_providers() -> set[str]:
    """The metrics that the reference page labels with a provider, without `workbench_`."""
    rows = re.findall(
        r"^\| `workbench_(\w+)` \| \w+ \| (.*?) \|", METRICS.read_text(), re.MULTILINE
    )
    return {name for name, labels in rows if "`provider`" in labels}


async def test_all_that_is_counted_of_a_provider_is_shown(tmp_path: Path) -> None:
    """Nobody answers until its circuit has opened; then somebody does, and the run ends."""
    port = free_port()
    seen: set[str] = set()
    with serving(tmp_path) as server:
        async with signed_in(server) as client, asyncio.timeout(PATIENCE_S):

            async def count_until(sample: str) -> None:
                while sample not in seen:
                    seen.update(await metrics(server))
                    await asyncio.sleep(0.05)

            config = {"url": f"http://127.0.0.1:{port}", "allowPrivate": True}
            await client.ask(CONFIGURE, config=config)
            run = await client.launch("true", provider="webhook")
            await count_until('queue_depth{provider="webhook"}')
            await count_until('circuit_changes_total{provider="webhook",to="OPEN"}')
            with ThreadingHTTPServer(("127.0.0.1", port), Hook) as hook:
                Thread(target=hook.serve_forever, daemon=True).start()
                await count_until('circuit_changes_total{provider="webhook",to="CLOSED"}')
                await count_until('run_transitions_total{provider="webhook",to="SUCCEEDED"}')
                await client.ended(run["id"])
                hook.shutdown()
            seen.update(await metrics(server))
    shown = {
        re.sub(r"_(total|bucket)$", "", sample.partition("{")[0])
        for sample in seen
        if 'provider="webhook"' in sample
    }
    assert of_providers()
    # A webhook tells nothing of what it used up: tests/adapters/test_meter.py has that.
    assert {"run_cost_cents", "run_tokens"} == of_providers() - shown
