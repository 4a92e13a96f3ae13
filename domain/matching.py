"""Which rules speak of a dispatch: each is made ready once, to be asked often. Pure."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from posixpath import relpath
from typing import Final

from domain.models.invocations import CommandClass, Invocation
from domain.models.policies import DispatchRequest, PolicyEffect, PolicyMatch, PolicyRule

ANY_TEXT: Final = "*"
KEPT_MAX: Final = 256
NOT_PLAIN: Final = re.compile(r"[*?[]")

OfText = Callable[[str | None], object]
OfTexts = Callable[[Iterable[str]], object]
OfRequest = Callable[[DispatchRequest], object]
OfProgram = Callable[[Invocation], object]


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule as the tests that its match comes to. All of them must pass."""

    rule: PolicyRule
    of_request: tuple[OfRequest, ...]
    of_program: tuple[OfProgram, ...]

    def speaks_of(self, request: DispatchRequest) -> bool:
        """Whether it may speak of some of it."""
        for test in self.of_request:  # noqa: SIM110 - `all` takes twice as long
            if not test(request):
                return False
        return True

    def speaks_of_program(self, invocation: Invocation) -> bool:
        for test in self.of_program:  # noqa: SIM110 - as above
            if not test(invocation):
                return False
        return True

    @property
    def is_about_programs(self) -> bool:
        """Then it says nothing of a prompt, which starts no program that could be seen."""
        return bool(self.of_program)


def ready(rules: Sequence[PolicyRule]) -> Sequence[Ready]:
    """The same rules, made ready; those that were asked for lately are at hand."""
    kept = _kept.get(id(rules))
    if kept is None:
        # With the rules themselves, so that no others can come to have their identity.
        kept = _kept[id(rules)] = (rules, [_ready(rule) for rule in rules])
        if len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
    return kept[1]


_kept: Final[OrderedDict[int, tuple[Sequence[PolicyRule], list[Ready]]]] = OrderedDict()


def _ready(rule: PolicyRule) -> Ready:
    of_request, of_program = _of_request(rule), _of_program(rule)
    return Ready(rule=rule, of_request=tuple(of_request), of_program=tuple(of_program))


def _of_request(rule: PolicyRule) -> Iterator[OfRequest]:
    match = rule.match
    if match.providers:
        provider = _one_of(match.providers)
        yield lambda request: provider(request.provider)
    if match.kinds:
        yield lambda request: request.kind in match.kinds
    if match.env_profiles:
        yield lambda request: request.env_profile in match.env_profiles
    if match.requester_roles:
        yield lambda request: not request.requester_roles.isdisjoint(match.requester_roles)
    if match.cost_cents_above is not None:
        yield _costs_more(match.cost_cents_above)
    yield from _of_request_texts(match, rule.effect)


def _of_request_texts(match: PolicyMatch, effect: PolicyEffect) -> Iterator[OfRequest]:
    if match.folders:
        folder = _one_of(match.folders)
        yield lambda request: folder(_folder(request.cwd, request.root_path))
    if match.features:
        feature = _one_of(match.features)
        yield lambda request: feature(request.feature)
    if match.prompts:
        prompt = _one_of(match.prompts)
        yield lambda request: prompt(request.prompt)
    if match.tool_scopes:
        scopes = _some_of(match.tool_scopes, effect)
        yield lambda request: scopes(request.tool_scopes)


@lru_cache(maxsize=KEPT_MAX)
def _folder(cwd: str, root_path: str) -> str:
    return relpath(cwd, root_path)


def _of_program(rule: PolicyRule) -> Iterator[OfProgram]:
    match, effect = rule.match, rule.effect
    if match.programs and ANY_TEXT not in match.programs:
        yield _is_program(match.programs, effect)
    if match.subcommands:
        subcommand = _one_of(match.subcommands)
        yield lambda invocation: subcommand(invocation.subcommand)
    if match.classes:
        yield lambda invocation: invocation.command_class in match.classes
    if match.outside_workspace is not None:
        yield lambda invocation: bool(invocation.outside) is match.outside_workspace
    if match.options:
        options = _some_of(match.options, effect)
        yield lambda invocation: options(invocation.options)
    if match.arguments:
        yield _are_arguments(match.arguments, effect)
    if match.paths:
        paths = _some_of(match.paths, effect)
        yield lambda invocation: paths(invocation.paths)


def _is_program(globs: tuple[str, ...], effect: PolicyEffect) -> OfProgram:
    """A program that cannot be known may be any: it is restricted by what would restrict any of
    them, and allowed only by what allows every program. What a shell does by itself, such as a
    redirection, has no name either, but is known to be none of them."""
    named = _one_of(globs)

    def test(invocation: Invocation) -> object:
        if invocation.program:
            return named(invocation.program)
        is_known = invocation.command_class is not CommandClass.OPAQUE
        return not is_known and effect is not PolicyEffect.ALLOW

    return test


def _are_arguments(globs: tuple[str, ...], effect: PolicyEffect) -> OfProgram:
    joined, each = _one_of(globs), _some_of(globs, effect)
    return lambda invocation: joined(" ".join(invocation.arguments)) or each(invocation.arguments)


def _costs_more(cents: int) -> OfRequest:
    def test(request: DispatchRequest) -> bool:
        limit = request.budget.cost_cents if request.budget else None
        return limit is None or limit > cents

    return test


def _some_of(globs: tuple[str, ...], effect: PolicyEffect) -> OfTexts:
    """To restrict takes one of several; to allow takes all, and one at least."""
    one = _one_of(globs)
    if effect is not PolicyEffect.ALLOW:
        return lambda texts: any(one(text) for text in texts)

    def test(texts: Iterable[str]) -> bool:
        found = [one(text) for text in texts]
        return bool(found) and all(found)

    return test


def _one_of(globs: tuple[str, ...]) -> OfText:
    if not any(map(NOT_PLAIN.search, globs)):
        return frozenset(globs).__contains__
    pattern = re.compile("|".join(map(translate, globs))).fullmatch
    return lambda text: text is not None and pattern(text)
