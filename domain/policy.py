"""What may be dispatched. Until a project can have rules of its own, everything may."""

from datetime import datetime
from typing import Final

from domain.digest import digest
from domain.ids import DecisionId, ProjectId
from domain.models.decisions import Decision, DecisionReason, PolicyVerdict, RiskLevel
from domain.models.providers import EnvProfile

POLICY_VERSION: Final = 0
NO_RULES: Final = DecisionReason(
    code="NO_RULES", explanation="The project has no policy rules yet.", rule=None
)


def decide(
    *,
    decision_id: DecisionId,
    project_id: ProjectId,
    provider: str,
    command: tuple[str, ...],
    prompt: str | None,
    cwd: str,
    env_profile: EnvProfile,
    tool_scopes: tuple[str, ...],
    at: datetime,
) -> Decision:
    """The verdict on one dispatch, bound to all that was looked at by its digest."""
    risk = RiskLevel.MEDIUM
    shown = {
        "provider": provider,
        "command": list(command),
        "prompt": prompt,
        "cwd": cwd,
        "envProfile": env_profile,
        "toolScopes": sorted(tool_scopes),
        "risk": risk,
        "policyVersion": POLICY_VERSION,
    }
    return Decision(
        id=decision_id,
        project_id=project_id,
        verdict=PolicyVerdict.ALLOW,
        risk=risk,
        reasons=(NO_RULES,),
        policy_version=POLICY_VERSION,
        input_digest=digest(shown),
        decided_at=at,
    )
