"""What real shells start of a text, against what was read of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.invocations.reader import invocations
from domain.models.invocations import CommandClass

STUBS: Final = ("aa", "bb", "cc")
"""Programs that log their names; the second one fails."""
SIGNS: Final = "; & | && || ;; ( ) { } < > >> << <<- <<< &> >& 2>&1 ' \" \\ $ ` # ! * ? [[ ]] = : -"
WORDS: Final = (
    "if then elif else fi for x in do done case esac time E $( ${ <( $' $x ${x} x=1 aa bb"
)
PIECES: Final = (
    *f"{SIGNS} {WORDS} aa bb cc".split(),
    *(
        " ",
        " ",
        "\n",
        "\t",
        "\\\n",
        "'aa'",
        '"$x"',
        "$(cc)",
        "a'a'",
        "$'aa'",
        "\\'",
        " eval ",
        " exec ",
    ),
    *(
        "cat",
        "((",
        "x in aa bb; do ",
        "echo ",
        " <<E\n",
        "\nE\n",
        "case x in x) ",
        "$((1))",
        "{aa,bb}",
    ),
)
FUNCTION: Final = re.compile(r"\(\s*\)|while|until")
SHELLS: Final = [name for name in ("bash", "dash", "sh") if shutil.which(name)]
RUN_S: Final = 5
OPAQUE: Final = CommandClass.OPAQUE

TEMPLATES: Final = (
    *(
        "{} | {}",
        "{} && {}",
        "{} || {}",
        "{}; {}",
        "{} & {}",
        "{}\n{}",
        "( {} )\n{}",
        "{{ {}; }}; {}",
    ),
    *("if {}; then {}; fi", "if bb; then {}; else {}; fi", "for x in a b; do {}; done; {}"),
    *('echo "$({})" `{}`', "case x in y) {};; *) {};; esac", "! {}; {}", "time {}; {}"),
    *("{} > out 2>&1; {}", "{} <<E\ntext\nE\n{}", "x=1 {}; {}", "eval '{}'; {}", "({}) > out; {}"),
    *('echo "a $({}) b" > out; {}', "{} # bb\n{}", "{} \\\n && {}", "true || {}; {}"),
)
names = st.sampled_from(("aa", "bb", "cc", "a'a'", 'c"c"', "\\bb", "'aa'", "$'cc'", "command aa"))
scripts = st.recursive(
    names,
    lambda inner: st.tuples(st.sampled_from(TEMPLATES), inner, inner).map(
        lambda parts: parts[0].format(parts[1], parts[2])
    ),
    max_leaves=6,
)
broken = st.tuples(scripts, st.sampled_from(PIECES), st.integers(0, 60)).map(
    lambda parts: parts[0][: parts[2]] + parts[1] + parts[0][parts[2] :]
)
texts = scripts | broken | st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where nothing but the stubs can be started."""
    path = tmp_path_factory.mktemp("stubs")
    for name in STUBS:
        stub = path / name
        stub.write_text(f'#!/bin/sh\necho {name} >> "$LOG"\n[ {name} != bb ]\n')
        stub.chmod(0o755)
    return path


def started(shell: str, text: str, folder: Path) -> set[str]:
    """The stubs that a real shell starts."""
    log, work = folder / "log", folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    log.write_text("")
    subprocess.run(
        [shutil.which(shell) or shell, "-c", text],
        cwd=work,
        env={"PATH": os.fspath(folder), "LOG": os.fspath(log)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=RUN_S,
        check=False,
    )
    return set(log.read_text().split())


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(SHELLS), texts)
def test_what_a_shell_starts_was_read(folder: Path, shell: str, text: str) -> None:
    """Every program that runs was found, unless the text was called opaque."""
    found = invocations([shell, "-c", text], root="/work", cwd="/work")
    if FUNCTION.search(text) or OPAQUE in {each.command_class for each in found}:
        return

    missed = started(shell, text, folder) - {each.program for each in found}

    assert set() == missed, (shell, text)
