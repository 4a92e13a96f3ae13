"""Features through the API: the documents of a real project, and who may do what with them."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.schema.api import ONLOOKER, OPERATOR, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

PLANS: Final = Path(__file__).resolve().parents[1] / "fixtures" / "plans"
CONNECTORS: Final = "feature-execution-workbench-phase-3-platform-connectors-v1"
SCAN: Final = """mutation ($input: FeatureScanInput!) { featureScan(input: $input) {
    __typename
    ... on FeatureScanPayload {
        project { slug } added changed unchanged removed refused { path reason }
        features complete bytesRead }
    ... on UserError { code message } ... on InvalidInput { path } } }"""
UPSERT: Final = """mutation ($input: FeatureUpsertInput!) { featureUpsert(input: $input) {
    __typename
    ... on FeatureUpsertPayload { feature { id slug title } }
    ... on UserError { code message } ... on InvalidInput { path } } }"""
FEATURE: Final = """query ($slug: String!) { project(slug: "plans") { feature(slug: $slug) {
    id slug title status family createdAt updatedAt
    documents { nodes { id path type docType title status featureSlug featureFamily
        lineage { family parent children type } linkedFeatures related prdRef planRef
        linkedSessions digest bytes scannedAt } }
    sessions { nodes { id provider externalId title url createdAt } } } } }"""


@dataclass(frozen=True)
class Plans:
    """A project with real documents."""

    api: Api
    root: Path

    async def scan(self, **given: Any) -> Json:
        asked = {"project": "plans", **given}
        answer: Json = (await self.api.data(SCAN, input=asked))["featureScan"]
        return answer

    async def upsert(self, **given: Any) -> Json:
        asked = {"project": "plans", **given}
        answer: Json = (await self.api.data(UPSERT, input=asked))["featureUpsert"]
        return answer

    async def feature(self, slug: str) -> Json:
        found: Json = (await self.api.data(FEATURE, slug=slug))["project"]["feature"]
        return found


@pytest.fixture
async def plans(api: Api, tmp_path: Path) -> Plans:
    root = tmp_path / "plans"
    shutil.copytree(PLANS, root / "docs")
    made = await api.data(
        """mutation ($root: String!) { projectCreate(
            input: {slug: "plans", name: "Plans", rootPath: $root}) { __typename } }""",
        root=str(root),
    )
    assert "ProjectCreatePayload" == made["projectCreate"]["__typename"]
    return Plans(api, root)


async def test_real_documents_become_features(plans: Plans) -> None:
    """Five documents about three features, each with what its front matter says."""
    scan = await plans.scan()
    assert ("FeatureScanPayload", "plans", True) == (
        scan["__typename"],
        scan["project"]["slug"],
        scan["complete"],
    )
    assert (5, 3, []) == (len(scan["added"]), len(scan["features"]), scan["refused"])
    again = await plans.scan()
    assert ([], scan["added"], 0) == (again["added"], again["unchanged"], again["bytesRead"])

    feature = await plans.feature(CONNECTORS)
    assert (
        "PRD: Feature Execution Workbench Phase 3 - Platform Connectors",
        "draft",
        "feature-execution-workbench",
    ) == (feature["title"], feature["status"], feature["family"])
    prd, plan = feature["documents"]["nodes"]
    assert ("docs/PRDs/platform-connectors.md", "PRD", "prd") == (
        prd["path"],
        prd["type"],
        prd["docType"],
    )
    assert ("IMPLEMENTATION_PLAN", CONNECTORS) == (plan["type"], plan["planRef"])
    assert plan["prdRef"].endswith("feature-execution-workbench-phase-3-platform-connectors-v1.md")
    assert ("phase", []) == (plan["lineage"]["type"], plan["lineage"]["children"])
    assert (["feature-execution-workbench-v1"], 6) == (
        plan["linkedFeatures"],
        len(plan["related"]),
    )
    assert (plans.root / prd["path"]).stat().st_size == prd["bytes"]


async def test_everything_is_found_by_its_id(plans: Plans) -> None:
    """Features, documents and sessions."""
    await plans.scan()
    talk = {"externalId": "s-1", "provider": "claude_code", "url": "https://x.example/s-1"}
    await plans.upsert(slug=CONNECTORS, title="Connectors", sessions=[talk])
    feature = await plans.feature(CONNECTORS)
    (session,) = feature["sessions"]["nodes"]
    assert talk == {name: session[name] for name in talk}
    for node, kind in (
        (feature, "Feature"),
        (feature["documents"]["nodes"][0], "Document"),
        (session, "Session"),
    ):
        query = "query ($id: ID!) { node(id: $id) { __typename id } }"
        found = await plans.api.data(query, id=node["id"])
        assert {"__typename": kind, "id": node["id"]} == found["node"]


async def test_lists_go_page_by_page(plans: Plans) -> None:
    """Features by slug, documents by path."""
    await plans.scan()
    query = """query ($first: Int, $after: String) { project(slug: "plans") {
        features(first: $first, after: $after) { nodes { slug documents(first: 1) {
            nodes { path } pageInfo { hasNextPage } } } pageInfo { hasNextPage endCursor } } } }"""
    slugs: list[str] = []
    after, more = None, True
    while more:
        answer = await plans.api.data(query, first=2, after=after)
        page = answer["project"]["features"]
        slugs += [each["slug"] for each in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert {1} == {len(each["documents"]["nodes"]) for each in page["nodes"]}
    assert slugs == sorted(slugs)
    assert 3 == len(slugs)
    assert "CURSOR_INVALID" == await plans.api.code(query, first=1, after="nonsense")


async def test_a_run_names_its_feature(plans: Plans) -> None:
    """As an object where there is one, and by its slug in any case."""
    await plans.scan()
    launch = """mutation ($slug: String) { runLaunch(input: {project: "plans", command: ["true"],
        feature: $slug}) { ... on RunLaunchPayload {
            run { featureSlug feature { slug title } } } } }"""
    for slug, known in ((CONNECTORS, True), ("nothing-of-the-kind", False), (None, False)):
        run = (await plans.api.data(launch, slug=slug))["runLaunch"]["run"]
        assert slug == run["featureSlug"]
        assert known == (run["feature"] is not None)


async def test_who_follows_the_project_is_told(plans: Plans) -> None:
    """Of each feature that came to be another, with the feature as it is."""
    await plans.scan()
    query = """{ project(slug: "plans") { events { nodes {
        ... on ProjectFeatureChanged { slug isNew feature { title } } } } } }"""
    events = (await plans.api.data(query))["project"]["events"]["nodes"]
    told = [event for event in events if event]
    assert (3, {True}) == (len(told), {event["isNew"] for event in told})
    assert CONNECTORS in [event["slug"] for event in told]
    assert all(event["feature"]["title"] for event in told)


@pytest.mark.parametrize("folder", ["..", "/etc", "nowhere", "", "docs/PRDs/sdk-orchestration.md"])
async def test_a_folder_that_is_none_of_the_project_is_refused(plans: Plans, folder: str) -> None:
    """By the field's path, and kept in the audit log."""
    refused = await plans.scan(folder=folder)
    assert ("INVALID_INPUT", ["folder"]) == (refused["code"], refused["path"])
    query = """{ project(slug: "plans") { auditLog(filter: {action: [FEATURE_SCAN]}) {
        nodes { result code } } } }"""
    entries = (await plans.api.data(query))["project"]["auditLog"]["nodes"]
    assert [{"result": "FAILED", "code": "INVALID_INPUT"}] == entries


@pytest.mark.parametrize(
    ("token", "outcome"),
    [(OPERATOR, "InvalidInput"), (ONLOOKER, "NotPermitted"), (STRANGER, "NotFound")],
)
async def test_operators_scan_and_others_do_not(api: Api, token: str, outcome: str) -> None:
    """The scene's root is no folder here, which is found out only by who may look."""
    asked: Json = {"project": "main"}
    scan = await api.data(SCAN, token=token, input=asked)
    assert outcome == scan["featureScan"]["__typename"]
    upsert = await api.data(UPSERT, token=token, input={**asked, "slug": "search"})
    expected = "FeatureUpsertPayload" if token == OPERATOR else outcome
    assert expected == upsert["featureUpsert"]["__typename"]
