"""What a run leaves behind besides its log."""

from typing import cast

import strawberry
from strawberry.scalars import JSON

from domain.models.runs import Run
from resolvers import artifacts
from schema.artifacts import Artifact, connected
from schema.cursors import list_key
from schema.info import Info
from schema.paging import After, Connection, First
from schema.usages import Usage


@strawberry.type
class Leaving:
    """Fields of a run."""

    value: strawberry.Private[Run]

    @strawberry.field(
        description="What it handed on by name, as JSON; empty before it has ended, and where it "
        "handed on nothing."
    )
    def outputs(self) -> JSON:
        return cast("JSON", self.value.outputs)

    @strawberry.field(
        description="What it has used up so far, by its provider's word; null where that does not "
        "tell."
    )
    def usage(self) -> Usage | None:
        return Usage.of(self.value.usage)

    @strawberry.field(
        description="The files that it has left behind, in the order in which they were found; "
        "none before it has ended."
    )
    async def artifacts(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Artifact]:
        scope = f"artifacts:{self.value.id}"
        page = await artifacts.listed(info.context, self.value, first, list_key(after, scope))
        return connected(info, page, scope)
