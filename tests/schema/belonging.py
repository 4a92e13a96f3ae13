"""What belongs to a run, by the ids that it has in the API."""

from collections.abc import Mapping

from domain.models.runs import Run
from schema import ids
from tests.contract.store.scene import Scene
from tests.contract.store.test_artifacts import made


async def with_artifact(scene: Scene, run: Run) -> Mapping[str, str]:
    """Of a file that the run has left."""
    file = made(run, scene.new_id())
    async with scene.store.transaction() as unit:
        await unit.artifacts.add([file])
    return {"Artifact": ids.artifact_id(file.id)}
