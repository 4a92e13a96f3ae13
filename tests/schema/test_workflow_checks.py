"""Workflows that are only looked at: the same is told as where they are written down."""

from typing import Any, Final

import pytest
from sqlalchemy import func, select

from domain.limits import FAULTS_MAX, STEPS_MAX
from persistence.audit_tables import audit_entries
from persistence.workflow_tables import workflows
from tests.schema.api import ONLOOKER, OPERATOR, STRANGER, Api
from tests.schema.test_bad_workflows import BAD
from tests.schema.test_workflows import FILE, INPUT

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

FAULTS: Final = "faults { path message line column }"
CHECK: Final = f"""query ($input: WorkflowCreateInput!) {{ workflowCheck(input: $input) {{
  isValid isNew name version {FAULTS} steps {{ key type needs }} edges {{ from to }} }} }}"""
CREATE: Final = f"""mutation ($input: WorkflowCreateInput!) {{ workflowCreate(input: $input) {{
  ... on WorkflowCreatePayload {{ workflow {{ version }} }}
  ... on InvalidInput {{ {FAULTS} }} }} }}"""
SMALL: Final = "{name: small, steps: [{key: a, command: ['true']}, {key: b, validate: 'true'}]}"
FAULTY: Final = """\
name: faulty
steps:
  - { key: lint, command: [ruff, check, .] }
  - key: test
    needs:
      - lint
      - lnit
    command: pytest
  - { key: gate,
      valdate: "true" }
"""


async def checked(api: Api, **given: Any) -> dict[str, Any]:
    asked = {"project": "main", **given}
    found: dict[str, Any] = (await api.data(CHECK, token=OPERATOR, input=asked))["workflowCheck"]
    return found


async def created(api: Api, **given: Any) -> dict[str, Any]:
    asked = {"project": "main", **given}
    found: dict[str, Any] = (await api.data(CREATE, token=OPERATOR, input=asked))["workflowCreate"]
    return found


async def stored(api: Api) -> list[int]:
    """How many workflows there are, and how many audit entries."""
    async with api.workbench.database._engines.reader.connect() as connection:
        counts = [select(func.count()).select_from(table) for table in (workflows, audit_entries)]
        return [(await connection.execute(count)).scalar_one() for count in counts]


async def test_what_is_sound_is_shown_and_not_stored(api: Api) -> None:
    """With its plan and the version that it would be, which it then is."""
    before = await stored(api)
    expected = {
        "isValid": True,
        "isNew": True,
        "name": "small",
        "version": 1,
        "faults": [],
        "steps": [
            {"key": "a", "type": "COMMAND", "needs": []},
            {"key": "b", "type": "VALIDATION", "needs": ["a"]},
        ],
        "edges": [{"from": "a", "to": "b"}],
    }

    assert expected == await checked(api, yaml=SMALL)
    assert before == await stored(api)
    assert {"version": 1} == (await created(api, yaml=SMALL))["workflow"]
    assert {**expected, "isNew": False} == await checked(api, yaml=SMALL)
    changed = SMALL.replace("'true'}]", "'false'}]")
    assert {**expected, "version": 2} == await checked(api, yaml=changed)
    assert {"version": 2} == (await created(api, yaml=changed))["workflow"]


async def test_all_faults_of_a_file_are_told_with_their_lines(api: Api) -> None:
    """Where it is written; what is missing, where it should be. Written down they are the same."""
    found = await checked(api, yaml=FAULTY)
    places = {".".join(each["path"]): (each["line"], each["column"]) for each in found["faults"]}

    assert (False, False, None, None, [], []) == tuple(
        found[name] for name in ("isValid", "isNew", "name", "version", "steps", "edges")
    )
    assert {"steps.1.command": (8, 5), "steps.2.valdate": (10, 7)} == places
    assert found["faults"] == (await created(api, yaml=FAULTY))["faults"]

    reading = FAULTY.replace("command: pytest", "command: [pytest]").replace("valdate", "validate")
    first, _ = (await checked(api, yaml=reading))["faults"]
    assert (["steps", "1", "needs", "1"], 7, 9) == (first["path"], first["line"], first["column"])


async def test_faults_of_inputs_have_no_lines(api: Api) -> None:
    """There is no file that they could be of."""
    steps = [{"key": "a", "work": {"command": ["x"]}, "needs": ["b"]}]
    (fault,) = (await checked(api, definition={"name": "x", "steps": steps}))["faults"]

    assert (["steps", "0", "needs", "0"], None, None) == (
        fault["path"],
        fault["line"],
        fault["column"],
    )


async def test_what_a_check_answers_is_bounded(api: Api) -> None:
    """Steps are counted as those of workflows are, however often an answer has them."""
    steps = "".join(f"  - {{key: s{n}, command: [x]}}\n" for n in range(STEPS_MAX))
    asked = " ".join(f"a{n}: steps {{ key }}" for n in range(61))
    document = f"""query ($input: WorkflowCreateInput!) {{
      workflowCheck(input: $input) {{ {asked} }} }}"""
    given = {"project": "main", "yaml": f"name: x\nsteps:\n{steps}"}

    assert "QUOTA_EXCEEDED" == await api.code(document, token=OPERATOR, input=given)


async def test_a_file_and_inputs_come_to_the_same(api: Api) -> None:
    """The faults of this one: nobody could approve."""
    by_file, by_inputs = await checked(api, yaml=FILE), await checked(api, definition=INPUT)
    told = [
        [(each["path"], each["message"]) for each in by["faults"]] for by in (by_file, by_inputs)
    ]

    assert told[0] == told[1]
    assert ["steps", "5", "approval"] == told[0][0][0]


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_file_is_told_of(api: Api, name: str) -> None:
    """As it is where it is written down, to the letter; with at most so many faults."""
    text, _, about = BAD[name]
    found = await checked(api, yaml=text)

    assert about in found["faults"][0]["message"]
    assert len(found["faults"]) <= FAULTS_MAX
    assert found["faults"] == (await created(api, yaml=text))["faults"]


@pytest.mark.parametrize(
    ("token", "given", "code"),
    [
        (OPERATOR, {}, "INVALID_INPUT"),
        (OPERATOR, {"yaml": SMALL, "definition": INPUT}, "INVALID_INPUT"),
        (OPERATOR, {"yaml": SMALL, "project": "none"}, "NOT_FOUND"),
        (ONLOOKER, {"yaml": SMALL}, "NOT_PERMITTED"),
        (STRANGER, {"yaml": SMALL}, "NOT_FOUND"),
    ],
)
async def test_what_cannot_be_checked_is_an_error(
    api: Api, token: str, given: dict[str, Any], code: str
) -> None:
    """No workflow at all, a project that is not there, and who may not write workflows."""
    assert code == await api.code(CHECK, token=token, input={"project": "main", **given})
