"""Which program a first word starts."""

import re
from dataclasses import dataclass
from typing import Final

from domain.invocations.paths import Places, resolved, within
from domain.invocations.programs import CLASS_OF, FOLDED
from domain.invocations.words import Seen, Word
from domain.models.invocations import CommandClass

TRUSTED_FOLDERS: Final = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
"""A program in one of these is what its name says."""
TOOL_FOLDERS: Final = ("/.venv/bin", "/venv/bin", "/node_modules/.bin", "/vendor/bin")
"""Inside a workspace: where its own tools are installed, under the names that they have."""
WORKSPACE_TOOLS: Final = frozenset({"gradlew", "mvnw"})
PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*|\[\[?|:|\.", re.ASCII)
VERSIONED: Final = re.compile(r"(python|pip|pypy|gcc|g\+\+|clang|clang\+\+|lua)-?\d+(?:\.\d+)*")
MAKES_FILE_SYSTEM: Final = re.compile(r"mkfs\..+")


@dataclass(frozen=True, slots=True)
class Named:
    """The name that rules match, empty where it cannot be known; the one that tables know; and
    what its place says of it."""

    name: str
    known_as: str
    seen: Seen | None = None


def named(word: Word, places: Places) -> Named:
    """The program that this word starts, by its text alone."""
    if not word.exact or (word.pattern and word.text not in {"[", "[["}):
        return _nobody("has a name that only a shell can tell")
    folder, slash, base = word.text.rpartition("/")
    if " " in base:
        return _nobody("has a name with spaces, as a whole command has that stands in quotes")
    if not PLAIN.fullmatch(base):
        return _nobody("has a name that is not plain")
    if base not in CLASS_OF and base != base.lower() and base.lower() in FOLDED:
        return _nobody("has a name that only looks like one that is known")
    if not slash:
        return Named(base, _known_as(base))
    return _by_path(folder or "/", base, places)


def _by_path(folder: str, base: str, places: Places) -> Named:
    folders = {resolved(folder, cwd) for cwd in places.cwds}
    if folder.startswith("/") and folders <= set(TRUSTED_FOLDERS):
        return Named(base, _known_as(base))
    if folder.startswith("~") or not all(within(each, places.root) for each in folders):
        return Named(base, "", Seen(CommandClass.OPAQUE, "is no program of the system"))
    is_tool = _known_as(base) in CLASS_OF and all(map(_has_tools, folders))
    if is_tool or base in WORKSPACE_TOOLS:
        return Named(base, _known_as(base), Seen(CommandClass.DEV_TOOL, "is of the workspace"))
    return Named(base, "", Seen(CommandClass.UNKNOWN, "is a program of the workspace"))


def _has_tools(folder: str) -> bool:
    return folder.endswith(TOOL_FOLDERS)


def _known_as(base: str) -> str:
    if base in CLASS_OF:
        return base
    if found := VERSIONED.fullmatch(base):
        return found[1]
    return "mkfs" if MAKES_FILE_SYSTEM.fullmatch(base) else base


def _nobody(because: str) -> Named:
    return Named("", "", Seen(CommandClass.OPAQUE, because))
