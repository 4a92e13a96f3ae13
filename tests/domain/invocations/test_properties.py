"""What holds for every command, whatever anybody thinks of."""

import shlex
from collections.abc import Callable, Sequence
from typing import Final

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from domain.invocations.outputs import OUTPUT_VARIABLE
from domain.invocations.reader import INVOCATIONS_MAX, invocations
from domain.models.decisions import RiskLevel
from domain.models.invocations import CommandClass, Invocation
from tests.domain.labelled import ROOT, evasions, ordinary

KNOWN: Final = [case.command for case in ordinary() + evasions()]
SIGNS: Final = "; & | && || ;; ( ) { } < > >> << <<- <<< &> >& ' \" \\ $ ` # ! ~ * ? [ [[ ]] = :"
KEYWORDS: Final = "if then elif else fi for in do done while until case esac function time select"
PIECES: Final = "ls rm -rf / -c sh $( ${ $(( )) <( $' $x ${x} x=1 f() EOF 'a \"c -exec xargs cd .."
FRAGMENTS: Final = (*f"{SIGNS} {KEYWORDS} {PIECES}".split(), " ", "\n", "\t", "\\\n")
WRAPPERS: Final[dict[str, Callable[[list[str]], list[str]]]] = {
    "env": lambda command: ["env", "CI=1", *command],
    "nice": lambda command: ["nice", "-n", "5", *command],
    "timeout": lambda command: ["timeout", "-k", "1", "9", *command],
    "nohup": lambda command: ["nohup", *command],
    "stdbuf": lambda command: ["stdbuf", "-oL", *command],
    "setsid": lambda command: ["setsid", "-w", *command],
    "sudo": lambda command: ["sudo", "-u", "root", *command],
    "xargs": lambda command: ["xargs", "-n", "1", *command],
    "sh": lambda command: ["sh", "-c", shlex.join(command)],
    "bash": lambda command: ["bash", "-lc", f"true && ( {shlex.join(command)} ) | cat"],
    "substitution": lambda command: ["bash", "-c", f'echo "$({shlex.join(command)})"'],
    "condition": lambda command: ["sh", "-c", f"if true; then {shlex.join(command)}; fi"],
    "find": lambda command: ["find", ".", "-exec", *command, ";"],
    "flock": lambda command: ["flock", "lock", *command],
    "watch": lambda command: ["watch", shlex.join(command)],
    "split": lambda command: ["env", "-S", shlex.join(command)],
}

shell_texts = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)
argvs = st.one_of(
    st.lists(st.text(max_size=30), max_size=8),
    st.tuples(st.sampled_from(["sh", "bash", "zsh"]), st.just("-c"), shell_texts).map(list),
    st.tuples(
        st.sampled_from(sorted({command[0] for command in KNOWN})),
        st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=9), max_size=6),
    ).map(lambda pair: [pair[0], *pair[1]]),
    st.sampled_from(KNOWN).flatmap(lambda command: st.permutations(list(command))),
)


def severity(found: Sequence[Invocation]) -> tuple[bool, int]:
    """Whether it is denied, and the worst risk."""
    forbidden = any(each.command_class is CommandClass.FORBIDDEN for each in found)
    return forbidden, max(list(RiskLevel).index(each.risk) for each in found)


@settings(max_examples=400, deadline=None)
@given(argvs)
@example(["sh", "-c", "[[ ]]"])
@example(["sh", "-c", "for x in " + "a " * 99 + "; do for y in b c; do done done"])
@example(["bash", "-c", "{" * 3000])
@example(["bash", "-c", "$(" * 3000])
@example(["bash", "-c", "`" * 3001])
@example(["find", "-exec"])
@example([""])
def test_any_text_is_read_alike_and_within_bounds(command: list[str]) -> None:
    """It never raises, says the same again, and finds something, but not without end."""
    found = invocations(command, root=ROOT, cwd=ROOT)

    assert found == invocations(command, root=ROOT, cwd=ROOT)
    assert bool(command) is bool(found)
    assert len(found) <= INVOCATIONS_MAX + 1


@settings(max_examples=800, deadline=None)
@given(st.sampled_from(KNOWN), st.lists(st.sampled_from(sorted(WRAPPERS)), min_size=1, max_size=3))
def test_no_wrapper_makes_a_command_look_better(
    command: tuple[str, ...], wrappers: list[str]
) -> None:
    """Not one, and not one in another."""
    assume(command[0] and not command[0].startswith("-") and "=" not in command[0])
    assume(not {";", "{}", "+"} & set(command))
    wrapped = list(command)
    for name in wrappers:
        wrapped = WRAPPERS[name](wrapped)
    assume(wrappers.count("find") <= 1)

    inner = severity(invocations(command, root=ROOT, cwd=ROOT, output=OUTPUT_VARIABLE))
    outer = severity(invocations(wrapped, root=ROOT, cwd=ROOT, output=OUTPUT_VARIABLE))

    assert outer >= inner, wrapped
