"""What runs and projects have of features."""

from typing import Annotated

import strawberry

from domain.models.projects import Project
from domain.models.runs import Run
from domain.models.workflow_runs import WorkflowRun
from resolvers import features
from schema.cursors import list_cursor, list_key
from schema.features import Feature
from schema.info import Info
from schema.paging import After, Connection, First


@strawberry.type
class Featured:
    """Fields of a run, and of a workflow run."""

    value: strawberry.Private[Run | WorkflowRun]

    @strawberry.field(
        description="The feature that it is for; null where featureSlug names none that is known."
    )
    async def feature(self, info: Info) -> Feature | None:
        if self.value.feature is None:
            return None
        found = await features.by_slug(info.context, self.value.project_id, self.value.feature)
        return Feature.of(found) if found else None

    @strawberry.field(description="The slug of the feature that it was launched for.")
    def feature_slug(self) -> str | None:
        return self.value.feature


@strawberry.type
class Featuring:
    """Fields of a project."""

    value: strawberry.Private[Project]

    @strawberry.field(description="What it is working on, by slug.")
    async def features(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Feature]:
        name = f"features:{self.value.id}"
        page = await features.listed(info.context, self.value.id, first, list_key(after, name))
        return Connection.of(page, Feature.of, lambda f: list_cursor(name, f.slug))

    @strawberry.field(description="One feature; null where there is none with this slug.")
    async def feature(
        self,
        info: Info,
        slug: Annotated[str, strawberry.argument(description="The feature's short name.")],
    ) -> Feature | None:
        found = await features.by_slug(info.context, self.value.id, slug)
        return Feature.of(found) if found else None
