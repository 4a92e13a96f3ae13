"""How the tables of options are read, and that nothing is let through without one."""

from typing import Final

import pytest

from domain.invocations.arguments import ROWS, USAGES
from domain.invocations.classing import HAVE_NONE
from domain.invocations.programs import CLASS_OF, SAME_AS
from domain.invocations.reader import invocations
from domain.invocations.subcommands import SUBCOMMANDS
from domain.invocations.usage import read, usage_of
from domain.invocations.words import Word
from domain.models.decisions import PolicyVerdict
from domain.models.invocations import CommandClass
from tests.domain.labelled import ROOT, Labelled, judged, ordinary

LET_THROUGH: Final = (CommandClass.READ_ONLY, CommandClass.DEV_TOOL)
RUN_THE_WORKSPACE: Final = (("cargo", "run"), ("go", "run"), ("dotnet", "run"), ("mix", "run"))
"""Their arguments are those of the program that they build."""
ROW: Final = "-a -b -f= -t: -o? -A:: -l! --long= --flag --color? -p=~NAME -W* -#"


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(map(Word, texts))


def taken(*texts: str, row: str = ROW) -> tuple[list[str], list[str], list[str]]:
    """Options, operands and what may be a path."""
    arguments = read(words(*texts), usage_of(row, {}))
    assert () == arguments.unknown
    return (
        list(arguments.options),
        [word.text for word in arguments.operands],
        [word.text for word in arguments.looked_at],
    )


@pytest.mark.parametrize(
    ("texts", "options", "looked_at"),
    [
        (["-ab", "x"], ["-a", "-b"], ["x"]),
        (["-f", "x"], ["-f"], ["x"]),
        (["-fx"], ["-f"], ["x"]),
        (["-abfx"], ["-a", "-b", "-f"], ["x"]),
        (["-abf", "x"], ["-a", "-b", "-f"], ["x"]),
        (["--long=x"], ["--long"], ["x"]),
        (["--long", "x"], ["--long"], ["x"]),
        (["-t", "/"], ["-t"], []),
        (["-t", "/x"], ["-t"], ["/x"]),
        (["-t/x"], ["-t"], []),
        (["x", "-t", "/y"], ["-t"], ["x", "/y"]),
        (["-o", "x"], ["-o"], ["x"]),
        (["-ox"], ["-o"], ["x"]),
        (["--color=x"], ["--color"], ["x"]),
        (["-A", "x", "y", "z"], ["-A"], ["z"]),
        (["-12"], ["-12"], []),
        (["-Wall"], ["-Wall"], []),
        (["-f", "-a", "-b"], ["-f", "-a", "-b"], ["-a"]),
        (["-p", "abc"], ["-p"], ["abc"]),
    ],
)
def test_a_row_says_how_words_are_taken(
    texts: list[str], options: list[str], looked_at: list[str]
) -> None:
    """Glued or as the next word, a text never a path, unless it may be a file after all."""
    found = taken(*texts)

    assert (options, looked_at) == (found[0], found[2])


@pytest.mark.parametrize(
    "texts",
    [
        ["-x"],
        ["-ax"],
        ["--lon=x"],
        ["--fla"],
        ["--flag=x"],
        ["--longer=x"],
        ["-W/x"],
        ["-p", "a/b"],
        ["-pa-b"],
        ["-abx"],
        ["-a1x"],
        ["-f", "--", "-a"],
        ["-t", "--evil"],
        ["-A", "x", "-y"],
        ["--"[:1] + "é"],
    ],
)
def test_what_is_in_no_row_is_not_known(texts: list[str]) -> None:
    """Abbreviated options, values of flags and values that hide something, too."""
    assert () != read(words(*texts), usage_of(ROW, {})).unknown


def test_a_host_is_known_or_open() -> None:
    """Without one, a server takes any address."""
    usage = usage_of(ROW, {})

    assert () == read(words("-l", "localhost:80"), usage).hosts
    assert words("10.0.0.1") == read(words("-l", "10.0.0.1"), usage).hosts
    assert words("") == read(words("-l"), usage).hosts
    assert words("") == read(words("-l", "-a"), usage).hosts


def test_letters_are_not_joined_where_long_options_have_one_dash() -> None:
    """Nor is a value glued to one, unless the program takes it so."""
    whole = usage_of("-o= -race -a -b", {}, whole=True)

    assert ("-overlay",) == read(words("-overlay=x"), whole).unknown
    assert ("-ab",) == read(words("-ab"), whole).unknown
    assert () == read(words("--race"), whole).unknown
    glued = usage_of("-o= -Wall", {}, whole=True, glued=True)
    assert words("x") == read(words("-ox"), glued).looked_at


def test_what_is_glued_to_a_letter_may_be_more_letters() -> None:
    """Of tools for Node all letters of a word are options, and only a number is a value."""
    apart = usage_of("-o= -p= -w", {}, apart=True)

    assert () != read(words("-op", "x"), apart).unknown
    assert () == read(words("-wo", "x"), apart).unknown
    assert words("80") == read(words("-p80"), apart).looked_at


def test_options_end_at_a_command() -> None:
    """What another program takes is not read as one's own."""
    arguments = read(words("-a", "cmd", "-x", "--", "y"), usage_of("-a ...", {}))

    assert words("cmd", "-x", "--", "y") == arguments.rest
    assert words("-x") == read(words("--", "-x"), usage_of("-a ...", {})).rest


def test_every_program_that_is_let_through_has_a_table() -> None:
    """Of options, or of subcommands; those that have none are looked at elsewhere."""
    let_through = {name for name, kind in CLASS_OF.items() if kind in LET_THROUGH} - HAVE_NONE

    assert set() == {
        name
        for name in let_through
        if SAME_AS.get(name, name) not in ROWS and name not in SUBCOMMANDS
    }


def test_every_table_is_of_a_program() -> None:
    """No row is left behind when a program goes."""
    programs = {name.partition(" ")[0] for name in USAGES} - {"passed"}

    assert set() == programs - CLASS_OF.keys() - SUBCOMMANDS.keys()


def takes_more(case: Labelled) -> bool:
    """Whether more arguments would still be the program's own."""
    found = invocations(case.command, root=ROOT, cwd=ROOT)
    name = case.command[0].rpartition("/")[2]
    return (
        case.verdict is PolicyVerdict.ALLOW
        and len(found) == 1
        and SAME_AS.get(name, name) not in HAVE_NONE
        and case.command[:2] not in RUN_THE_WORKSPACE
        and "--" not in case.command
    )


def test_an_option_that_no_table_has_asks_a_person() -> None:
    """Behind every ordinary command: long, short, with a value."""
    cases = [case.command for case in ordinary() if takes_more(case)]

    let_through = [
        command + tuple(more)
        for command in cases
        for more in (["--no-such-option"], ["--no-such=x"], ["-\u00e9x"])
        if judged((*command, *more)).verdict is PolicyVerdict.ALLOW
    ]

    assert len(cases) > 250
    assert [] == let_through
