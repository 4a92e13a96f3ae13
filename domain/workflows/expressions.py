"""The references in a condition (CEL), and its bounds. Evaluation is behind a port."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import InvalidInput
from domain.limits import EXPRESSION_BYTES_MAX, EXPRESSION_PARENTHESES_MAX

ROOTS: Final = ("inputs", "steps", "item", "index")
"""The names with which a reference may begin."""
STEP_FIELDS: Final = (
    "state", "exitCode", "outputs", "skipped", "attempt", "lastLines", "artifacts",
)  # fmt: skip
MACROS: Final = frozenset({"all", "exists", "existsOne", "exists_one", "filter", "map"})
"""Macros that iterate over a list. Nested ones are refused, since they could run for hours."""

TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
    | (?P<text>[rRbB]{0,2}(?:
        \"\"\"[\s\S]*?\"\"\" | '''[\s\S]*?'''
        | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    ))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>[0-9]+)
    | (?P<sign>[^\s])
    """,
    re.VERBOSE,
)
PLAIN_TEXT: Final = re.compile(r"""(["'])([^"'\\]*)\1""")
"""A string literal without escapes."""
OPEN: Final = "([{"
CLOSED: Final = ")]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """`kind` is the name of a group of TOKEN."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A path into the values of a workflow run; its first part is one of ROOTS.

    `is_whole` is False where more follows that is known only at evaluation.
    """

    path: tuple[str | int, ...]
    is_whole: bool = True

    @property
    def root(self) -> str | int:
        return self.path[0]

    @property
    def step(self) -> str | None:
        """The key of the step that it refers to; None where it refers to no single step."""
        if self.root != "steps" or len(self.path) == 1:
            return None
        return str(self.path[1])


def tokens(text: str) -> list[Token]:
    return [
        Token(kind=match.lastgroup or "sign", text=match.group())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]


def check_bounds(expression: str) -> None:
    """Raises InvalidInput where an expression is empty, too long, too deeply nested, or nests
    macros."""
    if not expression.strip():
        raise InvalidInput("The condition is empty.")
    if len(expression.encode()) > EXPRESSION_BYTES_MAX:
        raise InvalidInput(f"A condition has at most {EXPRESSION_BYTES_MAX} bytes.")
    deepest = 0
    open_macros: list[bool] = []
    for before, token in _pairs(tokens(expression)):
        if token.text in OPEN and token.kind == "sign":
            is_macro = token.text == "(" and before is not None and before.text in MACROS
            if is_macro and any(open_macros):
                raise InvalidInput(f"{before.text if before else ''} inside another such macro.")
            open_macros.append(is_macro)
        elif token.text in CLOSED and token.kind == "sign" and open_macros:
            open_macros.pop()
        deepest = max(deepest, len(open_macros))
    if deepest > EXPRESSION_PARENTHESES_MAX:
        raise InvalidInput(f"Brackets are more than {EXPRESSION_PARENTHESES_MAX} deep.")


def bound_names(expression: str) -> frozenset[str]:
    """Return the names of the loop variables of its macros."""
    given = tokens(expression)
    return frozenset(
        given[index + 2].text
        for index in range(len(given) - 2)
        if given[index].text in MACROS and given[index + 1].text == "("
    )


def references(text: str) -> tuple[Reference, ...]:
    """Return every reference in an expression, in order.

    Names after a dot and names of called functions are not references.
    """
    found: list[Reference] = []
    given = tokens(text)
    for index, token in enumerate(given):
        before = given[index - 1].text if index else ""
        after = given[index + 1].text if index + 1 < len(given) else ""
        if token.kind == "name" and token.text in ROOTS and before != "." and after != "(":
            found.append(_reference(given[index:])[0])
    return tuple(found)


def reference(text: str) -> Reference:
    """Parse a text that is one reference. Raises InvalidInput."""
    if len(text) > EXPRESSION_BYTES_MAX:
        raise InvalidInput(f"A reference has at most {EXPRESSION_BYTES_MAX} characters.")
    given = tokens(text)
    if not given or given[0].text not in ROOTS:
        raise InvalidInput(f"A reference begins with {', '.join(ROOTS)}.")
    found, length = _reference(given)
    if length != len(given):
        raise InvalidInput(f"A reference is names joined by dots or brackets, not {text!r}.")
    return found


def _reference(given: Sequence[Token]) -> tuple[Reference, int]:
    """Parse the reference at the beginning of the tokens; return it and how many tokens it has."""
    path: list[str | int] = [given[0].text]
    at = 1
    while at < len(given):
        step = _part(given[at : at + 3])
        if step is None:
            break
        path.append(step[0])
        at += step[1]
    is_called = at < len(given) and given[at].text == "(" and len(path) > 1
    if is_called:
        path.pop()
    is_whole = is_called or at == len(given) or given[at].text not in {".", "["}
    return Reference(path=tuple(path), is_whole=is_whole), at


def _part(given: Sequence[Token]) -> tuple[str | int, int] | None:
    """Parse `.name`, `["name"]` or `[0]`; return the part and how many tokens it has."""
    match given:
        case [Token(text="."), Token(kind="name", text=name), *_]:
            return name, 2
        case [Token(text="["), Token(kind="number", text=number), Token(text="]")]:
            return int(number), 3
        case [Token(text="["), Token(kind="text", text=text), Token(text="]")]:
            plain = PLAIN_TEXT.fullmatch(text)
            return (plain[2], 3) if plain else None
        case _:
            return None


def _pairs(given: Sequence[Token]) -> Iterator[tuple[Token | None, Token]]:
    """Each token with the one before it."""
    return zip([None, *given], given, strict=False)
