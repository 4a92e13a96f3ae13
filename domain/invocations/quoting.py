"""One word of shell text: quotes, expansions and substitutions, as POSIX says and no further."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.invocations.words import Word

LITERAL: Final = re.compile(r"""[^\s;&|<>()$`"'\\*?\[{~]+""")
DOUBLE: Final = re.compile(r"""[^$`"\\]+""")
BRACE_CHARACTERS_MAX: Final = 256
VARIABLE: Final = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
NUMBER: Final = re.compile(r"\$[?#$!]|\$\{#[A-Za-z_]\w*\}|\$\(\([\d\s+*/%()-]*\)\)", re.ASCII)
UNKNOWN: Final = re.compile(r"\$[\d@*_-]|\$\{[\d@*]\}|\$\{[A-Za-z_]\w*:?[-+][\w./ -]*\}", re.ASCII)
UNSUPPORTED: Final = re.compile(r"\$\(\(|\$\[|\$\{")
ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))", re.DOTALL
)
NAMED_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "?": "?",
}
PLACES: Final = {"HOME": "~", "PWD": "."}
"""Variables that stand for a folder where a word begins with them."""
ASCII_END: Final = 0x80
STREAM: Final = "/dev/fd/63"
"""What a process substitution is for the program that gets it."""
END_OF_WORD: Final = frozenset(" \t\n;&|<>()")


class Unreadable(Exception):
    """Text that is not understood in full. The message says what of it, for people."""


@dataclass(slots=True)
class _Draft:
    parts: list[str] = field(default_factory=list)
    exact: bool = True
    pattern: bool = False

    def word(self) -> Word:
        return Word("".join(self.parts), self.exact, self.pattern)


class WordReader:
    """Reads words from `text` at `position`.

    `substitute` reads the commands of a substitution up to its closing parenthesis; `inner` those
    of another text. `bound` are variables whose values are known.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.bound: dict[str, str] = {}
        self._steps: Mapping[str, Callable[[_Draft], None]] = {
            "'": self._single,
            '"': self._double,
            "\\": self._escaped,
            "$": self._dollar,
            "`": self._backticks,
            "*": self._pattern,
            "?": self._pattern,
            "[": self._pattern,
            "{": self._brace,
            "~": self._taken,
        }

    def substitute(self) -> None:
        raise NotImplementedError

    def inner(self, text: str) -> None:
        raise NotImplementedError

    def word(self) -> Word | None:
        """The word that begins here; None where none does."""
        draft, start = _Draft(), self.position
        while self.position < len(self.text):
            character = self.text[self.position]
            if self.text.startswith(("<(", ">("), self.position):
                self._process(draft)
            elif character in END_OF_WORD:
                break
            elif step := self._steps.get(character):
                step(draft)
            else:
                self._literal(draft)
        return draft.word() if self.position > start else None

    def _literal(self, draft: _Draft) -> None:
        found = LITERAL.match(self.text, self.position)
        if found is None:
            raise Unreadable("a character that is no part of a word")
        draft.parts.append(found[0])
        self.position = found.end()

    def _taken(self, draft: _Draft) -> None:
        draft.parts.append(self.text[self.position])
        self.position += 1

    def _pattern(self, draft: _Draft) -> None:
        draft.pattern = True
        self._taken(draft)

    def _brace(self, draft: _Draft) -> None:
        ahead = self.text[self.position : self.position + BRACE_CHARACTERS_MAX].split(None, 1)[0]
        if "," in ahead or ".." in ahead or len(ahead) == BRACE_CHARACTERS_MAX:
            draft.exact = False
        self._taken(draft)

    def _single(self, draft: _Draft) -> None:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            raise Unreadable("a quote without an end")
        draft.parts.append(self.text[self.position + 1 : end])
        self.position = end + 1

    def _escaped(self, draft: _Draft) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        if not following:
            raise Unreadable("a backslash at the end")
        if following != "\n":
            draft.parts.append(following)
        self.position += 2

    def _double(self, draft: _Draft) -> None:
        self.position += 1
        while not self.text.startswith('"', self.position):
            if self.position >= len(self.text):
                raise Unreadable("a quote without an end")
            if found := DOUBLE.match(self.text, self.position):
                draft.parts.append(found[0])
                self.position = found.end()
            else:
                self._special_in_quotes(draft)
        self.position += 1

    def _special_in_quotes(self, draft: _Draft) -> None:
        character = self.text[self.position]
        if character == "`":
            self._backticks(draft)
        elif character == "$":
            self._expansion(draft)
        elif self.text[self.position + 1 : self.position + 2] in ("$", "`", '"', "\\", "\n"):
            self._escaped(draft)
        else:
            self._taken(draft)

    def _dollar(self, draft: _Draft) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        if following == "'":
            self._ansi(draft)
        elif following == '"':
            draft.exact = False
            self.position += 1
        else:
            self._expansion(draft)

    def _ansi(self, draft: _Draft) -> None:
        """`$'..'`. A shell that does not know it ends it at the first quote: so do both here."""
        end = self.text.find("'", self.position + 2)
        body = self.text[self.position + 2 : end]
        if end < 0 or body.endswith("\\"):
            raise Unreadable("a quote that shells read differently")
        draft.parts.append(ESCAPE.sub(_unescaped, body))
        self.position = end + 1

    def _expansion(self, draft: _Draft) -> None:
        at = self.position
        if found := VARIABLE.match(self.text, at):
            self._variable(draft, found[1] or found[2], found.end())
        elif found := NUMBER.match(self.text, at):
            draft.parts.append("0")
            self.position = found.end()
        elif found := UNKNOWN.match(self.text, at):
            draft.exact = False
            draft.parts.append(found[0])
            self.position = found.end()
        elif UNSUPPORTED.match(self.text, at):
            raise Unreadable("an expansion that computes")
        elif self.text.startswith("$(", at):
            self._substitution(draft)
        else:
            self._taken(draft)

    def _variable(self, draft: _Draft, name: str, end: int) -> None:
        if name in self.bound:
            value = self.bound[name]
            draft.pattern |= any(character in "*?[" for character in value)
        elif name in PLACES and not any(draft.parts):
            value = PLACES[name]
        else:
            value = self.text[self.position : end]
            draft.exact = False
        draft.parts.append(value)
        self.position = end

    def _substitution(self, draft: _Draft) -> None:
        draft.exact = False
        start = self.position
        self.position += len("$(")
        self.substitute()
        draft.parts.append(self.text[start : self.position])

    def _process(self, draft: _Draft) -> None:
        self.position += len("<(")
        self.substitute()
        draft.parts.append(STREAM)

    def _backticks(self, draft: _Draft) -> None:
        draft.exact = False
        end = self.position + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise Unreadable("a substitution without an end")
        body = self.text[self.position + 1 : end]
        draft.parts.append(f"`{body}`")
        self.inner(re.sub(r'\\([$`\\"])', r"\1", body))
        self.position = end + 1


def _unescaped(found: re.Match[str]) -> str:
    for digits, base in ((found[1], 16), (found[2], 16), (found[3], 16), (found[4], 8)):
        if digits:
            code = int(digits, base)
            if not 0 < code < ASCII_END:
                raise Unreadable("an escaped character that is no plain one")
            return chr(code)
    if found[5] not in NAMED_ESCAPES:
        raise Unreadable("an escape that shells read differently")
    return NAMED_ESCAPES[found[5]]
