"""Artifacts: files that runs leave behind."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import strawberry

from domain.models import artifacts as domain
from resolvers import downloads, runs
from resolvers.context import Context
from resolvers.paging import Page
from schema.approvals import NAMING
from schema.cursors import list_cursor
from schema.ids import Node, artifact_id
from schema.info import Info
from schema.logs import INT_MAX
from schema.paging import Connection
from schema.plans import MANY
from schema.stepped import NAMING as STEPPED
from schema.stepped import step_runs

if TYPE_CHECKING:
    from schema.projects import Run
    from schema.step_runs import StepRun

_StepRun = Annotated["StepRun", strawberry.lazy("schema.step_runs")]
_SAME_NAME: Final = (
    "name", "media_type", "sha256", "created_at", "source_url", "attempt", "removed_at",
)  # fmt: skip
"""Fields of Artifact that have the same name and type in the domain."""


async def _consumers(of: Sequence["Artifact"], info: Info) -> Sequence[list[Any]]:
    found = await info.context.loaders.consumers.load_many([each.value.id for each in of])
    info.context.loaders.count_steps(sum(map(len, found)))
    return [list(map(STEPPED["StepRun"].of, each)) for each in found]


@strawberry.type(description="A file that a run left behind.")
class Artifact(Node):
    """Its content is as the run has written it: only names are masked."""

    value: strawberry.Private[domain.Artifact]
    name: str = strawberry.field(
        description="Its path below the project's root, or its provider's name for it; secrets are "
        "masked, and what does not print is shown by its number."
    )
    media_type: str | None = strawberry.field(
        description="Its media type, from its name or its provider; null where neither tells."
    )
    size: int | None = strawberry.field(
        description="Size in bytes, at most 2,147,483,647; null where its content is not stored "
        "here and the provider does not tell."
    )
    sha256: str | None = strawberry.field(
        description="SHA-256 of its content, in hex; null where that is not stored here."
    )
    created_at: datetime = strawberry.field(description="When it was collected.")
    source_url: str | None = strawberry.field(
        description="Where the provider has it, if its content is not stored here."
    )
    attempt: int | None = strawberry.field(
        description="The attempt of stepRun that produced it; null where stepRun is null."
    )
    removed_at: datetime | None = strawberry.field(
        description="When retention removed its content; null while it is kept."
    )

    url: str | None = strawberry.field(
        description="Where its content can be downloaded up to expiresAt, by whoever has this, "
        "for as long as you may read the project: a URL where the server has WORKBENCH_PUBLIC_URL, "
        "else a path on this server. Null where nothing of it is kept here."
    )
    expires_at: datetime | None = strawberry.field(
        description="When url ends; asking again gives another one."
    )

    @strawberry.field(description="The run that produced it.")
    async def run(self, info: Info) -> Annotated["Run", strawberry.lazy("schema.projects")]:
        found = await runs.by_id(info.context, self.value.run_id)
        assert found is not None, "who may read an artifact may read its run"
        made: Run = NAMING["Run"].of(found)
        return made

    @strawberry.field(
        description="The step that produced it; null for a run that was launched on its own, and "
        "until the attempt has ended.",
        metadata={MANY: step_runs},
    )
    async def step_run(self, info: Info) -> _StepRun | None:
        made: StepRun | None = (await step_runs([self], info))[0]
        return made

    @strawberry.field(
        description="Steps whose conditions or references have read it, in the order of first use; "
        "100 at most.",
        metadata={MANY: _consumers},
    )
    async def consumed_by(self, info: Info) -> list[_StepRun]:
        made: list[StepRun] = (await _consumers([self], info))[0]
        return made

    @classmethod
    def of(cls, artifact: domain.Artifact, context: Context) -> Self:
        same: dict[str, Any] = {name: getattr(artifact, name) for name in _SAME_NAME}
        size, made = artifact.size, downloads.of_artifact(context, artifact)
        return cls(
            value=artifact,
            id=artifact_id(artifact.id),
            size=None if size is None else min(size, INT_MAX),
            url=made.url if made else None,
            expires_at=made.expires_at if made else None,
            **same,
        )


def connected(info: Info, page: Page[domain.Artifact], scope: str) -> Connection[Artifact]:
    """A page of them; its cursors hold inside the scope."""
    made = partial(Artifact.of, context=info.context)
    return Connection.of(page, made, lambda each: list_cursor(scope, each.id))
