"""What lists can be narrowed to."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from domain.errors import InvalidInput
from domain.lifecycle import ApprovalState, RunState, WorkflowRunState
from domain.models import pages
from domain.models.providers import LogStream
from domain.validation import check_text
from resolvers.approvals import Inbox
from resolvers.paging import CONTAINS_CHARACTERS_MAX
from schema.times import utc

FILTER_VALUES_MAX: Final = 50

LatestFirst = Annotated[int, strawberry.argument(description="How many, from 1 to 100.")]
OneStream = Annotated[
    LogStream | None, strawberry.argument(description="Only this stream; both if absent.")
]
Contains = Annotated[
    str | None,
    strawberry.argument(
        description="Only lines that hold this text; each unbroken group of them is a batch."
    ),
]


@strawberry.input(description="Which runs; every field that is given must match.")
class RunFilter:
    """A narrowing of a project's runs."""

    states: list[RunState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    providers: list[str] | None = strawberry.field(
        default=None, description="On one of these providers, by key."
    )
    created_after: datetime | None = strawberry.field(
        default=None, description="Launched after this time."
    )
    created_before: datetime | None = strawberry.field(
        default=None, description="Launched before this time."
    )
    command_contains: str | None = strawberry.field(
        default=None, description="The command holds this text."
    )

    def to_filter(self) -> pages.RunFilter:
        """Raises InvalidInput."""
        for name, values in (("states", self.states), ("providers", self.providers)):
            if values is not None and len(values) > FILTER_VALUES_MAX:
                raise InvalidInput(f"At most {FILTER_VALUES_MAX} {name}.", "filter", name)
        check_text(self.command_contains, CONTAINS_CHARACTERS_MAX, "filter", "commandContains")
        for key in self.providers or ():
            check_text(key, CONTAINS_CHARACTERS_MAX, "filter", "providers")
        return pages.RunFilter(
            states=tuple(self.states or ()),
            providers=tuple(self.providers or ()),
            created_after=utc(self.created_after, "filter", "createdAfter"),
            created_before=utc(self.created_before, "filter", "createdBefore"),
            command_contains=self.command_contains or None,
        )


@strawberry.input(description="Which workflow runs; every field that is given must match.")
class WorkflowRunFilter:
    """A narrowing of a project's workflow runs."""

    states: list[WorkflowRunState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    feature: str | None = strawberry.field(default=None, description="For this feature, by slug.")
    workflow: str | None = strawberry.field(
        default=None, description="Of the workflow with this name, in whatever version."
    )

    def to_filter(self) -> pages.WorkflowRunFilter:
        """Raises InvalidInput."""
        if self.states is not None and len(self.states) > FILTER_VALUES_MAX:
            raise InvalidInput(f"At most {FILTER_VALUES_MAX} states.", "filter", "states")
        check_text(self.feature, CONTAINS_CHARACTERS_MAX, "filter", "feature")
        check_text(self.workflow, CONTAINS_CHARACTERS_MAX, "filter", "workflow")
        return pages.WorkflowRunFilter(
            states=tuple(self.states or ()), feature=self.feature, workflow=self.workflow
        )


@strawberry.input(description="Which approvals; every field that is given must match.")
class ApprovalFilter:
    """A narrowing of the inbox."""

    states: list[ApprovalState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    projects: list[str] | None = strawberry.field(
        default=None, description="Of one of these projects, by slug."
    )
    mine: bool | None = strawberry.field(
        default=None, description="True: only what the viewer asked for."
    )
    eligible: bool | None = strawberry.field(
        default=None, description="True: only what the viewer may decide on now."
    )

    def to_inbox(self) -> Inbox:
        """Raises InvalidInput."""
        for name, values in (("states", self.states), ("projects", self.projects)):
            if values is not None and len(values) > FILTER_VALUES_MAX:
                raise InvalidInput(f"At most {FILTER_VALUES_MAX} {name}.", "filter", name)
        for slug in self.projects or ():
            check_text(slug, CONTAINS_CHARACTERS_MAX, "filter", "projects")
        return Inbox(
            states=tuple(self.states or ()),
            projects=None if self.projects is None else tuple(self.projects),
            is_mine=bool(self.mine),
            is_eligible=bool(self.eligible),
        )
