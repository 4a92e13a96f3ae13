"""The rules of Relay, and ours for mutations and names, over the committed SDL."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_leaf_type,
)

import schema
from schema.query import NODES

SDL: Final = (Path(schema.__file__).parent / "schema.graphql").read_text(encoding="utf-8")

NO_NODES: Final = {
    "Actor": "a name and an id of who did something, never asked for by itself",
    "AuditSubject": "what was there when the entry was written, and need not be there any more",
}
PERIOD: Final = frozenset({"from", "to"})
"""What the two ends of a period are called where one is asked for, and nothing else is."""
PAST: Final = "PolicySimulateInput.since"
"""Where the one end of a period is asked for, whose other end is now."""
BOUNDED_LISTS: Final = {
    "ApiToken.projects": "those it was made for, at most 50",
    "PolicyDecision.reasons": "rules of one policy",
    "Policy.rules": "at most 200, and one policy a project",
    "PolicyChange.reasons": "rules of one policy",
    "PolicySimulation.counts": "pairs of three verdicts",
    "Project.providers": "adapters of this server",
    "Provider.credentials": "what a provider wants",
    "ServerInfo.killSwitches": "the newest 100 that are engaged",
    "Run.latestEvents": "takes first",
    "Run.retries": "the first 100",
    "ActionImpact.cancels": "steps of one plan",
    "ActionImpact.lapses": "one a step",
    "ActionImpact.reruns": "steps of one plan",
    "ActionImpact.starts": "steps of one plan",
    "ActionImpact.stays": "steps of one plan",
    "WorkflowRun.approvals": "the newest 100",
    "WorkflowRun.currentStepRuns": "those of one plan",
    "WorkflowRun.edges": "those of one plan",
    "WorkflowRun.stepRuns": "those of one plan",
    "Approval.decisions": "one a person, and the last one that is needed ends it",
    "FeatureScanPayload.refused": "at most as many as one scan looks at, 2000",
    "Artifact.consumedBy": "the first 100",
    "StepRun.consumed": "the first 100",
    "StepRun.attempts": "what its retry policy allows, and each beyond that is asked for",
    "Viewer.memberships": "one a project",
    "InvalidInput.faults": "the first 100",
    "Workflow.steps": "at most 1,000, and a version never changes",
    "Workflow.edges": "at most 50,000, as those",
    "Workflow.versions": "the newest 100",
    "WorkflowCheck.faults": "the first 100",
    "WorkflowCheck.steps": "those of one definition",
    "WorkflowCheck.edges": "those of one definition",
}
"""Lists of objects that are no connections, and what bounds them."""
VERBS: Final = frozenset(
    {
        *("answer", "cancel", "check", "configure", "create", "decide", "delegate", "delete"),
        *("launch", "pause", "reconcile", "replan", "resume", "retry", "revise", "revoke"),
        *("scan", "set", "skip", "start", "update", "upsert"),
    }
)
"""What mutations do. A new one is put here with its first mutation."""
PAGE_INFO: Final = {
    "hasNextPage": "Boolean!",
    "hasPreviousPage": "Boolean!",
    "startCursor": "String",
    "endCursor": "String",
}

Types = dict[str, GraphQLNamedType]


def types_of(sdl: str) -> Types:
    built = build_schema(sdl)
    return {name: kind for name, kind in built.type_map.items() if not is_introspection_type(kind)}


def shape(kind: GraphQLNamedType) -> dict[str, str]:
    """The fields of a type, as the SDL has their types."""
    fields: Mapping[str, Any] = getattr(kind, "fields", {})
    return {name: str(field.type) for name, field in fields.items()}


def fields_of(types: Types) -> Iterator[tuple[str, GraphQLField]]:
    """`Type.field` of all that can be asked for."""
    for name, kind in types.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            yield from ((f"{name}.{part}", field) for part, field in kind.fields.items())


def arguments(field: GraphQLField) -> dict[str, str]:
    return {name: str(argument.type) for name, argument in field.args.items()}


def faults(sdl: str) -> list[str]:
    """What keeps to none of the rules, by its name."""
    types = types_of(sdl)
    found = [
        *nodes(types),
        *connections(types),
        *lists(types),
        *mutations(build_schema(sdl)),
        *names(types),
    ]
    return sorted(set(found))


def nodes(types: Types) -> Iterator[str]:
    """What has an id is a Node, or is told why not."""
    node = types["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {"id": "ID!"} == shape(node)
    for name in types.keys() - NO_NODES:
        kind = types[name]
        named = isinstance(kind, GraphQLObjectType) and "id" in kind.fields
        if named and node not in getattr(kind, "interfaces", ()):
            yield f"{name} is no Node"


def connections(types: Types) -> Iterator[str]:
    """Edges with cursors, nodes, and where the page lies; asked for by number and cursor."""
    if shape(types["PageInfo"]) != PAGE_INFO:
        yield "PageInfo"
    for name, kind in types.items():
        if isinstance(kind, GraphQLObjectType) and name.endswith("Connection"):
            edge = get_named_type(kind.fields["edges"].type)
            node = shape(edge).get("node", "")
            expected = {"edges": f"[{edge.name}!]!", "nodes": f"[{node}]!", "pageInfo": "PageInfo!"}
            if not expected.items() <= shape(kind).items():
                yield name
            whole = edge.name.endswith("Edge") and node.endswith("!")
            if not whole or {"cursor": "String!", "node": node} != shape(edge):
                yield edge.name
    for place, field in fields_of(types):
        if str(field.type).endswith(("Connection", "Connection!")) and not pages(field):
            yield f"{place} takes no pages"


def pages(field: GraphQLField) -> bool:
    """Forward at least; backward with both arguments or none."""
    asked = arguments(field)
    forward = {"first": "Int", "after": "String"}.items() <= asked.items()
    backward = {"last": "Int", "before": "String"}
    return forward and (backward.items() <= asked.items() or not backward.keys() & asked.keys())


def lists(types: Types) -> Iterator[str]:
    """A list of objects is inside a connection, or is told what bounds it; no item is null."""
    for place, field in fields_of(types):
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if not isinstance(kind, GraphQLList):
            continue
        if not isinstance(kind.of_type, GraphQLNonNull):
            yield f"{place} has null items"
        objects = not is_leaf_type(get_named_type(kind))
        if objects and place not in BOUNDED_LISTS and "Connection." not in place:
            yield f"{place} is no connection"


def mutations(built: GraphQLSchema) -> Iterator[str]:
    """Noun first; one input, or an id; a nullable union of a payload and of what went wrong."""
    assert built.mutation_type
    for name, field in built.mutation_type.fields.items():
        words = re.findall(r"[A-Z]?[a-z]+", name)
        if words[0] in VERBS or words[-1].lower() not in VERBS:
            yield f"{name} does not name a noun and then what is done"
        if not takes_one(arguments(field)):
            yield f"{name} takes more than one input or id"
        title = name[0].upper() + name[1:]
        if not isinstance(field.type, GraphQLUnionType) or field.type.name != f"{title}Result":
            yield f"{name} does not answer with {title}Result"
        elif not answers(field.type, f"{title}Payload"):
            yield f"{title}Result is no payload and errors"


def takes_one(asked: dict[str, str]) -> bool:
    """Beside an id there may be what somebody can leave out: it came later."""
    (name, kind), *more = asked.items()
    if (name, kind) == ("id", "ID!"):
        return not any(of.endswith("!") for _, of in more)
    return not more and name == "input" and kind.endswith("Input!")


def answers(result: GraphQLUnionType, payload: str) -> bool:
    first, *errors = result.types
    interfaces = [{one.name for one in error.interfaces} for error in errors]
    return first.name == payload and all("UserError" in one for one in interfaces)


def sounds_like_a_time(kind: GraphQLNamedType, part: str) -> bool:
    """By its end, since when it is so, or as one end of the period that an input asks for."""
    is_period = isinstance(kind, GraphQLInputObjectType) and kind.fields.keys() >= PERIOD
    is_end = (is_period and part in PERIOD) or f"{kind.name}.{part}" == PAST
    return bool(re.search(r"^at$|(At|Since|After|Before)$", part)) or is_end


def names(types: Types) -> Iterator[str]:
    """Enum values in capitals, times end in At or Since, durations say their unit."""
    for name, kind in types.items():
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{one}" for one in kind.values if not re.fullmatch("[A-Z_]+", one))
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for part, of in shape(kind).items():
                if (of.strip("!") == "DateTime") != sounds_like_a_time(kind, part):
                    yield f"{name}.{part} is a time, or sounds like one"
                if re.search("(?i)timeout|duration|cadence", part) and "Ms" not in part:
                    yield f"{name}.{part} has no unit"


def test_the_schema_keeps_the_rules() -> None:
    """All of them, everywhere."""
    assert [] == faults(SDL)


def test_every_node_is_found_by_its_id() -> None:
    """The kinds that `node` follows are the types that implement Node, and no others."""
    kinds = types_of(SDL).values()
    implementing = {
        kind.name
        for kind in kinds
        if isinstance(kind, GraphQLObjectType)
        and "Node" in {interface.name for interface in kind.interfaces}
    }
    assert implementing == set(NODES)
    assert str(types_of(SDL)["Query"].fields["node"].type) == "Node"  # type: ignore[attr-defined] # an object


def test_no_exception_is_left_over() -> None:
    """What is told of lists and ids that are no nodes is true of the present schema."""
    types = types_of(SDL)
    assert set(BOUNDED_LISTS) <= {place for place, _ in fields_of(types)}
    assert set(NO_NODES) <= set(types)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (r"type Run implements Node", "type Run", "Run is no Node"),
        (r"hasNextPage: Boolean!", "hasNextPage: Boolean", "PageInfo"),
        (r"edges: \[RunEdge!\]!", "edges: [RunEdge]", "RunConnection"),
        (r"node: Run!", "node: Run", "RunEdge"),
        (r"after: String = null\n  \): RunConnection", "more: Int): RunConnection", "Project.runs"),
        (r"before: String = null", "more: Int", "Run.logs takes no pages"),
        (r"nodes: \[Run!\]!", "nodes: [Run!]! firstOnes: [Run!]!", None),
        (
            r"rootPath: String!\n",
            "rootPath: String! all: [Run!]!\n",
            "Project.all is no connection",
        ),
        (r"toolScopes: \[String!\]!", "toolScopes: [String]!", "Run.toolScopes has null items"),
        (r"\brunLaunch\(", "launchRun(", "launchRun does not name a noun"),
        (r"input: RunCancelInput!", "input: RunCancelInput! more: Int", "runCancel takes more"),
        (r"input: RunCancelInput!", "given: RunCancelInput!", "runCancel takes more"),
        (r"\): RunCancelResult\b", "): RunCancelResult!", "runCancel does not answer"),
        (r"= RunCancelPayload \| NotPermitted", "= NotPermitted | RunCancelPayload", "RunCancelR"),
        (r"\| NotPermitted", "| NotPermitted | Run", "RunCancelResult is no payload and errors"),
        (r"\bIN_SYNC\b", "inSync", "SyncStatus.inSync"),
        (r"startedAt: DateTime", "started: DateTime", "Run.started is a time"),
        (r"from: DateTime", "from: String", "AuditFilter.from is a time"),
        (r"from: DateTime", "since: DateTime", "AuditFilter.since is a time"),
        (r"from: DateTime", "since: DateTime", "AuditFilter.to is a time"),
        (r"timeoutMs: Int!", "timeout: Int!", "Run.timeout has no unit"),
    ],
)
def test_a_fault_is_found(before: str, after: str, expected: str | None) -> None:
    """Each rule notices what it is there for."""
    spoiled, changed = re.subn(before, after, SDL)
    assert changed
    found = faults(spoiled)
    assert bool(expected) == any(fault.startswith(expected or "-") for fault in found), found
