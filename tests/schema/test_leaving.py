"""What a run leaves behind, as clients see it."""

from dataclasses import replace

import pytest

from domain.models.artifacts import ArtifactFault
from domain.models.events import RunArtifactAdded, RunArtifactRefused, RunFact, RunOutputsRefused
from domain.models.outputs import OutputsFault
from schema import ids
from tests.contract.store.scene import NOW
from tests.contract.store.test_artifacts import made
from tests.schema.api import Api

pytestmark = pytest.mark.anyio

OUTPUTS = """query($id: ID!) { node(id: $id) { ... on Run {
  outputs events(first: 10) { nodes { __typename ... on RunOutputsRefused { code message } } }
} } }"""


async def test_outputs_are_answered_as_they_are(api: Api) -> None:
    """An object in which nothing is renamed; and that some were not taken is an event."""
    run, _ = await api.scene.started()
    outputs = {"a_b": [1, {"c": None}], "d": "e"}
    told = RunOutputsRefused(code=OutputsFault.TOO_LARGE, message="Too much.")
    async with api.scene.store.transaction() as unit:
        await unit.runs.change(run, replace(run, outputs=outputs), [told], actor=None, at=NOW)
    data = await api.data(OUTPUTS, id=ids.run_id(run.id))
    expected = {"__typename": "RunOutputsRefused", "code": "TOO_LARGE", "message": "Too much."}
    assert (outputs, expected) == (data["node"]["outputs"], data["node"]["events"]["nodes"][-1])


ARTIFACTS = """query($id: ID!, $after: String) { node(id: $id) { ... on Run {
  artifacts(first: 1, after: $after) {
    nodes { id name mediaType size sha256 createdAt sourceUrl removedAt url expiresAt run { id } }
    pageInfo { hasNextPage endCursor }
  }
  events(first: 10) { nodes { __typename
    ... on RunArtifactAdded { artifactId name } ... on RunArtifactRefused { code message }
  } }
} } }"""


async def test_artifacts_are_listed_in_pages(api: Api) -> None:
    """Each with the run that has left it; what was not kept is an event."""
    run, _ = await api.scene.started()
    small, large = made(run, "1"), replace(made(run, "2"), size=2**40, sha256=None)
    facts: list[RunFact] = [
        RunArtifactAdded(artifact_id=small.id, name=small.name),
        RunArtifactRefused(name="x", code=ArtifactFault.OUTSIDE, message="No."),
    ]
    async with api.scene.store.transaction() as unit:
        await unit.artifacts.add([small, large])
        await unit.runs.change(run, replace(run, exit_code=0), facts, actor=None, at=NOW)
    key = ids.run_id(run.id)
    node = (await api.data(ARTIFACTS, id=key))["node"]
    (first,) = node["artifacts"]["nodes"]
    assert (ids.artifact_id(small.id), "out/1", key) == (
        first["id"],
        first["name"],
        first["run"]["id"],
    )
    assert [
        {"__typename": "RunArtifactAdded", "artifactId": first["id"], "name": "out/1"},
        {"__typename": "RunArtifactRefused", "code": "OUTSIDE", "message": "No."},
    ] == node["events"]["nodes"][-2:]
    page = node["artifacts"]["pageInfo"]
    rest = await api.data(ARTIFACTS, id=key, after=page["endCursor"])
    (second,) = rest["node"]["artifacts"]["nodes"]
    assert (True, 2**31 - 1, None) == (page["hasNextPage"], second["size"], second["sha256"])
    found = await api.data("query($id: ID!) { node(id: $id) { id } }", id=second["id"])
    assert second["id"] == found["node"]["id"]
