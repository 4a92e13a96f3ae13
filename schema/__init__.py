"""The GraphQL shape of the workbench: types over domain values, inputs that become commands."""

from functools import cache

import schema.enums  # registers the domain's enums before any type names them
import schema.project_facts
import schema.workflow_facts  # noqa: F401 - registers what tells of them
from domain.limits import DocumentLimits
from schema.answering import Schema
from schema.errors import handlers
from schema.events import EVENT_TYPES
from schema.mutation import Mutation
from schema.project_events import TELLERS
from schema.query import Query
from schema.subscription import Subscription
from schema.workflow_events import TELLERS as WORKFLOW_TELLERS


def build(limits: DocumentLimits | None = None) -> Schema:
    """The schema, made once for a server: what it shares between subscribers is its own."""
    return _types().served(limits or DocumentLimits())


@cache
def _types() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=(*EVENT_TYPES, *TELLERS.values(), *WORKFLOW_TELLERS.values()),
        exception_handlers=handlers(),
    )
