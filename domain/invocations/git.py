"""What git is asked to do beside its subcommand: configuration, helpers, remotes, hooks."""

import re
from collections.abc import Iterator
from typing import Final

from domain.invocations.words import Call, Found, Reads, Seen, Starts, Word, values_of
from domain.models.invocations import CommandClass

OPAQUE: Final = CommandClass.OPAQUE
HARMLESS_KEY: Final = re.compile(
    r"""(?: user\.(?:name|email) | color\.[\w.]+ | advice\.\w+ | commit\.gpgsign | tag\.gpgsign
    | core\.(?:quotepath|autocrlf|longpaths|eol|abbrev|safecrlf|ignorecase|filemode)
    | pull\.(?:rebase|ff) | init\.defaultbranch | diff\.(?:noprefix|algorithm|renames|colormoved)
    | log\.(?:date|decorate) | rebase\.autostash | push\.default | fetch\.prune | merge\.ff
    | safe\.directory | gc\.auto | column\.ui | grep\.linenumber | protocol\.version
    | branch\.[\w/.-]+\.(?:remote|merge) | remote\.\w+\.fetch )(?:=.*)?""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
HELPER_REMOTE: Final = re.compile(r"(?:ext|fd)::")


def git(call: Call) -> Iterator[Found]:
    """By the words of one call; `operands[0]` is the subcommand."""
    head = _before_subcommand(call)
    for setting in values_of(head, ("-c",)):
        if not (setting.exact and HARMLESS_KEY.fullmatch(setting.text)):
            yield Seen(
                OPAQUE, f"is set up to do something else, by {setting.text.partition('=')[0]}"
            )
    for folder in values_of(head, ("--git-dir", "--work-tree")):
        if folder.text.rstrip("/").rpartition("/")[2] not in {".git", ".", ""}:
            yield Seen(OPAQUE, "takes its configuration from elsewhere")
    if any(HELPER_REMOTE.match(word.text.rpartition("=")[2]) for word in call.words):
        yield Seen(OPAQUE, "starts a program as its remote")
    subcommand = call.operands[0].text if call.operands else ""
    if subcommand in DECIDED:
        yield from DECIDED[subcommand](call)


def _before_subcommand(call: Call) -> tuple[Word, ...]:
    if not call.operands:
        return call.words
    return call.words[: call.words.index(call.operands[0])]


def _push(call: Call) -> Iterator[Found]:
    if any(word.text.startswith(("+", ":")) for word in call.operands[2:]):
        yield Seen(CommandClass.DESTRUCTIVE, "overwrites or removes a branch of others")


def _config(call: Call) -> Iterator[Found]:
    """To set something is more than to look at it; some things are commands."""
    rest = [word for word in call.operands[1:] if word.text not in {"set", "get", "unset", "list"}]
    sets = len(rest) > 1
    if sets and not HARMLESS_KEY.fullmatch(rest[0].text):
        yield Seen(OPAQUE, f"sets {rest[0].text}, which can start programs")
    scopes = {"--global", "--system", "--file", "-f", "--blob"} & set(call.options)
    if scopes - {"--global"} or (scopes and sets):
        yield Seen(CommandClass.PRIVILEGED, "reaches the configuration of all repositories")


def _symbolic_ref(call: Call) -> Iterator[Found]:
    if len(call.operands) > len(("symbolic-ref", "HEAD")):
        yield Seen(CommandClass.VCS_WRITE, "changes a repository")


def _bisect(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[1:2]] == ["run"]:
        yield Starts(call.words[call.words.index(Word("run")) + 1 :])


def _submodule(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[1:2]] == ["foreach"]:
        for text in call.operands[2:3]:
            yield Reads(text)


def _rebase(call: Call) -> Iterator[Found]:
    for text in values_of(call.words, ("-x", "--exec")):
        yield Reads(text)


def _archive(call: Call) -> Iterator[Found]:
    if any(True for _ in values_of(call.words, ("--remote",))):
        yield Seen(CommandClass.NETWORK, "asks another repository")


def _checkout(call: Call) -> Iterator[Found]:
    if any(word.text in {".", "*"} for word in call.operands[1:]):
        yield Seen(CommandClass.DESTRUCTIVE, "takes back changes that are stored nowhere")


DECIDED: Final = {
    "push": _push,
    "config": _config,
    "bisect": _bisect,
    "symbolic-ref": _symbolic_ref,
    "submodule": _submodule,
    "rebase": _rebase,
    "archive": _archive,
    "checkout": _checkout,
    "restore": _checkout,
}
