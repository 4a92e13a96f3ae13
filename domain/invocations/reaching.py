"""The paths in a program's arguments, and those of them that lead out of the workspace."""

from dataclasses import dataclass

from domain.invocations.editing import needs_pattern
from domain.invocations.effects import MOVING_OPTIONS
from domain.invocations.paths import PIPE, Places, is_remote, leads_out, named_paths
from domain.invocations.programs import CLASS_OF, PATTERN_FIRST, TAKE_FILES, TAKE_TEXT
from domain.invocations.words import Call, Word, values_of
from domain.models.invocations import CommandClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What arguments name: `paths`, those of them that lead out, and the first address."""

    paths: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    address: str | None = None


def reached(call: Call, words: tuple[Word, ...], places: Places) -> Reached:
    """What these words of the call lead to, whatever option carries them."""
    if call.program in TAKE_TEXT:
        return Reached()
    any_name = call.program in TAKE_FILES
    pattern = _pattern(call)
    words = tuple(word for word in words if word is not pattern)
    paths = tuple(path for word in words for path in named_paths(word, any_name=any_name))
    outside = [path for path in paths if leads_out(path, places) and not _is_pipe(call, path)]
    if not outside and not all(places.hold(cwd) for cwd in places.cwds):
        outside.append(".")
    return Reached(
        paths=paths,
        outside=tuple(dict.fromkeys(outside)),
        address=next((word.text for word in words if is_remote(word.text)), None),
    )


def _pattern(call: Call) -> Word | None:
    """The operand that is no file."""
    at = 1 if call.program == "git" and call.operands[:1] == (Word("grep"),) else 0
    takes_one = call.program in PATTERN_FIRST or (at and not {"-e", "-f"} & set(call.options))
    if not takes_one or len(call.operands) <= at or not needs_pattern(call):
        return None
    return call.operands[at]


def _is_pipe(call: Call, path: str) -> bool:
    """What a process substitution is: harmless to read, nothing to run."""
    reads = CLASS_OF.get(call.program) is CommandClass.READ_ONLY
    return reads and PIPE.fullmatch(path) is not None


def moved(call: Call, places: Places) -> Places:
    """Where the program works, after options such as `-C`."""
    names = MOVING_OPTIONS.get(call.program)
    for folder in values_of(call.words, names.split()) if names else ():
        places = places.moved(folder.text if folder.exact else "~")
    return places
