"""What is written to a run's own output file, and what only looks so."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from adapters.local.adapter import LocalAdapter
from adapters.local.protocol import OUTPUT_VARIABLE as SET_BY_ADAPTER
from domain.invocations.outputs import HAVE_OUTPUT_FILE, MAY_SET, OUTPUT_VARIABLE
from domain.invocations.reader import invocations
from domain.models.decisions import PolicyVerdict
from domain.models.invocations import CommandClass, Invocation
from tests.domain.labelled import ROOT, judged

WRITE: Final = 'echo x=1 >> "$WORKBENCH_OUTPUT"'
SHELLS: Final = [name for name in ("bash", "dash", "sh") if shutil.which(name)]
RUN_S: Final = 5
NAME_PARTS: Final = ("WORKBENCH_OUTPUT", "WORKBENCH_OUT''PUT", "${x}OUTPUT", "x", "y", "$x", "$y")
PIECES: Final = (
    *("{}=owned", "export {}=owned", "export y={}", "readonly {}=owned", "y={}", "x=WORKBENCH_"),
    *(
        "read {}",
        "read -r {}",
        "printf -v {} owned",
        "printf {} {} owned",
        "printf a%n {}",
        "x=-v",
        "unset {}",
    ),
    *("declare {}=owned", "declare -n y={}", "declare -n y", "y={}=5", "[[ y -eq 5 ]]", "test {}"),
    *("[ -v {} ]", "let {}=5", "for {} in owned; do " + WRITE + "; done", "eval {}=owned"),
    *(": ${{" + name + ":=owned}}" for name in ("WORKBENCH_OUTPUT", "x")),
    *("( {}=owned; " + WRITE + " )", "{}=owned " + WRITE, "set -e {}", "exec {{{}}}>&1"),
    *("env {}=owned sh -c '" + WRITE + "'", "sh -c '{}=owned; " + WRITE + "'", "mapfile {}"),
    *(WRITE, WRITE, "echo x=1 > ${{{}}}", "echo x=1 >> ${}", 'echo x=1 >> "${}"', "echo {}"),
)
statements = st.tuples(
    st.sampled_from(PIECES), st.sampled_from(NAME_PARTS), st.sampled_from(NAME_PARTS)
).map(lambda parts: parts[0].replace(WRITE, "\0").format(*parts[1:]).replace("\0", WRITE))
scripts = st.lists(
    st.tuples(statements, st.sampled_from(["; ", "\n", " && ", " || ", " | "])), max_size=5
).map(lambda pairs: "".join(map("".join, pairs)) + WRITE)


def read(*command: str, output: str | None = OUTPUT_VARIABLE) -> list[Invocation]:
    return list(invocations(command, root=ROOT, cwd=ROOT, output=output))


def of_echo(text: str) -> CommandClass:
    return next(each.command_class for each in read("sh", "-c", text) if each.program == "echo")


def test_the_variable_is_the_one_that_the_adapter_sets() -> None:
    """The domain names it and the provider; both are the adapter's to say."""
    assert (SET_BY_ADAPTER, [LocalAdapter.key]) == (OUTPUT_VARIABLE, [*HAVE_OUTPUT_FILE])


def test_it_is_as_harmless_as_the_program_and_still_a_path() -> None:
    """A rule about paths sees what is written to."""
    _, echo = read("sh", "-c", WRITE)

    assert (CommandClass.READ_ONLY, ("$WORKBENCH_OUTPUT",), ()) == (
        echo.command_class,
        echo.paths,
        echo.outside,
    )


def test_without_an_output_file_it_is_a_variable_like_others() -> None:
    """On a provider that does not set it, nobody knows who has."""
    assert CommandClass.OPAQUE is read("sh", "-c", WRITE, output=None)[1].command_class
    assert CommandClass.OPAQUE is read("sh", "-c", WRITE, output="OTHER")[1].command_class


@pytest.mark.parametrize("builtin", sorted(MAY_SET - {"[["}))
def test_a_builtin_that_may_set_it_takes_the_trust_away(builtin: str) -> None:
    """Before or after, whatever the policy says of the builtin itself."""
    assert CommandClass.OPAQUE is of_echo(f"{builtin} y; {WRITE}")
    assert CommandClass.OPAQUE is of_echo(f"while {WRITE}; do {builtin} y; done")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "read $y",
            "read -a y",
            "read y*",
            "export $y",
            "export -n y",
            "readonly y$x",
            "unset $y",
        ),
        *("test -v y", "[ -R y ]", "[ $y ]", "[[ y -eq 5 ]]", "set -k", "set -o $y", "set -- y"),
        *("printf -v y x", "printf $y", "printf {-v,y}", "printf *", "printf", "printf `ls`"),
        *("printf a%n y", "printf a$y y", "printf %-5ln y", 'printf "$y%s" y', "printf 5%%%n y"),
    ],
)
def test_what_may_set_it_in_some_ways_does_so_in_these(text: str) -> None:
    """A name, a format or an operator that only a shell can tell."""
    shell = "bash" if text.startswith("[[") else "sh"
    found = read(shell, "-c", f"{text}; {WRITE}")
    assert CommandClass.OPAQUE is next(e.command_class for e in found if e.program == "echo")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "read y",
            "read -r x y",
            "export CI=1",
            "readonly y",
            "unset y",
            "[ -f x ]",
            "test a = b",
        ),
        *(
            "set -eu",
            "bash -c 'set -euo pipefail'",
            "printf 'a%s' $y",
            "printf '5%%: %-5.2f\\n' 1",
            "y=$(ls)",
        ),
    ],
)
def test_what_sets_other_variables_is_not_in_the_way(text: str) -> None:
    """By names that stand there."""
    assert CommandClass.READ_ONLY is of_echo(f"{text}; {WRITE}")


@pytest.mark.parametrize("text", ["> /dev/null", "(ls) > /dev/null", f"(ls) {WRITE[9:]}"])
def test_a_shell_that_only_joins_files_starts_nothing(text: str) -> None:
    """It was once answered by an error."""
    assert PolicyVerdict.ALLOW is judged(("sh", "-c", text)).verdict


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(st.sampled_from(SHELLS), scripts)
@example("bash", f"read -r y; {WRITE}")
def test_what_is_allowed_writes_nowhere_else(tmp_path: Path, shell: str, text: str) -> None:
    """In real shells, which read `owned` from their input wherever they are told to."""
    command = (shell, "-c", text)
    assume(judged(command).verdict is PolicyVerdict.ALLOW)
    work = tmp_path / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()

    subprocess.run(
        [shutil.which(shell) or shell, "-c", text],
        cwd=work,
        env={"PATH": os.defpath, OUTPUT_VARIABLE: os.fspath(tmp_path / "outputs")},
        input=b"owned\n" * 9,
        capture_output=True,
        timeout=RUN_S,
        check=False,
    )

    assert [] == list(work.iterdir()), shlex.join(command)
