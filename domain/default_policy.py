"""The rules that a project begins with, as data. docs/reference/policy.md explains each."""

from typing import Final

from domain.models.decisions import ApprovalRequirement, RiskLevel
from domain.models.invocations import CommandClass
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import Role

ELEVATED: Final = ApprovalRequirement(role=Role.ELEVATED_APPROVER)

DEFAULT_RULES: Final = (
    PolicyRule(
        name="forbidden",
        match=PolicyMatch(classes=(CommandClass.FORBIDDEN,)),
        effect=PolicyEffect.DENY,
        risk=RiskLevel.HIGH,
        explanation="It would destroy the machine or bring it down.",
    ),
    PolicyRule(
        name="destructive",
        match=PolicyMatch(classes=(CommandClass.DESTRUCTIVE, CommandClass.PRIVILEGED)),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        risk=RiskLevel.HIGH,
        approval=ELEVATED,
        explanation="What it does cannot be taken back, or needs more rights than a project has.",
    ),
    PolicyRule(
        name="opaque",
        match=PolicyMatch(classes=(CommandClass.OPAQUE,)),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        risk=RiskLevel.HIGH,
        approval=ELEVATED,
        explanation="What it would do cannot be read from the command.",
    ),
    PolicyRule(
        name="outside-workspace",
        match=PolicyMatch(outside_workspace=True),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        risk=RiskLevel.MEDIUM,
        explanation="It names a path outside the project.",
    ),
    PolicyRule(
        name="network",
        match=PolicyMatch(classes=(CommandClass.NETWORK, CommandClass.PACKAGE)),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        risk=RiskLevel.MEDIUM,
        grants_network=True,
        explanation="It talks to other machines, or installs what they send.",
    ),
    PolicyRule(
        name="writing",
        match=PolicyMatch(classes=(CommandClass.VCS_WRITE, CommandClass.FILE_WRITE)),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        risk=RiskLevel.MEDIUM,
        explanation="It changes files or the history of the project.",
    ),
    PolicyRule(
        name="unknown",
        match=PolicyMatch(classes=(CommandClass.UNKNOWN,)),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        risk=RiskLevel.MEDIUM,
        explanation="The program is not one that the workbench knows.",
    ),
    PolicyRule(
        name="read-only",
        match=PolicyMatch(classes=(CommandClass.READ_ONLY,)),
        effect=PolicyEffect.ALLOW,
        risk=RiskLevel.LOW,
        explanation="What only reads is let through.",
    ),
    PolicyRule(
        name="developer-tools",
        match=PolicyMatch(classes=(CommandClass.DEV_TOOL,)),
        effect=PolicyEffect.ALLOW,
        risk=RiskLevel.LOW,
        explanation="Developers run it all day, and it stays inside the project.",
    ),
)
"""Version 1 of every project's policy. A prompt for an agent is matched by none: it is approved."""
