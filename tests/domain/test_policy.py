"""A decision is bound to everything that was looked at."""

from datetime import UTC, datetime

import pytest

from domain.ids import DecisionId, ProjectId
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.providers import EnvProfile
from domain.policy import decide

SHOWN: dict[str, object] = {
    "provider": "local",
    "command": ("git", "log"),
    "prompt": None,
    "cwd": "/work",
    "env_profile": EnvProfile.DEFAULT,
    "tool_scopes": ("read",),
}


def decision(**changed: object) -> Decision:
    """What the policy says of a launch that differs in these fields."""
    return decide(
        decision_id=DecisionId("1"),
        project_id=ProjectId("p"),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        **{**SHOWN, **changed},  # type: ignore[arg-type]
    )


def test_everything_is_allowed_for_now_with_a_reason() -> None:
    """The gate is in place although it is open: the verdict carries why."""
    assert PolicyVerdict.ALLOW is decision().verdict
    assert ["NO_RULES"] == [reason.code for reason in decision().reasons]


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": "far"},
        {"command": ("git", "push")},
        {"command": (), "prompt": "git log"},
        {"cwd": "/elsewhere"},
        {"env_profile": EnvProfile.CI},
        {"tool_scopes": ("read", "write")},
    ],
)
def test_other_content_has_another_digest(changed: dict[str, object]) -> None:
    """Each field that was shown changes the digest."""
    assert decision().input_digest != decision(**changed).input_digest


def test_the_order_of_scopes_does_not_matter() -> None:
    """Tool scopes are a set."""
    one, other = decision(tool_scopes=("a", "b")), decision(tool_scopes=("b", "a"))
    assert one.input_digest == other.input_digest
