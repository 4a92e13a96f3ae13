"""Settings of a project, through the API."""

from dataclasses import asdict
from typing import Any, Final

import pytest

from domain.models.sandbox import SandboxSettings
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

SETTINGS: Final = """settings { defaultProvider fallback selfApproval strictApprovers
    resumeInterrupted retentionDays version flags { connectors orchestration sdkSteps }
    budgets { costCentsPerRun } sandbox { required cpuMs memoryMib processes openFiles } }"""
UPDATE: Final = f"""mutation($input: ProjectSettingsUpdateInput!) {{
  projectSettingsUpdate(input: $input) {{ __typename
    ... on ProjectSettingsUpdatePayload {{ project {{ {SETTINGS} }} }}
    ... on UserError {{ code message }} ... on InvalidInput {{ path }} }} }}"""
FIRST: Final[Json] = {
    "defaultProvider": "local",
    "fallback": "NEVER",
    "selfApproval": False,
    "strictApprovers": False,
    "resumeInterrupted": False,
    "retentionDays": None,
    "version": 1,
    "flags": {"connectors": True, "orchestration": True, "sdkSteps": True},
    "budgets": {"costCentsPerRun": None},
    "sandbox": {
        "required": False,
        "cpuMs": None,
        "memoryMib": None,
        "processes": None,
        "openFiles": None,
    },
}


async def update(api: Api, token: str = ADMIN, project: str = "main", **fields: Any) -> Json:
    given = {"project": project, **fields}
    answer = await api.data(UPDATE, token=token, input=given)
    result: Json = answer["projectSettingsUpdate"]
    return result


async def told(api: Api) -> Json:
    answer = await api.data(f'{{ project(slug: "main") {{ {SETTINGS} }} }}')
    settings: Json = answer["project"]["settings"]
    return settings


async def test_a_new_project_has_everything_on_and_no_limit(api: Api) -> None:
    """Nobody approves for themselves until the project says so."""
    assert FIRST == await told(api)


async def test_what_is_absent_stays_as_it_is(api: Api) -> None:
    """One setting after the other; each change is a version."""
    held = {**FIRST["sandbox"], "required": True}
    steps: list[tuple[Json, Json]] = [
        ({"selfApproval": True}, {"selfApproval": True}),
        ({"strictApprovers": True}, {"strictApprovers": True}),
        ({"resumeInterrupted": True}, {"resumeInterrupted": True}),
        ({"fallback": "LOCAL"}, {"fallback": "LOCAL"}),
        (
            {"flags": {"connectors": False, "sdkSteps": False}},
            {"flags": {"connectors": False, "orchestration": True, "sdkSteps": False}},
        ),
        (
            {"flags": {"connectors": True}},
            {"flags": {"connectors": True, "orchestration": True, "sdkSteps": False}},
        ),
        (
            {"retentionDays": 30, "budgets": {"costCentsPerRun": 250}},
            {"retentionDays": 30, "budgets": {"costCentsPerRun": 250}},
        ),
        ({"retentionDays": None, "budgets": {}}, {"retentionDays": None}),
        ({"budgets": {"costCentsPerRun": None}}, {"budgets": {"costCentsPerRun": None}}),
        (
            {"sandbox": {"required": True, "cpuMs": 2999, "memoryMib": 4_000_000, "processes": 9}},
            {"sandbox": {**held, "cpuMs": 2000, "memoryMib": 4_000_000, "processes": 9}},
        ),
        (
            {"sandbox": {"cpuMs": None, "memoryMib": None, "processes": None, "openFiles": 16}},
            {"sandbox": {**held, "openFiles": 16}},
        ),
    ]
    expected = FIRST
    for given, changed in steps:
        expected = {**expected, **changed, "version": expected["version"] + 1}
        answered = await update(api, **given)
        assert expected == answered["project"]["settings"]
        assert expected == await told(api)


