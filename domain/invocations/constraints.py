"""What the values of some options have to look like, so that nothing hides in them."""

import re
from collections.abc import Mapping
from typing import Final


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.VERBOSE | re.ASCII)


SWITCH: Final = r"(?:on|off|true|false|yes|no|ON|OFF|TRUE|FALSE|YES|NO|[\d.]+)"
CONSTRAINTS: Final[Mapping[str, re.Pattern[str]]] = {
    # A name of a plug-in is code to load: to leave one out is all that is harmless.
    "PLUGIN": _pattern(r"no:[\w.-]+ | xdist | pytest_cov | pytest_asyncio | pytester"),
    "BUILDER": _pattern(
        r"html|dirhtml|singlehtml|htmlhelp|latex|latexpdf|text|man|epub|doctest|coverage|json"
        r"|gettext|xml|pickle|dummy|texinfo|pseudoxml|changes|clean|help"
    ),
    "VERSION": _pattern(r"(?:(?:cpython|pypy|python)[@-]?)?\d[\d.]*t?"),
    "FILE": _pattern(r"[\w@./][\w@./ -]*"),
    "LOCAL": _pattern(r"\./[\w./-]+ | (?:ts-node|tsx|esbuild-register|@swc-node|@babel)/[\w/-]+"),
    "WORD": _pattern(r"[\w.,*@/^][\w.,:*@/^+-]*"),
    "REPORT": _pattern(r"[a-z-]+(?::[\w./-]+)?"),
    "CMAKE": _pattern(
        rf"[\w.-]+(?::\w+)?=(?:{SWITCH}|Release|Debug|RelWithDebInfo|MinSizeRel|)"
        r"|CMAKE_BUILD_TYPE=\w+"
    ),
    "MESON": _pattern(rf"(?:[\w.-]+:)?[\w.-]+={SWITCH}|buildtype=\w+|warning_level=\w+"),
    "MAVEN": _pattern(
        rf"skipTests|skipITs|maven\.test\.skip|[\w.]+\.skip|[\w.-]+={SWITCH}"
        r"|(?:it\.)?test=[\w.#*,+!-]+"
    ),
    "GRADLE": _pattern(rf"[\w.-]+(?:={SWITCH})?"),
    "DEFINES": _pattern(rf"[\w.-]+(?:={SWITCH})?"),
    "DOTNET": _pattern(rf":?(?:Configuration=\w+|[\w.]+={SWITCH})"),
    "LDFLAGS": _pattern(r"(?:\ *(?:-s|-w|-X[\ =][\w./-]+=[\w.+-]*))*"),
    "GCFLAGS": _pattern(r"(?:(?:all|\./\.\.\.)=)?(?:\ *-[NlmSd])*"),
    "LINT": _pattern(r"[\w:-]+"),
    "CODEGEN": _pattern(r"(?:opt-level|debuginfo|target-cpu|panic|lto|codegen-units|strip)=[\w-]+"),
    "DOCKER": _pattern(r"[^{].*|\{\{[\w\s.\"|()]*\}\}|json"),
    "LANGUAGE": _pattern(r"[\w+-]+"),
    "GENERATOR": _pattern(r"[\w\ -]+"),
    "NINJA": _pattern(
        r"clean|targets|commands|deps|graph|query|compdb|inputs|rules|list|missingdeps|restat"
    ),
    "STYLE": _pattern(
        r"(?i:llvm|gnu|google|chromium|microsoft|mozilla|webkit|none)|file(?::[\w./-]+)?"
        r"|\{[\w\ :,.-]*\}"
    ),
    "LOGGER": _pattern(r"\w+(?:;verbosity=\w+)?"),
    "COLLECT": _pattern(r"[\w\ ]+"),
    "NAME": _pattern(r"\w+"),
}
