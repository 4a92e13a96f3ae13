"""From a command to the program starts that it would cause."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.invocations.arguments import call_of
from domain.invocations.classing import classes, only_asks, subcommand_of
from domain.invocations.interpreters import SHELLS
from domain.invocations.looking import closer, lists_inside, writes_device
from domain.invocations.naming import Named, named
from domain.invocations.outputs import PASS_ON, keeps
from domain.invocations.paths import HARMLESS, RAW_DEVICE, SECRET, Places, leads_out, resolved
from domain.invocations.programs import TAKE_TEXT
from domain.invocations.reaching import moved, reached
from domain.invocations.scripts import SUSPICIOUS, Command, Redirect, Script
from domain.invocations.shell import read_script
from domain.invocations.variables import is_harmful
from domain.invocations.words import (
    SEVERITY,
    Assigns,
    Call,
    Found,
    Moves,
    Reads,
    Seen,
    Starts,
    Word,
)
from domain.invocations.wrappers import WRAPPERS
from domain.models.decisions import RiskLevel
from domain.models.invocations import CLASS_RISK, CommandClass, Invocation

INVOCATIONS_MAX: Final = 128
DEPTH_MAX: Final = 12
WORDS_MAX: Final = 2_000
CHARACTERS_MAX: Final = 16_384
OPAQUE: Final = CommandClass.OPAQUE
HIGHER: Final = {RiskLevel.LOW: RiskLevel.MEDIUM, RiskLevel.MEDIUM: RiskLevel.HIGH}
FALSE_DASHES: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63")


def invocations(
    command: Sequence[str], *, root: str, cwd: str, output: str | None = None
) -> tuple[Invocation, ...]:
    """Every program start that the command would cause, the outermost first.

    `root` is the workspace and `cwd` where the command starts, both absolute. `output` is the
    variable that names the run's own output file, where it gets one. Pure: paths are compared as
    text. Raises nothing, and is never empty for a command that has a word; what cannot
    be read makes its invocation OPAQUE, and so does what is too long or too deep to be read.
    """
    root = resolved(root, "/")
    places = Places(root=root, cwds=(resolved(cwd, root),))
    reading = _read(command, _Reading(places, output))
    # What sets the variable may stand behind what writes there, in a loop: nowhere is it known.
    return tuple(reading.found if reading.keeps else _read(command, _Reading(places, None)).found)


def _read(command: Sequence[str], reading: "_Reading") -> "_Reading":
    if len(command) > WORDS_MAX or sum(map(len, command)) > CHARACTERS_MAX:
        reading.opaque("is longer than what is read")
    elif command:
        reading.start(Command(words=tuple(map(Word, command))), 0)
    return reading


class _Reading:
    """One command on its way: what was found, and where it works by now. `keeps`: the variable
    that names the run's output file is set by nothing."""

    def __init__(self, places: Places, output: str | None) -> None:
        self.found: list[Invocation] = []
        self.keeps = True
        self._output = output
        self._places = places

    def start(self, command: Command, depth: int, *, more: bool = False) -> None:
        """One program, and all that it starts. `more`: it gets arguments that nobody knows."""
        if len(self.found) > INVOCATIONS_MAX:
            return
        if depth > DEPTH_MAX or len(self.found) == INVOCATIONS_MAX:
            self.opaque("starts more than what is read")
            return
        if not command.words:
            self._without_program(command)
            return
        name = named(command.words[0], self._places)
        call = call_of(name.known_as, command.words[1:], command.feeders)
        self._watch(call, command.words[0], command.assigns)
        if only_asks(call) and not command.assigns and not more:
            self._tell(name, call, [Seen(CommandClass.READ_ONLY, "tells about itself")], command)
            return
        found = [*_named(name), *(classes(call) if name.known_as else ())]
        found += [*command.assigns, *closer(call, self._places)]
        self._watch(call, command.words[0], [each for each in found if isinstance(each, Assigns)])
        found += self._doubts(call, more=more)
        scripts = [(each, _script(each)) for each in found if isinstance(each, Reads)]
        found += [seen for _, script in scripts for seen in _of_script(script)]
        self._tell(name, call, found, command)
        self._nested(call, found, scripts, depth)

    def opaque(self, because: str) -> None:
        """An end of what is read."""
        call = call_of("", (), ())
        self._tell(Named("", ""), call, [Seen(OPAQUE, because)], Command())

    def _without_program(self, command: Command) -> None:
        """Assignments and redirections of a shell by itself."""
        call = call_of("", (), ())
        self._watch(call, Word(""), command.assigns)
        found = [seen for each in command.assigns for seen in self._assigned(each)]
        if found or command.redirects:
            found.append(Seen(CommandClass.READ_ONLY, "starts no program"))
            self._tell(Named("", ""), call, found, command)

    def _watch(self, call: Call, first: Word, assigns: Sequence[Assigns]) -> None:
        if self._output is not None:
            self.keeps &= keeps(self._output, call, first, assigns)

    def _nested(
        self, call: Call, found: list[Found], scripts: list[tuple[Reads, Script]], depth: int
    ) -> None:
        output = self._output
        if call.program not in PASS_ON:
            self._output = None
        for each in found:
            if isinstance(each, Starts):
                known = not each.more or lists_inside(call.feeders, self._places)
                self.start(Command(words=each.words), depth + 1, more=not known)
        for _, script in scripts:
            for inner in script.commands:
                self.start(inner, depth + 1)
        self._output = output

    def _doubts(self, call: Call, *, more: bool) -> Iterator[Found]:
        """What is not known of the arguments."""
        if call.program not in TAKE_TEXT:
            if more:
                yield Seen(OPAQUE, "gets arguments that nobody has seen")
            if not all(word.exact for word in call.words) and call.program not in WRAPPERS:
                yield Seen(OPAQUE, "has an argument that only a shell can tell")
        if any(_deceives(word.text) for word in call.words):
            yield Seen(OPAQUE, "has an argument with characters that nobody can see")

    def _tell(self, name: Named, call: Call, found: Sequence[Found], command: Command) -> None:
        """Add the invocation, with all that is seen of it."""
        self._move(call, found)
        own = reached(call, _own_words(call, found), self._places)
        paths, outside = own.paths, own.outside
        seen = [each for each in found if isinstance(each, Seen)]
        if own.address is not None and call.program not in WRAPPERS:
            seen.append(Seen(CommandClass.NETWORK, f"reaches other machines, {own.address}"))
        seen += [
            more for each in found if isinstance(each, Assigns) for more in self._assigned(each)
        ]
        for redirect in command.redirects:
            more, leads = self._redirected(redirect)
            seen += more
            paths = (*paths, redirect.target.text)
            outside = (*outside, redirect.target.text) if leads else outside
        worst = max(seen, key=lambda each: SEVERITY[each.command_class])
        writes = any(each.command_class in _WRITERS for each in seen)
        if writes and writes_device(call, paths):
            worst = Seen(CommandClass.FORBIDDEN, "writes over a disk")
        is_wrapper = call.program in WRAPPERS or (
            call.program in SHELLS and any(isinstance(each, Reads) for each in found)
        )
        self.found.append(
            Invocation(
                program=name.name,
                arguments=tuple(word.text for word in call.words),
                subcommand=subcommand_of(call),
                options=call.options,
                paths=paths,
                outside=outside,
                command_class=worst.command_class,
                risk=_risk(worst.command_class, outside),
                is_wrapper=is_wrapper,
                explanation=f"{name.name or 'This'} {worst.because}.",
            )
        )

    def _move(self, call: Call, found: Sequence[Found]) -> None:
        self._places = moved(call, self._places)
        for each in found:
            if isinstance(each, Moves):
                folder = each.folder.text if each.folder.exact else "~"
                self._places = self._places.moved(folder)

    def _assigned(self, assigns: Assigns) -> Iterator[Seen]:
        if is_harmful(assigns.name, assigns.value.text, self._places):
            yield Seen(OPAQUE, f"is started with {assigns.name}, which can make it another program")

    def _redirected(self, redirect: Redirect) -> tuple[list[Seen], bool]:
        target = redirect.target
        is_own = self._output is not None and redirect.variable == self._output
        if is_own or (target.text in HARMLESS and target.exact):
            return [], False
        if not target.exact or target.pattern:
            return [Seen(OPAQUE, "is joined to a file that cannot be known")], False
        outside = leads_out(target.text, self._places)
        if target.text.startswith(("/dev/tcp/", "/dev/udp/")):
            return [Seen(CommandClass.NETWORK, "speaks to another machine")], outside
        if not redirect.writes:
            return [Seen(CommandClass.READ_ONLY, "reads a file")], outside
        if RAW_DEVICE.match(target.text) or target.text.startswith("/proc/sysrq"):
            return [Seen(CommandClass.FORBIDDEN, "writes over a disk or to the kernel")], outside
        return [Seen(CommandClass.FILE_WRITE, "writes into a file")], outside


