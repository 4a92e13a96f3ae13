"""Programs that walk, pack or remove files, where their arguments decide what they do."""

from collections.abc import Iterator
from typing import Final

from domain.invocations.arguments import FIND_STARTS
from domain.invocations.listing import listed
from domain.invocations.paths import RAW_DEVICE, Places, is_root_like
from domain.invocations.words import Call, Found, Moves, Seen, Starts, Word, values_of
from domain.models.invocations import CommandClass

OPAQUE: Final = CommandClass.OPAQUE
WRITE: Final = CommandClass.FILE_WRITE
DESTROY: Final = CommandClass.DESTRUCTIVE
FORBID: Final = CommandClass.FORBIDDEN

FIND_WRITES: Final = frozenset({"-fprint", "-fprint0", "-fprintf", "-fls"})
TAR_READS: Final = frozenset({"-t", "-d", "--list", "--diff", "--compare", "--test-label"})
TAR_WRITES: Final = listed("-x -c -r -u -A --extract --get --create --append --update --delete")
PAGER_MOVES: Final = frozenset({"+F", "+G", "+g"})


def find(call: Call, places: Places) -> Iterator[Found]:
    """What it does with what it finds. In a command for each, `{}` is where it looks."""
    roots = _find_roots(call.words)
    words = iter(call.words)
    for word in words:
        if not word.exact:
            yield Seen(OPAQUE, "has a part that cannot be known")
        elif word.text in FIND_STARTS:
            yield from _each(words, roots)
        elif word.text == "-delete":
            everything = any(is_root_like(root.text, places) for root in roots)
            yield Seen(FORBID if everything else DESTROY, "removes what it finds")
        elif word.text in FIND_WRITES:
            yield Seen(WRITE, "writes a file of what it finds")
        elif word.text.startswith("-files0"):
            yield Seen(OPAQUE, "looks where a file says")


def _find_roots(words: tuple[Word, ...]) -> tuple[Word, ...]:
    roots: list[Word] = []
    for word in words:
        if word.text in {"-H", "-L", "-P"} or word.text.startswith(("-O", "-D")):
            continue
        if word.text.startswith(("-", "(", "!")):
            break
        roots.append(word)
    return tuple(roots) or (Word("."),)


def _each(words: Iterator[Word], roots: tuple[Word, ...]) -> Iterator[Found]:
    command: list[Word] = []
    for word in words:
        if word.text == ";" or (word.text == "+" and command and command[-1].text == "{}"):
            break
        command.append(word)
    if not command or "{}" in command[0].text:
        yield Seen(OPAQUE, "starts what it finds")
        return
    yield Starts(tuple(each for word in command for each in _placed(word, roots)))


def _placed(word: Word, roots: tuple[Word, ...]) -> tuple[Word, ...]:
    if word.text == "{}":
        return roots
    return (Word(word.text, exact=False),) if "{}" in word.text else (word,)


def rm(call: Call, places: Places) -> Iterator[Found]:
    """To remove all of a disk, a home or a folder of the system is forbidden."""
    recursive = any(
        option in {"-r", "-R"} or (option.startswith("--r") and "--recursive".startswith(option))
        for option in call.options
    )
    if any(option.startswith("--no-p") for option in call.options):
        yield Seen(FORBID, "gives up the guard of the root folder")
    elif recursive and any(is_root_like(word.text, places) for word in call.operands):
        yield Seen(FORBID, "removes all of a disk, a home or a folder of the system")


def dd(call: Call) -> Iterator[Found]:
    """Where `of=` says."""
    if any(word.text.startswith("of=") and RAW_DEVICE.match(word.text, 3) for word in call.words):
        yield Seen(FORBID, "writes over a disk")


def tar(call: Call) -> Iterator[Found]:
    """Listing reads; the first word may be options without a dash."""
    options = set(call.options)
    if call.words and not call.words[0].text.startswith("-"):
        options |= {f"-{letter}" for letter in call.words[0].text}
    if options & {"-I", "-F"}:
        yield Seen(OPAQUE, "starts a program of its options")
    if "-P" in options:
        yield Seen(CommandClass.PRIVILEGED, "goes where the archive says")
    files = [word.text for word in call.looked_at]
    if any(":" in text.partition("/")[0] for text in files):
        yield Seen(CommandClass.NETWORK, "reads from another machine")
    if not options & TAR_READS or options & TAR_WRITES:
        yield Seen(WRITE, "packs or unpacks files")


def unzip(call: Call) -> Iterator[Found]:
    """Listing, testing and printing read; anything else unpacks."""
    if not {"-l", "-t", "-v", "-Z", "-z", "-p", "-c"} & set(call.options) or "-d" in call.options:
        yield Seen(WRITE, "unpacks files")


def second_file(call: Call) -> Iterator[Found]:
    """`uniq in out`, `xxd in out`: the second file is written."""
    if len(call.operands) > 1:
        yield Seen(WRITE, "writes its second file")


def date(call: Call) -> Iterator[Found]:
    """A time without a plus sets the clock."""
    if any(not word.text.startswith("+") for word in call.operands):
        yield Seen(CommandClass.PRIVILEGED, "sets the clock")


def ps(call: Call) -> Iterator[Found]:
    """Options without a dash: `e` shows what other programs have in their environment."""
    bare = any("e" in word.text for word in call.operands)
    if bare or any("env" in word.text for word in call.words):
        yield Seen(OPAQUE, "may show the secrets of other programs")


def sysctl(call: Call) -> Iterator[Found]:
    if any("=" in word.text for word in call.words):
        yield Seen(CommandClass.PRIVILEGED, "sets what the kernel does")


def pager(call: Call) -> Iterator[Found]:
    """`+` begins a command of the pager."""
    for word in call.words:
        moves = word.text in PAGER_MOVES or word.text[1:].isdigit()
        if word.text.startswith("+") and not moves:
            yield Seen(OPAQUE, "runs commands of its own")


def cd(call: Call) -> Iterator[Found]:
    """Also `pushd`. Without a folder, or back to the last one, it leads anywhere."""
    target = call.operands[0] if call.operands else Word("~")
    yield Moves(Word("~") if target.text == "-" or target.text.startswith("+") else target)


def split_filter(call: Call) -> Iterator[Found]:
    if any(True for _ in values_of(call.words, ("--filter",))):
        yield Seen(OPAQUE, "starts a program for each part")
