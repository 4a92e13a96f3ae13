"""`workbench workflow validate`, `apply` and `graph`, on a real server."""

import json
from pathlib import Path
from typing import Final

import pytest

from tests.cli.served import Served, written

pytestmark = [pytest.mark.xdist_group("terminal-workflows"), pytest.mark.timeout(180)]

SOUND: Final = """
name: {name}
steps:
  - {{ key: lint, command: ["true"], needs: [] }}
  - {{ key: test, command: ["true"], needs: [] }}
  - {{ key: end, validate: "true", needs: [lint, test] }}
"""
FAULTY: Final = """\
name: faulty
steps:
  - key: lint
    comand: [ruff]
  - key: test
    command: [pytest]
    timeoutMs: soon
"""
CIRCLE: Final = """\
name: circle
steps:
  - { key: a, command: ["true"], needs: [b] }
  - { key: b, command: ["true"], needs: [a] }
"""


@pytest.fixture
def served(workflow_server: Served) -> Served:
    return workflow_server


def names(served: Served) -> set[str]:
    """Of workflows that are written down, as far as `run` finds them."""
    found = json.loads(served.workflow("list", "--json")[1])
    return {run["workflow"]["name"] for run in found}


def test_a_sound_file_is_said_to_be(served: Served, tmp_path: Path) -> None:
    """With the version that it would be; it is not there before it is applied, and is after."""
    path = written(tmp_path, SOUND.format(name="checked"))

    said = "checked: nothing is wrong; 3 steps; would be version 1\n"
    assert [(0, said, "")] * 2 == [served.workflow("validate", path) for _ in range(2)]
    assert 125 == served.workflow("graph", "checked")[0]
    assert (0, "") == served.workflow("apply", path)[::2]
    said = "checked: nothing is wrong; 3 steps; is version 1, which is there\n"
    assert (0, said, "") == served.workflow("validate", path)


def test_all_faults_are_told_as_compilers_tell_them(served: Served, tmp_path: Path) -> None:
    """File, line and column, then the path and what is wrong; the exit code says that it is."""
    path = written(tmp_path, FAULTY)
    code, out, err = served.workflow("validate", path)

    assert (1, "") == (code, err)
    assert [
        f"{path}:4:5: steps.0.comand: There is no 'comand' here. Did you mean 'command'?",
        f"{path}:7:5: steps.1.timeoutMs: timeoutMs is a whole number.",
    ] == out.splitlines()
    code, out, _ = served.workflow("validate", path, "--json")
    found = json.loads(out)
    assert (1, False, [4, 7]) == (
        code,
        found["isValid"],
        [fault["line"] for fault in found["faults"]],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CIRCLE, ":3:34: steps.0.needs: These steps need one another in a circle: a -> b -> a."),
        ("name: x\nname: y\n", ":2:1: the key 'name' is here twice."),
        ("", ": Not a mapping of names to values."),
    ],
)
def test_a_fault_has_its_place(served: Served, tmp_path: Path, text: str, told: str) -> None:
    """Of what it means, and of what is no YAML; where there is no line, there is the file."""
    path = written(tmp_path, text)

    assert (1, f"{path}{told}\n", "") == served.workflow("validate", path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("validate", "none.yaml"), "There is no file none.yaml."),
        (("validate", "{file}", "--project", "none"), "NOT_FOUND"),
        (("apply", "none.yaml"), "There is no file none.yaml."),
        (("graph", "none"), "There is no workflow 'none'"),
    ],
)
def test_what_cannot_be_looked_at_is_another_code(
    served: Served, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """125, and a sentence on standard error: it is not the file that is wrong."""
    path = written(tmp_path, SOUND.format(name="there"))
    code, out, err = served.workflow(*(path if word == "{file}" else word for word in words))

    assert (125, "") == (code, out)
    assert err.startswith("workbench: ")
    assert told in err or told == "NOT_FOUND"


def test_what_is_wrong_is_not_applied(served: Served, tmp_path: Path) -> None:
    """The faults are the same."""
    code, out, err = served.workflow("apply", written(tmp_path, FAULTY))

    assert (125, "", 2) == (code, out, len(err.splitlines()))
    assert "steps.1.timeoutMs: timeoutMs is a whole number. (line 7)" in err


def test_a_plan_is_drawn(served: Served, tmp_path: Path) -> None:
    """Of a file without writing it down, of a name and of an id: in three languages."""
    path = written(tmp_path, SOUND.format(name="drawn"))

    of_file = served.workflow("graph", path)
    assert (0, "") == of_file[::2]
    assert [
        "1  lint  COMMAND",
        "   test  COMMAND",
        "2  end   VALIDATION  after lint, test",
    ] == of_file[1].splitlines()
    assert 125 == served.workflow("graph", "drawn")[0]
    made = served.workflow("apply", path)[1].split()[-1]
    assert of_file == served.workflow("graph", "drawn") == served.workflow("graph", made)
    assert [
        "flowchart TD",
        '    s0["lint: COMMAND"]',
        '    s1["test: COMMAND"]',
        '    s2["end: VALIDATION"]',
        "    s0 --> s2",
        "    s1 --> s2",
    ] == served.workflow("graph", "drawn", "--format", "mermaid")[1].splitlines()
    assert [
        'digraph "drawn" {',
        "    node [shape=box];",
        '    s0 [label="lint\\nCOMMAND"];',
        '    s1 [label="test\\nCOMMAND"];',
        '    s2 [label="end\\nVALIDATION"];',
        "    s0 -> s2;",
        "    s1 -> s2;",
        "}",
    ] == served.workflow("graph", made, "--format", "dot")[1].splitlines()
    assert set() == names(served) & {"drawn"}


def test_a_plan_with_a_circle_is_not_drawn(served: Served, tmp_path: Path) -> None:
    """What is wrong is told in its place."""
    path = written(tmp_path, CIRCLE)
    code, out, err = served.workflow("graph", path)

    assert (125, "") == (code, out)
    assert f"{path}:3:34: steps.0.needs: " in err


def test_the_plan_of_a_run_has_its_states(served: Served, tmp_path: Path) -> None:
    """As far as it has come."""
    path = written(tmp_path, SOUND.format(name="run-drawn"))
    run_id = served.workflow("run", path, "--follow")[1].split()[-1]

    assert [
        "1  lint  COMMAND     SUCCEEDED",
        "   test  COMMAND     SUCCEEDED",
        "2  end   VALIDATION  SUCCEEDED  after lint, test",
    ] == served.workflow("graph", run_id)[1].splitlines()
