"""Answering operations: Strawberry's schema, with an event loop of our own for subscriptions."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

import orjson
import strawberry
from graphql import (
    ExecutionResult as Executed,
)
from graphql import (
    GraphQLError,
    GraphQLSchema,
    create_source_event_stream,
)
from graphql.execution.execute import execute_subscription_event
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError

from domain.errors import NotFound, Unauthenticated, WorkbenchError
from domain.limits import DocumentLimits
from domain.models.events import RunEvent
from domain.models.logs import LogBatch
from domain.models.streams import StreamEvent
from domain.services.tails import Take
from resolvers.context import Context
from schema.documents import Documents
from schema.executor import Executor
from schema.faults import coded
from schema.feeds import Feed
from schema.operations import Asked, Found, Refused, for_a_stream, for_one_result, pay, shown
from schema.sharing import EncodedResult, EventKey, Execute, Shape, ShapeKey, Sharing

SHARED_BYTES_MAX: Final = 32 * 1024 * 1024

UNFAIR_EVENTS: Final = 8
"""More at once, as in a replay, would hold up everybody else: sending rarely waits by itself."""

E = TypeVar("E", bound=StreamEvent)

Results = AsyncGenerator[ExecutionResult, None]
Outlet = Callable[[EncodedResult], bool]
"""Sends a result without waiting; False where the client is not ready for it. Never raises."""


class Schema(strawberry.Schema):
    """Queries and mutations as Strawberry does them; subscriptions share their work."""

    _schema: GraphQLSchema
    limits: DocumentLimits
    documents: Documents
    sharing: Sharing

    def __init__(self, **parts: Any) -> None:
        super().__init__(execution_context_class=Executor, **parts)

    def served(self, limits: DocumentLimits) -> "Schema":
        """For one server: the same types, which take a tenth of a second to make, with documents
        and shared results of its own."""
        made = copy(self)
        types: Any = copy(self._schema)
        # Where Strawberry looks for itself while it answers.
        types.extensions = {GraphQLCoreConverter.DEFINITION_BACKREF: made}
        types._strawberry_schema = made  # noqa: SLF001 - as its own constructor does
        made.__dict__ |= {
            "_schema": types,
            "limits": limits,
            "documents": Documents(types, limits),
            "sharing": Sharing(SHARED_BYTES_MAX),
        }
        return made

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: `coded` logs what is worth it, once."""

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        """The one result of a query or mutation. Raises what `for_one_result` does."""
        asked = Asked.of(query, kwargs)
        try:
            return await self._result(asked, for_one_result(self.documents, asked))
        except Refused as refused:
            return _refused(refused, asked.context)

    async def stream(
        self, query: str | None, *args: Any, outlet: Outlet | None = None, **kwargs: Any
    ) -> Any:
        """Results of any operation, one or many. Those that the outlet takes are not among them:
        while a subscription waits for more, shared ones are offered there first."""
        asked = Asked.of(query, kwargs)
        try:
            found = for_a_stream(self.documents, asked)
            if not found.is_subscription:
                return _one(await self._result(asked, found))
            pay(found, asked, self.limits.cost_max)
        except Refused as refused:
            return _one(_refused(refused, asked.context))
        lasting = replace(asked, context=asked.context.lasting())
        return self._follow(lasting, found, outlet)

    async def _result(self, asked: Asked, found: Found) -> ExecutionResult:
        """Raises Refused."""
        spending = pay(found, asked, self.limits.cost_max)
        executor = self._executor(asked, found)
        if isinstance(executor, list):
            raise Refused(executor)
        executed: Any = executor.execute_operation()
        if executor.is_awaitable(executed):
            executed = await executed
        errors = coded(executed.errors, asked.context.request_id) if executed.errors else None
        return ExecutionResult(executed.data, errors, shown(spending))

    async def _follow(self, asked: Asked, found: Found, outlet: Outlet | None) -> Results:
        context = asked.context
        executor = self._executor(asked, found)
        feed = executor if isinstance(executor, list) else await _open(executor)
        if isinstance(feed, list):
            yield PreExecutionError(data=None, errors=coded(feed, context.request_id))
            return
        assert isinstance(executor, Executor)
        try:
            with (
                context.services.grants.holding(feed.grant) as hold,
                self.sharing.subscribed(_shape_key(asked, found, feed)) as shape,
            ):
                following = _Following(executor, feed, shape, self.sharing)
                take = following.taking(outlet) if outlet else None
                async with aclosing(feed.follow(take, hold)) as pages:
                    async for page in pages:
                        for event in page:
                            hold.check()
                            yield _coded(await following.result(event), context)
                        if len(page) > UNFAIR_EVENTS:
                            await asyncio.sleep(0)
        except (Unauthenticated, NotFound) as error:
            yield refusal(error, context.request_id)
        except Exception as error:  # noqa: BLE001 - told to the client, logged by `coded`
            located = GraphQLError(str(error), path=[], original_error=error)
            yield ExecutionResult(data=None, errors=coded([located], context.request_id))

    def _executor(self, asked: Asked, found: Found) -> Executor | list[GraphQLError]:
        executor = Executor.build(
            self._schema,
            found.prepared.document,
            context_value=asked.context,
            raw_variable_values=dict(asked.variables),
            operation_name=asked.name,
            hide_suggestions=not self.limits.has_suggestions,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # a guard in all but type
        )
        assert isinstance(executor, list | Executor)
        return executor


