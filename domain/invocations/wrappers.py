"""Programs that only start others, and how the command in their arguments begins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.invocations.words import (
    Assigns,
    Call,
    Found,
    Moves,
    Reads,
    Seen,
    Starts,
    Word,
    option_parts,
    takes_next,
    values_of,
)
from domain.models.invocations import CommandClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """How to get to the command: over these options (`valued` ones take a value, `flags` none) and
    so many `operands`. `reads` are options whose value a shell reads; `splits` of them, without
    a shell. `joins`: a shell reads all that is left, as one text. `writes` are options with a file
    to write."""

    flags: str = ""
    valued: str = ""
    operands: int = 0
    reads: str = ""
    splits: str = ""
    writes: str = ""
    assigns: bool = False
    joins: bool = False
    more: bool = False
    looks_up: str = ""
    """Options with which it starts nothing."""
    command_class: CommandClass = CommandClass.READ_ONLY
    without: CommandClass = CommandClass.READ_ONLY
    """What it is where no command follows."""


PRIVILEGED: Final = CommandClass.PRIVILEGED
OPAQUE: Final = CommandClass.OPAQUE

WRAPPERS: Final[Mapping[str, Wrapper]] = {
    "env": Wrapper(
        flags="-i - --ignore-environment -0 --null -v --debug",
        valued="-u --unset -C --chdir -S --split-string",
        splits="-S --split-string",
        assigns=True,
    ),
    "nice": Wrapper(flags="-0 -1 -2 -3 -4 -5 -6 -7 -8 -9", valued="-n --adjustment"),
    "ionice": Wrapper(flags="-t --ignore", valued="-c --class -n --classdata", looks_up="-p -P -u"),
    "nohup": Wrapper(),
    "stdbuf": Wrapper(valued="-i -o -e --input --output --error"),
    "setsid": Wrapper(flags="-c -f -w --ctty --fork --wait"),
    "time": Wrapper(
        flags="-p -v -q -a --portability --verbose --quiet --append",
        valued="-f --format -o --output",
        writes="-o --output",
    ),
    "timeout": Wrapper(
        flags="-v --verbose --foreground --preserve-status",
        valued="-k --kill-after -s --signal",
        operands=1,
    ),
    "xargs": Wrapper(
        flags=(
            "-0 --null -r --no-run-if-empty -t --verbose -x --exit -o --open-tty -p --interactive"
        ),
        valued=(
            "-n -P -L -I -d -E -s -a --max-args --max-procs --max-lines --delimiter --eof"
            " --max-chars --arg-file --replace"
        ),
        more=True,
    ),
    "watch": Wrapper(
        flags=(
            "-b -c -C -d -e -g -t -w --color --differences --errexit --chgexit --no-title --no-wrap"
        ),
        valued="-n --interval -q --equexit",
        joins=True,
    ),
    "flock": Wrapper(
        flags="-n -x -e -s -o -F -u --nonblock --nb --exclusive --shared --close --no-fork",
        valued="-w --timeout -E --conflict-exit-code -c --command",
        reads="-c --command",
        operands=1,
        command_class=CommandClass.FILE_WRITE,
    ),
    "script": Wrapper(
        flags="-a -e -f -q --append --return --flush --quiet --force",
        valued="-c --command -E --echo -I -O -B -T -m -o",
        reads="-c --command",
        operands=1,
        command_class=CommandClass.FILE_WRITE,
        without=OPAQUE,
    ),
    "taskset": Wrapper(flags="-a -c", operands=1, looks_up="-p"),
    "chrt": Wrapper(
        flags="-b -f -i -o -r -v", operands=1, looks_up="-p -m", command_class=PRIVILEGED
    ),
    "unbuffer": Wrapper(flags="-p"),
    "busybox": Wrapper(looks_up="--list --help"),
    "toybox": Wrapper(looks_up="--help --version"),
    "command": Wrapper(flags="-p", looks_up="-v -V"),
    "builtin": Wrapper(),
    "exec": Wrapper(flags="-c -l", valued="-a"),
    "sudo": Wrapper(
        flags=(
            "-A -b -E -H -K -k -n -P -S -s -i -v -l --background --preserve-env"
            " --set-home --non-interactive --stdin --login --shell --askpass"
        ),
        valued=("-u -g -p -C -D -h -r -t -U -T -R --user --group --prompt --chdir --chroot --host"),
        assigns=True,
        command_class=PRIVILEGED,
    ),
    "doas": Wrapper(flags="-n -s -L", valued="-u -C -a", command_class=PRIVILEGED),
    "pkexec": Wrapper(flags="--disable-internal-agent", valued="--user", command_class=PRIVILEGED),
    "su": Wrapper(
        flags="- -l -m -p -f -P --login --pty --preserve-environment",
        valued="-c --command -s --shell -g -G -w",
        reads="-c --command",
        operands=9,
        command_class=PRIVILEGED,
    ),
    "runuser": Wrapper(
        flags="- -l -m -p -f -P --login --preserve-environment",
        valued="-u --user -c --command -s --shell -g -G",
        reads="-c --command",
        command_class=PRIVILEGED,
    ),
    "chroot": Wrapper(
        flags="--skip-chdir", valued="--userspec --groups", operands=1, command_class=PRIVILEGED
    ),
    "unshare": Wrapper(
        flags=(
            "-m -u -i -n -p -U -C -T -f -r -c --mount --uts --ipc --net --pid --user"
            " --fork --map-root-user --mount-proc"
        ),
        valued="-S -G -R -w --setuid --setgid --root --wd --propagation",
        command_class=PRIVILEGED,
    ),
    "nsenter": Wrapper(
        flags="-a -m -u -i -n -p -U -C -T -F -r -w --all --mount --net --pid --no-fork",
        valued="-t --target -S -G",
        command_class=PRIVILEGED,
    ),
    "setpriv": Wrapper(
        flags="--no-new-privs --clear-groups",
        valued="--reuid --regid --groups",
        command_class=PRIVILEGED,
    ),
    "strace": Wrapper(
        flags="-f -ff -c -q -qq -t -tt -T -v -y -i -C -k",
        valued="-e -o -p -s -E -u",
        command_class=OPAQUE,
    ),
    "ltrace": Wrapper(flags="-f -c -S -C", valued="-e -o -p -s -u", command_class=OPAQUE),
    "fakeroot": Wrapper(flags="-u --", command_class=OPAQUE),
    "eval": Wrapper(joins=True, command_class=OPAQUE),
    "systemd-run": Wrapper(
        flags="-G -P -d -q -t --user --scope --pty --wait --collect",
        valued="-u -p -E --unit --property",
        command_class=PRIVILEGED,
    ),
}


@dataclass(frozen=True, slots=True)
class _Options:
    """The options at the beginning of the arguments: those, and what follows them."""

    words: tuple[Word, ...]
    rest: tuple[Word, ...]
    parts: tuple[str, ...]
    unknown: str | None


def unwrap(call: Call) -> Iterator[Found]:
    """What a wrapper starts. Options that are not known make it opaque: one may take a value."""
    wrapper = WRAPPERS[call.program]
    options = _leading(call.words, wrapper)
    yield Seen(wrapper.command_class, "starts another program with rights or eyes of its own")
    if set(options.parts) & set(wrapper.looks_up.split()):
        return
    if options.unknown is not None:
        yield Seen(OPAQUE, f"has an option that is not known here, {options.unknown}")
        return
    yield from _of_options(call, options, wrapper)
    rest = options.rest
    if not all(word.exact for word in (*options.words, *rest[: wrapper.operands])):
        yield Seen(OPAQUE, "has an argument that only a shell can tell")
    while wrapper.assigns and rest and "=" in rest[0].text:
        name, _, value = rest[0].text.partition("=")
        yield Assigns(name, Word(value, rest[0].exact))
        rest = rest[1:]
    yield from _command(rest[wrapper.operands :], call, options, wrapper)


def _of_options(call: Call, options: _Options, wrapper: Wrapper) -> Iterator[Found]:
    for text in values_of(call.words, wrapper.reads.split()):
        yield Reads(text)
    for _ in values_of(options.words, wrapper.writes.split()):
        yield Seen(CommandClass.FILE_WRITE, "writes a file")
    for folder in values_of(options.words, ("-C", "--chdir") if call.program == "env" else ()):
        yield Moves(folder)
    for text in values_of(options.words, wrapper.splits.split()):
        # Not a shell, but what differs is harmless: no operator of a shell has a meaning here.
        yield Reads(Word(f"env {text.text}", text.exact))


def _command(
    rest: tuple[Word, ...], call: Call, options: _Options, wrapper: Wrapper
) -> Iterator[Found]:
    if not rest:
        if not _has_text(call, wrapper):
            yield Seen(wrapper.without, "starts a shell that reads what nobody sees")
        if call.program in {"sudo", "su", "doas"}:
            yield Seen(PRIVILEGED, "starts a shell with other rights")
    elif rest[0].text in wrapper.reads.split():
        return
    elif wrapper.joins:
        yield Reads(joined(rest))
    elif wrapper.more and _replaced(options) is not None:
        yield Starts(tuple(_filled(word, _replaced(options) or "") for word in rest))
    else:
        yield Starts(rest, more=wrapper.more)


def _has_text(call: Call, wrapper: Wrapper) -> bool:
    names = [*wrapper.reads.split(), *wrapper.splits.split()]
    return any(True for _ in values_of(call.words, names))


def _replaced(options: _Options) -> str | None:
    """What xargs puts lines in the place of."""
    return next((word.text for word in values_of(options.words, ("-I", "--replace"))), None)


def _filled(word: Word, placeholder: str) -> Word:
    return Word(word.text, exact=False) if placeholder in word.text else word


def joined(words: tuple[Word, ...]) -> Word:
    return Word(" ".join(word.text for word in words), all(word.exact for word in words))


def _leading(words: tuple[Word, ...], wrapper: Wrapper) -> _Options:
    valued = frozenset(wrapper.valued.split())
    known = valued | set(wrapper.flags.split()) | set(wrapper.looks_up.split())
    parts: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        if word.text == "--":
            return _Options(words[:index], words[index + 1 :], tuple(parts), _odd(parts, known))
        if not word.text.startswith("-") or not word.exact:
            break
        parts += option_parts(word.text, valued, whole=False)
        index += 2 if takes_next(word.text, valued, whole=False) else 1
    return _Options(words[:index], words[index:], tuple(parts), _odd(parts, known))


def _odd(parts: list[str], known: frozenset[str]) -> str | None:
    """The first option that is not known. Digits are numbers, as in `nice -5`."""
    return next((part for part in parts if part not in known and not part[1:].isdigit()), None)
