"""Rules, requirements and requests as JSON values, and back: what goes in comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from domain.ids import ProjectId
from domain.models.decisions import ApprovalRequirement, ExpiryAction, RiskLevel
from domain.models.invocations import CommandClass
from domain.models.policies import (
    DispatchRequest,
    PolicyEffect,
    PolicyMatch,
    PolicyRule,
    StepTerms,
)
from domain.models.principals import Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, RunKind

Fields = Mapping[str, Any]


def of_rules(rules: Sequence[PolicyRule]) -> list[Fields]:
    return [asdict(rule) for rule in rules]


def to_rules(stored: Sequence[Fields]) -> tuple[PolicyRule, ...]:
    return tuple(_rule(fields) for fields in stored)


def of_requirement(requirement: ApprovalRequirement | None) -> Fields | None:
    return None if requirement is None else asdict(requirement)


def to_requirement(stored: Fields | None) -> ApprovalRequirement | None:
    if stored is None:
        return None
    return ApprovalRequirement(
        role=Role(stored["role"]),
        count=stored["count"],
        expires_ms=stored["expires_ms"],
        escalate_ms=stored["escalate_ms"],
        on_expiry=ExpiryAction(stored["on_expiry"]),
    )


def of_request(request: DispatchRequest) -> Fields:
    return {**asdict(request), "requester_roles": sorted(request.requester_roles)}


def to_request(stored: Fields) -> DispatchRequest:
    budget, step = stored["budget"], stored.get("step")
    return DispatchRequest(
        project_id=ProjectId(stored["project_id"]),
        provider=stored["provider"],
        kind=RunKind(stored["kind"]),
        root_path=stored["root_path"],
        command=tuple(stored["command"]),
        prompt=stored["prompt"],
        cwd=stored["cwd"],
        env_profile=EnvProfile(stored["env_profile"]),
        tool_scopes=tuple(stored["tool_scopes"]),
        artifacts=tuple(stored.get("artifacts", ())),
        feature=stored["feature"],
        requester_roles=frozenset(map(Role, stored["requester_roles"])),
        budget=None if budget is None else Budget(**budget),
        step=None if step is None else _terms(step),
    )


def _terms(stored: Fields) -> StepTerms:
    risk = stored["risk"]
    return StepTerms(risk=None if risk is None else RiskLevel(risk))


def _rule(stored: Fields) -> PolicyRule:
    risk = stored["risk"]
    return PolicyRule(
        name=stored["name"],
        match=_match(stored["match"]),
        effect=PolicyEffect(stored["effect"]),
        risk=None if risk is None else RiskLevel(risk),
        approval=to_requirement(stored["approval"]),
        grants_network=stored["grants_network"],
        explanation=stored["explanation"],
    )


def _match(stored: Fields) -> PolicyMatch:
    texts = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return PolicyMatch(
        **{
            **stored,
            **texts,
            "kinds": tuple(map(RunKind, stored["kinds"])),
            "classes": tuple(map(CommandClass, stored["classes"])),
            "env_profiles": tuple(map(EnvProfile, stored["env_profiles"])),
            "requester_roles": tuple(map(Role, stored["requester_roles"])),
        }
    )
