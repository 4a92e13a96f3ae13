"""Whether the variable that names a run's output file still does, where a script writes to it.

The script may mention the variable nowhere but as the whole target of `>` or `>>`, and do nothing
that can set a variable whose name is not in its text; what cannot be told counts as done.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from domain.invocations.listing import listed
from domain.invocations.words import Assigns, Call, Word

OUTPUT_VARIABLE: Final = "WORKBENCH_OUTPUT"
HAVE_OUTPUT_FILE: Final = frozenset({"local"})
"""Providers that set the variable for each run; elsewhere it may be anybody's."""
PASS_ON: Final = listed(
    "sh bash dash ash env nice ionice nohup stdbuf setsid time timeout command builtin exec"
)
"""What starts others with the variables that it has, but for those that it is told."""
TARGET: Final = re.compile(
    r'(?P<quote>")?\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})(?(quote)")', re.ASCII
)
WRITES: Final = re.compile(r"1?>>?")
MENTION: Final = re.compile(rf">[ \t]*{TARGET.pattern}(?=[\s;&|)]|$)", re.ASCII)
MAY_SET: Final = listed("""
    . source eval trap alias let declare typeset local mapfile readarray getopts enable shopt bind
    fc history compgen complete compopt hash wait jobs shift ulimit [[
    """)
"""Of the builtins, with any argument: by a name, a reference or a sum that they are told."""
NAME: Final = re.compile(r"-r|([A-Za-z_]\w*)(?:=.*)?", re.ASCII | re.DOTALL)
SHELL_OPTION: Final = re.compile(r"[-+][eux]*o?|pipefail|errexit|nounset|xtrace")
FORMAT: Final = re.compile(r"(?!-)(?:[^%]|%%|%[-+ #0]*\d*(?:\.\d+)?[sdiuoxXeEfFgGcbq])*", re.DOTALL)


def written_variable(sign: str, target: str) -> str | None:
    """The variable that is all of the target, as it is spelled, of a `>` or `>>`."""
    found = TARGET.fullmatch(target)
    if found is None or WRITES.fullmatch(sign) is None:
        return None
    return found["bare"] or found["braced"]


def keeps(name: str, call: Call, first: Word, assigns: Iterable[Assigns]) -> bool:
    """Whether the variable is the same after this start, of a program or of a builtin."""
    if any(each.name == name or _mentions(name, each.value) for each in assigns):
        return False
    if _mentions(name, first) or any(_mentions(name, word) for word in call.words):
        return False
    if call.program in MAY_SET:
        return not call.words
    is_harmless = HARMLESS_IF.get(call.program)
    return is_harmless is None or is_harmless(call.words)


def _mentions(name: str, word: Word) -> bool:
    return name in MENTION.sub(">", word.text.replace("\\\n", ""))


def _plain_names(words: tuple[Word, ...]) -> bool:
    return all(word.exact and not word.pattern and NAME.fullmatch(word.text) for word in words)


def _plain_options(words: tuple[Word, ...]) -> bool:
    return all(word.exact and SHELL_OPTION.fullmatch(word.text) for word in words)


def _plain_format(words: tuple[Word, ...]) -> bool:
    """No `-v`, and no `%n`: both set a variable that they are told."""
    if not words or words[0].pattern or not words[0].exact:
        return False
    return FORMAT.fullmatch(words[0].text) is not None


def _plain_test(words: tuple[Word, ...]) -> bool:
    """`-v` and `-R` compute the index of an array, and to compute is to set."""
    return all(word.exact and word.text not in {"-v", "-R"} for word in words)


HARMLESS_IF: Final[Mapping[str, Callable[[tuple[Word, ...]], bool]]] = {
    **dict.fromkeys(("read", "export", "readonly", "unset"), _plain_names),
    **dict.fromkeys(("[", "test"), _plain_test),
    "set": _plain_options,
    "printf": _plain_format,
}
