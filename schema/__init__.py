"""The GraphQL shape of the workbench: types over domain values, inputs that become commands."""

import schema.enums  # noqa: F401 - registers the domain's enums before any type names them
from schema.documents import PreparedDocuments
from schema.engine import Schema
from schema.errors import handlers
from schema.events import EVENT_TYPES
from schema.mutation import Mutation
from schema.query import Query
from schema.subscription import Subscription


def build() -> Schema:
    """The schema, made once for a server: what it shares between subscribers is its own."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=EVENT_TYPES,
        extensions=[PreparedDocuments],
        exception_handlers=handlers(),
    )
