"""The program texts of awk and sed, as far as it takes to know what they do beside reading."""

import re
from collections.abc import Iterator
from typing import Final

from domain.invocations.effects import BRINGS_PATTERN
from domain.invocations.words import Call, Found, Seen, Word, values_of
from domain.models.invocations import CommandClass

OPAQUE: Final = CommandClass.OPAQUE
WRITE: Final = CommandClass.FILE_WRITE

AWK_OPENS: Final = re.compile(r"\bsystem\b|\bgetline\b|@|/inet|\bclose\b|\bARGV\b")
AWK_TEXT: Final = re.compile(r'"(?:\\.|[^"\\\n])*"')
AWK_PATTERN: Final = re.compile(r"((?:^|[(,{};!~&|\n])\s*)/(?:\\.|[^/\\\n])+/")
AWK_HIDES: Final = re.compile(r"#|\\\n")
AWK_GOES_ON: Final = re.compile(r"(?<=[,{&|])\s*\n")
AWK_PIPE: Final = re.compile(r"(?<!\|)\|(?!\|)|\|&")
AWK_PRINTS_TO: Final = re.compile(r"print[^;}\n]*>")
AWK_PRINTS_ANYWHERE: Final = re.compile(r"print.*>", re.DOTALL)

JQ_LOADS: Final = re.compile(r"\b(?:import|include|modulemeta|get_search_list)\b")

SED_ADDRESS: Final = re.compile(r"(?:\d+(?:~\d+)?|\$|\+\d+|~\d+|/(?:\\.|[^/\\\n])*/[IM]*)")
SED_OPEN: Final = re.compile(r"\[\^?\]?[^\]]*$")
SED_PATTERN_MAX: Final = 512
SED_NAMED: Final = re.compile(r"\[[:.=][^\]]*[:.=]\]")
SED_PLAIN: Final = re.compile(r"[pPdDnNgGhHxlqQ=Fz](?:[ \t]*\d+)?")
SED_LABEL: Final = re.compile(r"[btT:][ \t]*[\w.-]*")
SED_TEXT: Final = re.compile(r"[aic][ \t]*\\?\n?[^\n]*")
SED_FLAGS: Final = re.compile(r"[gpiImM\d]*")
SED_BLANK: Final = re.compile(r"[\s;{}!]*(?:#[^\n]*)?")


def awk(call: Call) -> Iterator[Found]:
    """Program text in the first operand or in `-e`; a file of it is a script."""
    texts = list(values_of(call.words, ("-e", "--source")))
    if {"-f", "--file"} & set(call.options):
        yield Seen(CommandClass.DEV_TOOL, "runs a script of the workspace")
        if any(file.text in {"", "-"} for file in values_of(call.words, ("-f", "--file"))):
            yield Seen(OPAQUE, "runs what it reads from its input")
    elif not texts:
        texts = list(call.operands[:1])
    for text in texts:
        yield from _awk_text(text)


def _awk_text(word: Word) -> Iterator[Found]:
    text = word.text
    if not word.exact or AWK_OPENS.search(text):
        yield Seen(OPAQUE, "can start programs or open files with its program text")
        return
    # Where one thing could hide another (a quote in a comment, a slash that may divide or begin a
    # pattern), nothing is left out.
    signs = set(text)
    is_plain = not ({'"', "/"} <= signs or {"[", "/"} <= signs or AWK_HIDES.search(text))
    if is_plain:
        text = AWK_PATTERN.sub(r"\1//", AWK_TEXT.sub('""', text))
    if AWK_PIPE.search(text):
        yield Seen(OPAQUE, "pipes to other programs with its program text")
    prints_to = AWK_PRINTS_TO if is_plain else AWK_PRINTS_ANYWHERE
    if prints_to.search(AWK_GOES_ON.sub(" ", text)):
        yield Seen(WRITE, "writes files with its program text")


def jq(call: Call) -> Iterator[Found]:
    """A filter can load modules, from the home folder and from elsewhere."""
    if {"-f", "--from-file"} & set(call.options):
        yield Seen(CommandClass.DEV_TOOL, "runs a filter of the workspace")
    elif any(JQ_LOADS.search(word.text) for word in call.operands):
        yield Seen(OPAQUE, "can load other files by its filter")


def sed(call: Call) -> Iterator[Found]:
    """Scripts in the first operand or in `-e`; `-i` edits files where they are."""
    if any(option == "-i" or option.startswith("--i") for option in call.options):
        yield Seen(WRITE, "edits files in place")
    if any(option == "-f" or "--file".startswith(option) for option in call.options):
        yield Seen(OPAQUE, "reads its commands from a file")
    texts = list(values_of(call.words, ("-e", "--expression")))
    for text in texts or call.operands[:1]:
        yield from sed_text(text)


def sed_text(word: Word) -> Iterator[Found]:
    """What commands of sed do. A text that is not understood to its end is opaque."""
    if not word.exact:
        yield Seen(OPAQUE, "gets commands that cannot be known")
        return
    position = 0
    while (position := _sed_start(word.text, position)) < len(word.text):
        following = _sed_command(word.text, position)
        if following is None:
            yield _sed_reach(word.text[position])
            return
        position = following


def _sed_start(text: str, position: int) -> int:
    """Where the next command's letter is, behind blanks and addresses."""
    while True:
        start = position
        if found := SED_BLANK.match(text, position):
            position = found.end()
        found = SED_ADDRESS.match(text, position)
        if found and not _is_cut(found[0]):
            position = found.end()
        if text.startswith(",", position):
            position += 1
        if position == start:
            return position


def _sed_command(text: str, position: int) -> int | None:
    """The end of a command that only reads and prints; None for any other."""
    if text[position] in "sy":
        return _sed_exchange(text, position)
    for plain in (SED_PLAIN, SED_LABEL, SED_TEXT):
        if found := plain.match(text, position):
            return found.end()
    return None


def _sed_exchange(text: str, position: int) -> int | None:
    delimiter = text[position + 1 : position + 2]
    if delimiter in ("", "\n", "\\"):
        return None
    position += 2
    start = position
    for part in range(2):
        while position < len(text) and text[position] != delimiter:
            position += 2 if text[position] == "\\" else 1
        if position >= len(text) or (part == 0 and _is_cut(text[start:position])):
            return None
        position += 1
    flags = SED_FLAGS.match(text, position)
    end = flags.end() if flags else position
    return end if text[end : end + 1] in ("", ";", "\n", "}", " ") else None


def _is_cut(pattern: str) -> bool:
    """Whether it ends in brackets, where some take the delimiter for a letter, and read on."""
    return len(pattern) > SED_PATTERN_MAX or SED_OPEN.search(SED_NAMED.sub("", pattern)) is not None


def _sed_reach(letter: str) -> Seen:
    if letter in "wW":
        return Seen(WRITE, "writes a file by one of its commands")
    return Seen(OPAQUE, f"has a command that is not read, {letter}")


def needs_pattern(call: Call) -> bool:
    """Whether the first operand is a pattern: none of the options brings it."""
    return not any(
        option == name or (option.startswith("--") and name.startswith(option))
        for option in call.options
        for name in BRINGS_PATTERN.get(call.program, "").split()
    )