_WRITERS: Final = frozenset({CommandClass.FILE_WRITE, CommandClass.DESTRUCTIVE})


def _deceives(text: str) -> bool:
    """Whether people may not see what is there: unseen characters, or a dash that is none."""
    return text[:1] in FALSE_DASHES or SUSPICIOUS.search(text) is not None


def _named(name: Named) -> tuple[Found, ...]:
    return (name.seen,) if name.seen else ()


def _script(reads: Reads) -> Script:
    if not reads.text.exact:
        return Script(commands=(), unread="a part that only a shell can tell")
    return read_script(reads.text.text, reads.shell)


def _of_script(script: Script) -> Iterator[Seen]:
    if script.is_bomb:
        yield Seen(CommandClass.FORBIDDEN, "starts itself without end")
    if script.unread is not None:
        yield Seen(OPAQUE, f"runs text with {script.unread}, which is not read")


def _own_words(call: Call, found: Sequence[Found]) -> tuple[Word, ...]:
    """The arguments that are looked at, without those that are a command by themselves."""
    if call.program in SHELLS and any(isinstance(each, Reads) for each in found):
        return ()
    if call.program not in WRAPPERS:
        return call.looked_at if _starts(found) else (*call.looked_at, *call.rest)
    started = max((len(each.words) for each in found if isinstance(each, Starts)), default=0)
    if any(isinstance(each, Reads) for each in found):
        return ()
    return call.words[: len(call.words) - started]


def _starts(found: Sequence[Found]) -> bool:
    return any(isinstance(each, Starts) for each in found)


def _risk(command_class: CommandClass, outside: tuple[str, ...]) -> RiskLevel:
    risk = CLASS_RISK[command_class]
    if any(SECRET.search(path) for path in outside):
        return RiskLevel.HIGH
    return HIGHER.get(risk, RiskLevel.HIGH) if outside else risk
