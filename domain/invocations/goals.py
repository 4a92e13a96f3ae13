"""Build tools that are told goals, and variables that end up in what a shell reads."""

import re
from collections.abc import Iterator
from typing import Final

from domain.invocations.listing import listed
from domain.invocations.words import Call, Found, Seen, Word, values_of
from domain.models.invocations import CommandClass

OPAQUE: Final = CommandClass.OPAQUE
WRITE: Final = CommandClass.FILE_WRITE

PLAIN_GOAL: Final = re.compile(r"[\w./:@%+][\w./:@%+-]*(?:\[[\w ,./-]*\])?")
ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
PLAIN_VALUE: Final = re.compile(
    r"""
    (?: v?\d[\w.+-]* | true | false | yes | no | on | off | all | none | auto | ci
    | (?i:debug | release | production | prod | staging | development | dev | test | testing)
    | [\w.-]*/[\w./:-]* | [\w-]+\.\w+ )?
    """,
    re.VERBOSE | re.ASCII,
)
"""Numbers, switches, modes and files: no word that could be the name of a program."""
VARIABLES: Final = listed("""
    VERSION V Q VERBOSE DEBUG RELEASE TAG MODE PROFILE JOBS NPROC COLOR CI PORT TEST
    TESTS NAME ENV STAGE ARCH OS PLATFORM PREFIX DESTDIR BUILDDIR BUILD_DIR BUILD_TYPE OUT OUTDIR
    COVERAGE RACE QUIET STRICT SEED RAILS_ENV RACK_ENV NODE_ENV MIX_ENV WERROR SANITIZE W
    """)
"""What a makefile calls numbers, names and folders. Any other may be the name of a program."""
SHELL_SIGNS: Final = re.compile(r"[;&|`$<>\n]")
INSTALLS: Final = re.compile(r"(?:un)?install\b.*", re.ASCII)


def goals(call: Call) -> Iterator[Found]:
    """Of make, just, task, rake and their kind: what is not plain is read by a shell at last."""
    for word in call.operands:
        yield from _goal(word)
    for makefile in values_of(call.words, ("-f", "--file", "--makefile")):
        if makefile.text in {"-", ""} or makefile.text.startswith(("/dev/", "/proc/")):
            yield Seen(OPAQUE, "reads what to do from its input")


def _goal(word: Word) -> Iterator[Found]:
    if INSTALLS.fullmatch(word.text):
        yield Seen(WRITE, "installs what it built")
    assignment = ASSIGNMENT.fullmatch(word.text)
    if assignment is None:
        if not PLAIN_GOAL.fullmatch(word.text):
            yield Seen(OPAQUE, "is told more than goals")
    elif assignment[1] not in VARIABLES or not PLAIN_VALUE.fullmatch(assignment[2]):
        yield Seen(OPAQUE, f"is told by a variable what to start, {assignment[1]}")


def scripts(call: Call) -> Iterator[Found]:
    """Of npm and its kind: what is passed on to a script stands in the text of a shell."""
    if any(SHELL_SIGNS.search(word.text) for word in call.looked_at):
        yield Seen(OPAQUE, "passes on what a shell may read otherwise")


def cmake(call: Call) -> Iterator[Found]:
    """`cmake --build x --target y z -- more`: words that are goals of the tool behind it."""
    if "--build" not in call.options:
        return
    at = call.words.index(Word("--")) if Word("--") in call.words else len(call.words)
    for word in (*call.operands, *call.words[at + 1 :]):
        if not word.text.startswith("-"):
            yield from _goal(word)
    for target in values_of(call.words, ("-t", "--target")):
        if INSTALLS.fullmatch(target.text):
            yield Seen(WRITE, "installs what it built")
