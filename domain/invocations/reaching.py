"""The paths in a program's arguments, and those of them that lead out of the workspace."""

from collections.abc import Iterator

from domain.invocations.classing import effect_keys
from domain.invocations.editing import needs_pattern
from domain.invocations.effects import MOVING_OPTIONS, TEXT_OPTIONS
from domain.invocations.paths import PIPE, Places, leads_out, named_paths
from domain.invocations.programs import CLASS_OF, PATTERN_FIRST, TAKE_FILES, TAKE_TEXT
from domain.invocations.words import Call, Word, values_of
from domain.models.invocations import CommandClass


def reached(
    call: Call, words: tuple[Word, ...], places: Places
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths and those outside, in these words of the call."""
    if call.program in TAKE_TEXT:
        return (), ()
    any_name = call.program in TAKE_FILES
    paths = [
        path for word in _no_texts(call, words) for path in named_paths(word, any_name=any_name)
    ]
    outside = [path for path in paths if leads_out(path, places) and not _is_pipe(call, path)]
    if not outside and not all(places.hold(cwd) for cwd in places.cwds):
        outside.append(".")
    return tuple(paths), tuple(dict.fromkeys(outside))


def _is_pipe(call: Call, path: str) -> bool:
    """What a process substitution is: harmless to read, nothing to run."""
    reads = CLASS_OF.get(call.program) is CommandClass.READ_ONLY
    return reads and PIPE.fullmatch(path) is not None


def _no_texts(call: Call, words: tuple[Word, ...]) -> Iterator[Word]:
    texts = {option for key in effect_keys(call) for option in TEXT_OPTIONS.get(key, "").split()}
    takes_pattern = call.program in PATTERN_FIRST and call.operands and needs_pattern(call)
    pattern = call.operands[0] if takes_pattern else None
    is_text = False
    for word in words:
        if not is_text and word is not pattern and word.text.partition("=")[0] not in texts:
            yield word
        is_text = word.text in texts and not is_text


def moved(call: Call, places: Places) -> Places:
    """Where the program works, after options such as `-C`."""
    names = MOVING_OPTIONS.get(call.program)
    for folder in values_of(call.words, names.split()) if names else ():
        places = places.moved(folder.text if folder.exact else "~")
    return places
