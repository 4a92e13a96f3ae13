"""Links to reports and artifacts over HTTP: who gets in by one, and when nobody does any more."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import httpx
import pytest

from adapters.links import SignedLinks
from domain.ids import ProjectId
from domain.models.links import Link
from serving.secret_keys import GivenKeys
from tests.e2e.client import END_S, LOOK_S, Client
from tests.e2e.server import Server, serving
from tests.e2e.test_people import REVOKE, set_roles, somebody
from tests.e2e.test_workflow_run_events import CREATE, START

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-downloads")]

SECRET: Final = b"k" * 32
PUBLIC: Final = "https://workbench.example/there"
STEPS: Final = "name: flow\nsteps: [{key: make, command: [touch, a.txt], artifacts: [a.txt]}]"
FORMATS: Final = {"MARKDOWN": "text/markdown", "HTML": "text/html", "JSON": "application/json"}
STATE: Final = "query($id: ID!) { node(id: $id) { ... on WorkflowRun { state } } }"
RUN: Final = """query($id: ID!, $format: ReportFormat) { node(id: $id) { ... on WorkflowRun {
  report(format: $format) reportDownload(format: $format) { url expiresAt }
  artifacts { nodes { url expiresAt } } } } }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    key = b64encode(SECRET).decode()
    folder = tmp_path_factory.mktemp("downloads")
    with serving(folder, WORKBENCH_SECRET_KEYS=key, WORKBENCH_PUBLIC_URL=PUBLIC) as made:
        yield made


@dataclass(frozen=True)
class Scene:
    """What anybody can do who has a link, and what only the server's own key can."""

    server: Server
    client: Client
    run_id: str
    links: SignedLinks

    async def urls(self, client: Client, report_format: str = "MARKDOWN") -> tuple[str, str]:
        """To the report and to an artifact, as this client is told."""
        node = (await client.ask(RUN, id=self.run_id, format=report_format))["node"]
        (artifact,) = node["artifacts"]["nodes"]
        return node["reportDownload"]["url"], artifact["url"]

    async def got(self, url: str) -> httpx.Response:
        """Without a token, through whatever stands at the public URL."""
        assert url.startswith(PUBLIC)
        async with httpx.AsyncClient(base_url=self.server.url) as anybody:
            return await anybody.get(url.removeprefix(PUBLIC))

    def changed(self, url: str, **fields: object) -> str:
        """The same link with other words, signed by the server's own key."""
        path, _, token = url.rpartition("/")
        link = self.links.open(token)
        assert link is not None
        other: Link = replace(link, **fields)  # type: ignore[arg-type] # as a test names them
        return f"{path}/{self.links.sign(other)}"


@pytest.fixture
async def scene(server: Server, client: Client) -> Scene:
    made = await client.ask(CREATE, input={"project": "default", "yaml": STEPS})
    workflow = made["workflowCreate"]["workflow"]["id"]
    begun = await client.ask(START, input={"workflowId": workflow})
    run_id = begun["workflowStart"]["workflowRun"]["id"]
    async with asyncio.timeout(END_S):
        while (await client.ask(STATE, id=run_id))["node"]["state"] != "SUCCEEDED":
            await asyncio.sleep(LOOK_S)
    return Scene(server, client, run_id, SignedLinks(GivenKeys((SECRET,))))


@pytest.mark.parametrize("report_format", FORMATS)
async def test_a_report_is_downloaded_by_whoever_has_the_link(
    scene: Scene, report_format: str
) -> None:
    """As it is then, as a file to save, from where the server is reached."""
    node = (await scene.client.ask(RUN, id=scene.run_id, format=report_format))["node"]

    answer = await scene.got(node["reportDownload"]["url"])

    assert (200, node["report"]) == (answer.status_code, answer.text)
    assert FORMATS[report_format] == answer.headers["content-type"]
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''report-")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-store" == answer.headers["cache-control"]


async def test_a_link_that_is_too_old_or_not_ours_lets_nobody_in(scene: Scene) -> None:
    """Nor does one to what is of another project than it says."""
    for url in await scene.urls(scene.client):
        link = scene.links.open(url.rpartition("/")[2])
        assert link is not None
        past = link.expires_at - timedelta(minutes=10)
        wrong = [
            scene.changed(url, expires_at=past),
            scene.changed(url, project_id=ProjectId("f" * 32), token_id=None),
            url[:-1] + ("A" if url[-1] != "A" else "B"),
            url + "A",
            url[:-40],
        ]
        assert [404] * len(wrong) == [(await scene.got(each)).status_code for each in wrong]
        # The same two, with nothing wrong in them.
        for more in ({}, {"token_id": None}):
            assert 200 == (await scene.got(scene.changed(url, **more))).status_code


async def test_a_link_ends_with_the_right_of_whoever_asked_for_it(scene: Scene) -> None:
    """Whether the token is revoked or the membership taken; and who may not read gets none."""
    ask = "{ viewer { currentToken { id } } }"
    async with (
        somebody(scene.server, scene.client, "olga", "VIEWER") as olga,
        somebody(scene.server, scene.client, "otto", "VIEWER") as otto,
        somebody(scene.server, scene.client, "nobody") as nobody,
    ):
        hers, his = await scene.urls(olga), await scene.urls(otto)
        assert [200] * 4 == [(await scene.got(each)).status_code for each in (*hers, *his)]
        assert {"node": None} == await nobody.ask(RUN, id=scene.run_id)

        token = (await olga.ask(ask))["viewer"]["currentToken"]["id"]
        await scene.client.ask(REVOKE, id=token)
        await set_roles(scene.client, "otto")

        assert [404] * 4 == [(await scene.got(each)).status_code for each in (*hers, *his)]
