"""What a selection asks of values, worked out once, then answered for many of them at a time.

An executor as it comes completes one field of one object after the other: 1,000 for a page of 50
runs. A plan answers a field for all objects of a list in one loop, and what has to be loaded is
loaded for all of them with one question.

A plan never answers otherwise than graphql-core. It knows the usual case alone, and raises in any
other: a null where none may be, a value of another kind, a resolver that fails. The object with
all that is under it then goes the long way, which finds the same fault and reports it. So a
resolver may be asked twice: it answers, it changes nothing. Root fields are never planned.
"""

from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor, to_nodes
from graphql.execution.values import get_argument_values
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema import sweeps
from schema.sweeps import Sweep, Unplanned, Values

MANY: Final = "workbench-many"
"""Where a field's metadata hold how it is answered for many objects with one question."""


class Plans:
    """The plans of one operation, by the selections of its document.

    Kept with what each is known by, so that no other can come to have its id.
    """

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self._objects: dict[tuple[str, int], tuple[FieldDetailsList, Sweep | None]] = {}
        self._fields: dict[int, tuple[FieldDetailsList, Sweep | None]] = {}

    def objects(self, kind: GraphQLObjectType, selection: FieldDetailsList) -> Sweep | None:
        """From objects of a type to their responses; None where a field goes the long way."""
        key = (kind.name, id(selection))
        if key not in self._objects:
            self._objects[key] = (selection, self._plan_objects(kind, selection))
        return self._objects[key][1]

    def field(self, parent: GraphQLObjectType, selection: FieldDetailsList) -> Sweep | None:
        """From objects to one field of each; None where it goes the long way."""
        key = id(selection)
        if key not in self._fields:
            self._fields[key] = (selection, self._plan_field(parent, selection))
        return self._fields[key][1]

    def _plan_objects(self, kind: GraphQLObjectType, selection: FieldDetailsList) -> Sweep | None:
        collected = self._executor.collect_subfields(kind, selection)
        if collected.new_defer_usages:
            return None
        parts: list[Sweep] = []
        for details in collected.grouped_field_set.values():
            sweep = self.field(kind, details)
            if sweep is None:
                return None
            parts.append(sweep)
        return sweeps.objects(kind, tuple(collected.grouped_field_set), parts)

    def _plan_field(self, parent: GraphQLObjectType, selection: FieldDetailsList) -> Sweep | None:
        name = selection[0].node.name.value
        if name == "__typename":
            return sweeps.constant(parent.name)
        field = parent.fields.get(name)
        if field is None or _is_root(self._executor, parent):
            return None
        definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(definition, StrawberryField) or definition.extensions:
            return None
        complete = self._completion(field.type, selection)
        ask = complete and self._asking(parent, field, definition, selection)
        return sweeps.then(ask, complete) if ask and complete else None

    def _asking(
        self,
        parent: GraphQLObjectType,
        field: GraphQLField,
        definition: StrawberryField,
        selection: FieldDetailsList,
    ) -> Sweep | None:
        """From objects to the values of a field."""
        resolver = definition.base_resolver
        if resolver is None:
            return sweeps.attribute(definition.python_name)
        many = definition.metadata.get(MANY)
        ask: Any = resolver.wrapped_func
        if many is None and (resolver.is_async or not resolver.self_parameter):
            return None
        arguments = self._arguments(field, definition, selection)
        if resolver.info_parameter:
            arguments["info"] = self._info(parent, field, definition, selection)
        return sweeps.loaded(many, arguments) if many else sweeps.method(ask, arguments)

    def _arguments(
        self, field: GraphQLField, definition: StrawberryField, selection: FieldDetailsList
    ) -> dict[str, Any]:
        """The same for all objects: they come from the document and its variables."""
        if not field.args:
            return {}
        executor, first = self._executor, selection[0]
        given = get_argument_values(
            field,
            first.node,
            executor.variable_values,
            first.fragment_variable_values,
            executor.hide_suggestions,
        )
        converter = self._converter
        return convert_arguments(
            given, definition.arguments, converter.scalar_registry, converter.config
        )

    def _info(
        self,
        parent: GraphQLObjectType,
        field: GraphQLField,
        definition: StrawberryField,
        selection: FieldDetailsList,
    ) -> Any:
        """What resolvers are told; there is no one path, since it is for many objects."""
        executor: Any = self._executor
        raw = executor.build_resolve_info(field, to_nodes(selection), parent, None)
        return self._converter.config.info_class(_raw_info=raw, _field=definition)

    @property
    def _converter(self) -> GraphQLCoreConverter:
        schema = self._executor.schema.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        converter = schema.schema_converter
        assert isinstance(converter, GraphQLCoreConverter)
        return converter

    def _completion(self, kind: GraphQLOutputType, selection: FieldDetailsList) -> Sweep | None:
        """From values of a type to what is sent for each."""
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        is_nullable = inner is kind
        if is_leaf_type(inner):
            return sweeps.leaf(inner, is_nullable=is_nullable)
        sweep: Sweep | None = None
        if isinstance(inner, GraphQLList):
            items = self._completion(inner.of_type, selection)
            sweep = items and sweeps.lists(items)
        elif isinstance(inner, GraphQLObjectType):
            sweep = self.objects(inner, selection)
        elif isinstance(inner, GraphQLInterfaceType):
            sweep = self._interface(inner, selection)
        return sweeps.sparse(sweep) if sweep and is_nullable else sweep

    def _interface(self, kind: GraphQLInterfaceType, selection: FieldDetailsList) -> Sweep:
        """Each class of values has a plan of its own, made when the first of them is met."""
        schema = self._executor.schema

        def plan(of: type) -> Sweep:
            definition = getattr(of, "__strawberry_definition__", None)
            if not isinstance(definition, StrawberryObjectDefinition):
                raise Unplanned
            actual = schema.get_type(definition.name)
            if not isinstance(actual, GraphQLObjectType) or not schema.is_sub_type(kind, actual):
                raise Unplanned
            sweep = self.objects(actual, selection)
            if sweep is None:
                raise Unplanned
            return sweep

        async def run(values: Values) -> Values:
            classes = list(map(type, values))
            answers: list[Any] = [None] * len(values)
            for of in dict.fromkeys(classes):
                places = [place for place, other in enumerate(classes) if other is of]
                made = await plan(of).run([values[place] for place in places])
                for place, answer in zip(places, made, strict=True):
                    answers[place] = answer
            return answers

        return Sweep(run, waits=True)


def _is_root(executor: Executor[Any], kind: GraphQLObjectType) -> bool:
    schema = executor.schema
    return kind in {schema.query_type, schema.mutation_type, schema.subscription_type}
