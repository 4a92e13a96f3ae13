"""How a document is executed: as the library does, but by plans where there can be one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from graphql import GraphQLList, GraphQLObjectType, OperationType
from graphql.execution.collect_fields import DeferUsage, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.plans import Plans
from schema.sweeps import Lines, Sweep


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, which asks its plans first and takes the long way where they fail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans = Plans(self)
        # Shared, like the plans, by the executors of a subscription's events.
        self._root_fields: list[GroupedFieldSet] = []

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: FBT001 - as it is called
        new_defer_usages: Sequence[DeferUsage],
    ) -> Any:
        """The fields as collected the first time: what is kept about them is kept by identity."""
        if not self._root_fields:
            self._root_fields.append(grouped_field_set)
        return super().execute_collected_root_fields(
            root_type, root_value, self._root_fields[0], serially, new_defer_usages
        )

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        def long_way() -> Any:
            return super(Executor, self).collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )

        sweep = self._plans.objects(return_type, field_details_list)
        return self._answer(sweep, result, long_way)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        def long_way() -> Any:
            return super(Executor, self).execute_field(
                parent_type, source, field_details_list, path, position_context
            )

        sweep = self._plans.field(parent_type, field_details_list)
        return self._answer(sweep, source, long_way)

    def _answer(self, sweep: Sweep | None, value: Any, long_way: Callable[[], Any]) -> Any:
        """For one value, or an awaitable of it if the sweep waits."""
        if sweep is None or (
            sweep.waits and self.operation.operation is OperationType.SUBSCRIPTION
        ):
            return long_way()  # An event goes alone, and most have nothing to wait for.
        if sweep.waits:
            return _answer_later(sweep, value, long_way)
        try:
            return _at_once(sweep.run([value]))[0]
        except Exception:  # noqa: BLE001 - the long way finds the same fault and reports it
            return long_way()

    def get_stream_usage(self, field_details_list: FieldDetailsList, path: Path) -> None:
        """Never: our schema has no @stream, which else would be looked for in each list."""

    def complete_list_value(  # noqa: PLR0917 - as it is called
        self,
        return_type: GraphQLList[Any],
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is Lines:
            return result
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )


async def _answer_later(sweep: Sweep, value: Any, long_way: Callable[[], Any]) -> Any:
    try:
        return (await sweep.run([value]))[0]
    except Exception:  # noqa: BLE001 - the long way finds the same fault and reports it
        answer = long_way()
        return await answer if isinstance(answer, Awaitable) else answer


def _at_once(running: Any) -> Any:
    """What a coroutine returns that never suspends."""
    try:
        running.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a sweep that does not wait has waited")