async def test_what_changes_nothing_is_no_version(api: Api) -> None:
    """Nor is it in the audit log."""
    assert 1 == (await update(api, selfApproval=False))["project"]["settings"]["version"]
    assert [] == await entries(api)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"defaultProvider": "nope"}, ["defaultProvider"]),
        ({"defaultProvider": ""}, ["defaultProvider"]),
        ({"defaultProvider": None}, ["defaultProvider"]),
        ({"selfApproval": None}, ["selfApproval"]),
        ({"strictApprovers": None}, ["strictApprovers"]),
        ({"resumeInterrupted": None}, ["resumeInterrupted"]),
        ({"flags": None}, ["flags"]),
        ({"flags": {"sdkSteps": None}}, ["flags", "sdkSteps"]),
        ({"retentionDays": 0}, ["retentionDays"]),
        ({"retentionDays": 36501}, ["retentionDays"]),
        ({"budgets": None}, ["budgets"]),
        ({"budgets": {"costCentsPerRun": -1}}, ["budgets", "costCentsPerRun"]),
        ({"sandbox": {"required": None}}, ["sandbox", "required"]),
        ({"sandbox": {"cpuMs": 999}}, ["sandbox", "cpuMs"]),
        ({"sandbox": {"memoryMib": 15}}, ["sandbox", "memoryMib"]),
        ({"sandbox": {"processes": 9}}, ["sandbox", "processes"]),
        ({"sandbox": {"openFiles": -1}}, ["sandbox", "openFiles"]),
    ],
)
async def test_bad_input_is_named_by_its_path(api: Api, given: Json, path: list[str]) -> None:
    """And nothing is changed, also not what is good beside it."""
    refused = await update(api, **{"selfApproval": True, **given})
    assert ("INVALID_INPUT", path) == (refused["code"], refused["path"])
    assert FIRST == await told(api)


@pytest.mark.parametrize(
    ("token", "code"),
    [(OPERATOR, "NOT_PERMITTED"), (ONLOOKER, "NOT_PERMITTED"), (STRANGER, "NOT_FOUND")],
)
async def test_who_does_not_administer_changes_nothing(api: Api, token: str, code: str) -> None:
    """Those who see the project are told so; to others it is not there."""
    assert code == (await update(api, token, selfApproval=True))["code"]
    assert FIRST == await told(api)


async def entries(api: Api) -> list[Json]:
    """What was done to the project's settings, as the audit log has it."""
    asked = """{ project(slug: "main") { auditLog(filter: {action: [PROJECT_SETTINGS_UPDATE]}) {
        nodes { result before after } } } }"""
    nodes: list[Json] = (await api.data(asked))["project"]["auditLog"]["nodes"]
    return nodes


async def test_a_change_is_in_the_audit_log(api: Api) -> None:
    """With what was before and after it."""
    await update(api, flags={"orchestration": False}, selfApproval=True)

    (entry,) = await entries(api)
    before = {
        "version": 1,
        "defaultProvider": "local",
        "fallback": "NEVER",
        "selfApproval": False,
        "disabled": [],
    }
    before["strictApprovers"] = before["resumeInterrupted"] = False
    limits = {"retentionDays": None, "costCentsPerRun": None, "sandbox": asdict(SandboxSettings())}
    after = {"version": 2, "selfApproval": True, "disabled": ["ORCHESTRATION"]}
    assert {
        "result": "DONE",
        "before": {**before, **limits},
        "after": {**before, **limits, **after},
    } == entry


async def test_a_change_is_told_to_who_follows_the_project(api: Api) -> None:
    """With the settings as they are by now."""
    await update(api, selfApproval=True)
    asked = """{ project(slug: "main") { events(first: 9) { nodes { actor { name }
      ... on ProjectSettingsChanged { version project { settings { selfApproval } } } } } } }"""
    assert [
        {"actor": {"name": "ada"}, "version": 2, "project": {"settings": {"selfApproval": True}}}
    ] == (await api.data(asked))["project"]["events"]["nodes"]
