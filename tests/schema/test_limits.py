"""Documents that are too large, found out quickly; and those that are not."""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from domain.limits import DocumentLimits
from schema import build
from schema.documents import Documents
from schema.limits import check_document, check_length

LIMITS = DocumentLimits()


def check(text: str, limits: DocumentLimits = LIMITS) -> None:
    """Raises GraphQLError."""
    check_length(text, limits)
    check_document(parse(text), limits)


def bomb(levels: int, inside: str = "__typename", twice: str = "...F{0} ...F{0}") -> str:
    """Each fragment spreads the next one twice: two to the power of `levels` fields."""
    chain = (f"fragment F{n} on Query {{ {twice.format(n + 1)} }}" for n in range(levels))
    return f"{{ ...F0 }} {' '.join(chain)} fragment F{levels} on Query {{ {inside} }}"


def nested(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def many(count: int, text: str) -> str:
    return " ".join(text.format(number) for number in range(count))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bomb(18), "fields"),
        (bomb(18, "a { b }"), "fields"),
        (bomb(60), "fields"),
        (bomb(12, twice="... on Query {{ ...F{0} }} ... {{ ...F{0} }}"), "fields"),
        (bomb(12, twice="x: a {{ ...F{0} }} y: a {{ ...F{0} }}"), "fields"),
        (bomb(7, "x: a"), "aliases"),
        ("{ " + many(10_000, "a{0}: a") + " }", "bytes|tokens"),
        ("{ " + many(101, "a{0}: a") + " }", "101 aliases"),
        ("{ a { " + many(101, "a{0}: a") + " } }", "101 aliases"),
        ("{ " + many(21, "a") + " }", "21 root fields"),
        (bomb(5, "a"), "32 root fields"),
        ("query { ... { ... { " + many(21, "a") + " } } }", "21 root fields"),
        ("{ x { " + many(1001, "a") + " } }", "1002 fields"),
        ("{ " + "a " * 600_000 + "}", "1200003 bytes"),
        ("{ " + '"' * 70_000 + "}", "bytes"),
        ("{ " + "a," * 4000 + "}", "over 4000 tokens"),
        ("#\n" * 4001 + "{ a }", "over 4000 tokens"),
        (nested(21), "21 levels"),
        (nested(100), "100 levels"),
        (nested(101), "nested selections"),
        ("{ " + "... { " * 101 + "a" + " }" * 102, "nested selections"),
        ("{ a" + " @skip(if: false)" * 101 + " }", "101 directives"),
        ("query " + "@d " * 101 + "{ a }", "101 directives"),
        ("{ ...F } fragment F on Query " + "@d " * 101 + "{ a }", "101 directives"),
        (bomb(7, "... @d { a }"), "fields|directives|root"),
        (many(251, "query Q{0} {{ a }}"), "251 definitions"),
        ("{ a } fragment F on Query { x { " + many(1001, "b") + " } }", "fields"),
    ],
    ids=lambda value: value[:24],
)
def test_a_document_that_is_too_large_is_refused(text: str, reason: str) -> None:
    """The message says of what there is too much, and how much there may be."""
    with pytest.raises(GraphQLError, match=rf"The document has .*({reason}).* (is|are) the most"):
        check(text)


@pytest.mark.parametrize("order", [range(150), range(149, -1, -1)])
def test_a_chain_of_fragments_is_as_deep_as_it_is_long(order: range) -> None:
    """In whichever order they stand."""
    chain = [f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in order]
    with pytest.raises(GraphQLError, match="nested selections"):
        check(" ".join([*chain, "fragment F150 on Query { a } { ...F0 }"]))


@pytest.mark.parametrize(
    "text",
    [
        "{ a }",
        nested(20),
        bomb(4, "a"),
        "{ " + many(20, "a") + " }",
        "{ a { " + many(100, "a{0}: a") + " } }",
        '{ a(text: "' + "x " * 30_000 + '") }',
        '{ a(text: """' + 'x \\""" \' " ' * 3000 + '""") }',
        many(250, "query Q{0} {{ a }}"),
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            one_of=True,
        ),
    ],
    ids=lambda value: value[:24],
)
def test_what_clients_send_is_let_through(text: str) -> None:
    """Up to each bound; and the introspection of GraphiQL and of code generators."""
    check(text)


def test_introspection_passes_a_shallow_bound() -> None:
    """Its own depth is bounded by a rule of graphql-core."""
    check(get_introspection_query(), DocumentLimits(depth_max=5))


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { a { ...B } } fragment B on Query { ...A ...A ...B }",
        "{ ...Nowhere }",
        "fragment A on Query { a } fragment A on Query { ...A }",
    ],
)
def test_what_other_rules_refuse_is_left_to_them(text: str) -> None:
    """Cycles, above all, end the measuring like anything else."""
    check(text)


def calls(measure: Callable[[], object]) -> int:
    """How many functions were called meanwhile."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        measure()
    finally:
        sys.setprofile(before)
    return count


def test_measuring_is_linear_on_a_fragment_bomb() -> None:
    """Twice the fragments, twice the work: counted, not timed."""
    boundless = DocumentLimits(fields_max=2**99, root_fields_max=2**99)
    short, long = (
        calls(partial(check_document, parse(bomb(levels)), boundless)) for levels in (20, 40)
    )
    assert long < 2.2 * short


@pytest.mark.parametrize(
    "text",
    [
        "{{ viewer {{ {0} }} }}",
        "{{ viewer {{ memberships {{ project {{ {0} }} }} }} }}",
    ],
)
def test_repeating_a_field_is_not_worth_it(text: str) -> None:
    """Validating compares each with each: twice as many would be four times the work."""
    documents = Documents(build()._schema, LIMITS)
    more = "memberships { roles } runs { nodes { id } } "
    short, long = (
        calls(partial(documents.prepare, text.format(more * times))) for times in (90, 180)
    )
    assert long < 2.6 * short


def test_fields_that_many_fragments_repeat_are_let_through() -> None:
    """As where each part of a page asks for what it shows."""
    fields = "id state command cwd createdAt startedAt finishedAt durationMs exitCode syncStatus"
    fragments = many(20, "fragment F{0} on Run {{ " + fields + " }}")
    text = f"{{ node(id: 1) {{ {many(20, '...F{0}')} }} }} {fragments}"
    assert () == tuple(Documents(build()._schema, LIMITS).prepare(text).errors)
