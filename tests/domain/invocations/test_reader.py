"""What a command is read as."""

import dataclasses
from typing import Final

import pytest

from domain.invocations.paths import PIECES_MAX
from domain.invocations.reader import CHARACTERS_MAX, INVOCATIONS_MAX, WORDS_MAX, invocations
from domain.models.decisions import RiskLevel
from domain.models.invocations import CommandClass, Invocation

ROOT: Final = "/work/project"


def read(*command: str, cwd: str = ROOT) -> tuple[Invocation, ...]:
    return invocations(command, root=ROOT, cwd=cwd)


def programs(*command: str) -> list[str]:
    return [each.program for each in read(*command)]


def test_an_invocation_tells_all_of_a_command() -> None:
    """Options one by one, the subcommand behind options, paths, and those that lead out."""
    (only,) = read("/usr/bin/git", "-C", "../other", "push", "-fu", "origin", "main")

    expected = Invocation(
        program="git",
        arguments=("-C", "../other", "push", "-fu", "origin", "main"),
        subcommand="push",
        options=("-C", "-f", "-u"),
        paths=("../other",),
        outside=("../other",),
        command_class=CommandClass.DESTRUCTIVE,
        risk=RiskLevel.HIGH,
        is_wrapper=False,
        explanation="git takes away what may not come back, with -f.",
    )
    assert expected == only


def test_wrappers_come_before_what_they_start() -> None:
    """From the outside in, each a step."""
    command = ("env", "CI=1", "nice", "-n", "5", "timeout", "-k", "1", "9", "sh", "-lc", "ls | wc")

    assert ["env", "nice", "timeout", "sh", "ls", "wc"] == programs(*command)
    assert [True] * 4 + [False] * 2 == [each.is_wrapper for each in read(*command)]


def test_a_substitution_is_a_command_too() -> None:
    """In quotes, in backticks, as a file, inside one another."""
    text = 'echo "$(git rev-parse `whoami`)" <(date) ${x:-y}'

    assert ["bash", "whoami", "git", "date", "echo"] == programs("bash", "-c", text)


def test_all_ways_through_a_script_are_taken() -> None:
    """Conditions, loops, cases, groups; what comes after them, too."""
    text = (
        "if a; then b; elif c; then d; else e; fi; while f; do g; done; until h; do i; done\n"
        "case $x in (j|k) l;; *) m; esac; { n; }; (o) | p && q || ! r & s"
    )

    assert ["bash", *"abcdefghilmnopqrs"] == programs("bash", "-c", text)


def test_a_loop_over_plain_words_is_read_for_each() -> None:
    """So that its variable is known."""
    found = read("sh", "-c", 'for f in a.py ../b.py; do wc -l "$f"; done')

    assert [("a.py",), ("../b.py",)] == [each.paths for each in found if each.program == "wc"]
    assert [(), ("../b.py",)] == [each.outside for each in found if each.program == "wc"]


def test_a_change_of_the_folder_counts_for_what_follows() -> None:
    """`cd` and `-C` move what relative paths mean."""
    *_, last = read("sh", "-c", "cd src; cat ../../secret")
    (inside,) = read("make", "-C", "src", "test")

    assert ("../../secret",) == last.outside
    assert () == inside.outside


def test_a_command_that_starts_outside_reaches_out() -> None:
    """Whatever its arguments are."""
    (only,) = read("ls", cwd="/etc")

    assert RiskLevel.MEDIUM == only.risk


def test_the_same_path_may_be_inside_another_root() -> None:
    """`/work/project2` only begins with the same letters; the root itself is inside."""
    assert [RiskLevel.MEDIUM] == [each.risk for each in read("cat", "/work/project2/x")]
    assert [RiskLevel.LOW] == [each.risk for each in read("cat", "/work/project/x")]
    assert [RiskLevel.LOW] == [each.risk for each in read("ls", "/work/project")]


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        (("cat", "x"), RiskLevel.LOW),
        (("cat", "/opt/x"), RiskLevel.MEDIUM),
        (("cat", "/etc/shadow"), RiskLevel.HIGH),
        (("cat", "~/.ssh/config"), RiskLevel.HIGH),
        (("cp", "x", "y"), RiskLevel.MEDIUM),
        (("cp", "x", "/opt/y"), RiskLevel.HIGH),
    ],
)
def test_outside_the_workspace_everything_is_a_step_worse(
    command: tuple[str, ...], risk: RiskLevel
) -> None:
    """Reading there asks a person; secrets and writing ask an elevated one."""
    assert [risk] == [each.risk for each in read(*command)]


def test_what_is_understood_is_told_beside_what_is_not() -> None:
    """A text that ends in a riddle still shows the commands before it."""
    found = read("bash", "-c", "rm -rf /; f() { x; }; f")

    assert [CommandClass.OPAQUE, CommandClass.FORBIDDEN] == [each.command_class for each in found]


def test_what_is_too_much_to_read_is_opaque() -> None:
    """Too many words, too long, too deep, too many commands: said, and never silently cut."""
    deep = ["nice"] * 50 + ["ls"]
    many = ["sh", "-c", ";".join(["ls"] * 500)]
    wide = ["sh", "-c", "for a in 1 2 3 4 5 6 7 8 9; do " * 9 + "ls" + "; done" * 9]

    each = ["find", *["-exec", "ls", "{}", ";"] * 200]
    long = (["ls"] * (WORDS_MAX + 1), ["ls", "x" * CHARACTERS_MAX])

    for command in (*long, deep, many, wide, each):
        found = read(*command)
        assert CommandClass.OPAQUE in {each.command_class for each in found}
        assert len(found) <= INVOCATIONS_MAX + 1


def test_a_word_full_of_paths_is_not_looked_through() -> None:
    """It is taken to lead out, as soon as there are more than anybody would type."""
    inside = ",".join(f"{ROOT}/{number}" for number in range(PIECES_MAX))

    assert [()] == [each.outside for each in read("pytest", inside)]
    assert [("/",)] == [each.outside for each in read("pytest", f"{inside},{inside}")]
    assert [("/etc/x",)] == [each.outside for each in read("pytest", f"xml:/etc/x,{ROOT}/y")]


def test_nothing_is_found_in_nothing() -> None:
    """A prompt has no command."""
    assert () == read()


def test_every_class_has_a_sentence_for_people() -> None:
    """It ends with a full stop and names the program."""
    commands = ("ls", "pytest", "touch", "curl", "sudo", "rm", "eval", "halt", "frobnicate", "pip")
    for name in commands:
        first = read(name)[0]
        assert first.explanation.startswith(name)
        assert first.explanation.endswith(".")
    assert {each.name for each in dataclasses.fields(Invocation)} >= {"explanation"}


def test_a_command_in_quotes_is_told_as_what_it_is() -> None:
    """As one word it is the name of a program, which nobody has meant."""
    (quoted,), (odd,) = (invocations((word,), root="/w", cwd="/w") for word in ("ls -la", "l,s"))

    assert "a whole command" in quoted.explanation
    assert "not plain" in odd.explanation