def refusal(error: WorkbenchError, request_id: str) -> PreExecutionError:
    """The end of an operation that may not go on, or not begin."""
    told = GraphQLError(error.message, original_error=error)
    return PreExecutionError(data=None, errors=coded([told], request_id))


async def _open(executor: Executor) -> Feed[Any] | list[GraphQLError]:
    """The feed that the subscription's resolver answers with, or why there is none."""
    source: Any = create_source_event_stream(executor)
    if executor.is_awaitable(source):
        source = await source
    if isinstance(source, Executed):
        return source.errors or []
    assert isinstance(source, Feed)
    return source


@dataclass(frozen=True, slots=True)
class _Following(Generic[E]):
    """One subscription: its events become results, which it shares with those of its shape."""

    executor: Executor
    feed: Feed[E]
    shape: Shape
    sharing: Sharing

    async def result(self, event: E) -> ExecutionResult:
        key = _event_key(self.shape, event)
        return self.sharing.kept(key) or await self.sharing.result(key, self._execution(event))

    def taking(self, outlet: Outlet) -> Take[E]:
        """For the domain, which has events and waits for nobody."""

        def take(event: E) -> bool:
            key = _event_key(self.shape, event)
            kept = self.sharing.kept(key)
            result = kept or self.sharing.at_once(key, self._execution(event))
            return result is not None and outlet(result)

        return take

    def _execution(self, event: E) -> Execute:
        def execute() -> Any:
            typed = self.feed.typed(event)
            return execute_subscription_event(self.executor.build_per_event_executor(typed))

        return execute


async def _one(result: ExecutionResult) -> Results:
    """What is there already, as a stream."""
    yield result


def _refused(refused: Refused, context: Context) -> PreExecutionError:
    return PreExecutionError(data=None, errors=coded(refused.errors, context.request_id))


def _coded(result: ExecutionResult, context: Context) -> ExecutionResult:
    if result.errors:
        result.errors = coded(result.errors, context.request_id)
    return result


def _shape_key(asked: Asked, found: Found, feed: Feed[Any]) -> ShapeKey:
    """Who has the same one gets the same results."""
    shaping = {name: asked.variables.get(name) for name in found.prepared.shaping_variables}
    whose = feed.viewer_id if found.prepared.is_personal else None
    return asked.query, asked.name, _canonical(shaping), feed.stream_id, feed.visibility, whose


def _event_key(shape: Shape, event: StreamEvent) -> EventKey:
    first_line = 0
    if isinstance(event, RunEvent) and isinstance(event.fact, LogBatch):
        first_line = event.fact.first_line
    return shape, event.sequence, first_line


def _canonical(variables: Mapping[str, Any]) -> str:
    # The text and not the bytes: orjson hands out whole kilobytes, however little is in them, and
    # a subscriber keeps its key for as long as it follows.
    return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()
