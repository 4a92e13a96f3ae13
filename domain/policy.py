"""What may be dispatched: the rules of a project's policy, applied to one request. Pure.

A command is judged by every program that it would start. The most severe rule that matches a
program decides on it, the most severe of these verdicts on the whole; a program that no rule
matches needs an approval. A wrapper that was seen through (`sh -c`, `env`) can only make it worse.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.digest import digest
from domain.ids import DecisionId
from domain.invocations.outputs import HAVE_OUTPUT_FILE, OUTPUT_VARIABLE
from domain.invocations.reader import invocations
from domain.matching import ready
from domain.models.decisions import (
    ApprovalRequirement,
    Decision,
    DecisionReason,
    ExpiryAction,
    PolicyVerdict,
    RiskLevel,
)
from domain.models.invocations import Invocation
from domain.models.policies import DispatchRequest, Policy, PolicyEffect, PolicyRule
from domain.models.principals import APPROVER_RIGHTS, Role
from domain.models.projects import Project
from domain.models.runs import Run

REASONS_MAX: Final = 50
RISKS: Final = tuple(RiskLevel)
EFFECTS: Final = tuple(PolicyEffect)
VERDICTS: Final[Mapping[PolicyEffect, PolicyVerdict]] = {
    PolicyEffect.ALLOW: PolicyVerdict.ALLOW,
    PolicyEffect.REQUIRE_APPROVAL: PolicyVerdict.REQUIRE_APPROVAL,
    PolicyEffect.DENY: PolicyVerdict.DENY,
}
CODES: Final[Mapping[PolicyEffect, str]] = {
    PolicyEffect.ALLOW: "RULE_ALLOWS",
    PolicyEffect.REQUIRE_APPROVAL: "RULE_REQUIRES_APPROVAL",
    PolicyEffect.DENY: "RULE_DENIES",
}


HIGH_STEP: Final = DecisionReason(
    code="HIGH_RISK_STEP",
    explanation="A step of high risk waits for an approval, whatever the rules allow.",
    rule=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """What the rules say of one program, or of a prompt (None)."""

    invocation: Invocation | None
    effect: PolicyEffect
    rules: tuple[PolicyRule, ...]

    @property
    def risk(self) -> RiskLevel:
        seen = self.invocation.risk if self.invocation else RiskLevel.MEDIUM
        stated = [rule.risk for rule in self.rules if rule.risk and rule.effect is self.effect]
        return max([seen, *stated], key=RISKS.index)


def decide(
    request: DispatchRequest, policy: Policy, *, decision_id: DecisionId, at: datetime
) -> Decision:
    """The verdict on one dispatch, bound to all that was looked at by its digest."""
    judged = _judge(request, policy.rules)
    effect = max((one.effect for one in judged), key=EFFECTS.index)
    risk = max([*(one.risk for one in judged), *_stated(request)], key=RISKS.index)
    added = []
    if request.step and risk is RiskLevel.HIGH and effect is PolicyEffect.ALLOW:
        effect, added = PolicyEffect.REQUIRE_APPROVAL, [HIGH_STEP]
    is_open = effect is PolicyEffect.REQUIRE_APPROVAL
    return Decision(
        id=decision_id,
        project_id=request.project_id,
        verdict=VERDICTS[effect],
        risk=risk,
        reasons=(*added, *_reasons(judged)),
        requirement=_requirement(judged) if is_open else None,
        grants_network=any(rule.grants_network for one in judged for rule in one.rules),
        policy_version=policy.version,
        input_digest=digest(shown(request, risk, policy.version)),
        decided_at=at,
    )


def held_to_project(decision: Decision, request: DispatchRequest, project: Project) -> Decision:
    """Denied where what it may cost at the most, by its own word, is more than any run of the
    project may. What it will cost nobody knows yet: see domain/reconciliation.py."""
    asked, most = request.budget, project.settings.cost_cents_per_run
    if asked is None or asked.cost_cents is None or most is None or asked.cost_cents <= most:
        return decision
    told = f"It may cost {asked.cost_cents} cents, and a run of this project {most} at the most."
    reason = DecisionReason(code="COST_ABOVE_LIMIT", explanation=told, rule=None)
    reasons = (reason, *decision.reasons)[:REASONS_MAX]
    return replace(decision, verdict=PolicyVerdict.DENY, reasons=reasons, requirement=None)


def shown(request: DispatchRequest, risk: RiskLevel, version: int) -> Mapping[str, object]:
    """What an approver is shown, and the digest is of (docs/reference/approvals.md)."""
    # What came later is left out where it is not given, so that digests of before still hold.
    added = {"artifacts": sorted(request.artifacts)} if request.artifacts else {}
    return {
        **added,
        "provider": request.provider,
        "command": list(request.command),
        "prompt": request.prompt,
        "cwd": request.cwd,
        "envProfile": request.env_profile,
        "toolScopes": sorted(request.tool_scopes),
        "risk": risk,
        "policyVersion": version,
    }


def requested(run: Run, project: Project) -> DispatchRequest:
    """What a stored run would dispatch now; who asked for it is told by their roles then, which
    are not stored with it."""
    return DispatchRequest(
        project_id=run.project_id,
        provider=run.provider,
        kind=run.kind,
        root_path=project.root_path,
        command=run.command,
        prompt=run.prompt,
        cwd=run.cwd,
        env_profile=run.env_profile,
        tool_scopes=run.tool_scopes,
        artifacts=run.artifacts,
        feature=run.feature,
        budget=run.budget,
    )


def is_stricter(after: Decision, before: Decision) -> bool:
    """Whether what was approved under the one decision has to be asked again under the other."""
    verdicts, then, now = tuple(PolicyVerdict), before.requirement, after.requirement
    if verdicts.index(after.verdict) != verdicts.index(before.verdict):
        return verdicts.index(after.verdict) > verdicts.index(before.verdict)
    if RISKS.index(after.risk) > RISKS.index(before.risk):
        return True
    if then is None or now is None:
        return False
    return now.count > then.count or _rank(now.role) > _rank(then.role)


def _stated(request: DispatchRequest) -> list[RiskLevel]:
    """What its workflow takes it for."""
    return [request.step.risk] if request.step and request.step.risk else []


def _judge(request: DispatchRequest, rules: Sequence[PolicyRule]) -> list[_Finding]:
    relevant = [one for one in ready(rules) if one.speaks_of(request)]
    if not request.command:
        return [_verdict(None, [one.rule for one in relevant if not one.is_about_programs])]
    output = OUTPUT_VARIABLE if request.provider in HAVE_OUTPUT_FILE else None
    seen = invocations(request.command, root=request.root_path, cwd=request.cwd, output=output)
    judged = [_verdict(i, [r.rule for r in relevant if r.speaks_of_program(i)]) for i in seen]
    return [one for one in judged if not _is_mere_wrapper(one)] or judged


def _verdict(invocation: Invocation | None, hits: list[PolicyRule]) -> _Finding:
    effects = [rule.effect for rule in hits] or [PolicyEffect.REQUIRE_APPROVAL]
    return _Finding(
        invocation=invocation, effect=max(effects, key=EFFECTS.index), rules=tuple(hits)
    )


def _is_mere_wrapper(one: _Finding) -> bool:
    if one.invocation is None or not one.invocation.is_wrapper:
        return False
    return not one.rules or one.effect is PolicyEffect.ALLOW


def _requirement(judged: Sequence[_Finding]) -> ApprovalRequirement:
    """What satisfies every rule that asks for an approval at once."""
    asked = [
        rule.approval or ApprovalRequirement()
        for one in judged
        for rule in one.rules
        if rule.effect is PolicyEffect.REQUIRE_APPROVAL
    ] or [ApprovalRequirement()]
    actions = {one.on_expiry for one in asked}
    return ApprovalRequirement(
        role=max((one.role for one in asked), key=_rank),
        count=max(one.count for one in asked),
        expires_ms=_least(one.expires_ms for one in asked),
        escalate_ms=_least(one.escalate_ms for one in asked),
        on_expiry=ExpiryAction.CANCEL if ExpiryAction.CANCEL in actions else ExpiryAction.ESCALATE,
    )


def _rank(role: Role) -> int:
    return tuple(APPROVER_RIGHTS).index(role)


def _least(periods: Iterable[int | None]) -> int | None:
    return min((period for period in periods if period is not None), default=None)


def _reasons(judged: Sequence[_Finding]) -> list[DecisionReason]:
    """The worst first, each once, and not more than anybody would read."""
    worst = sorted(
        judged,
        key=lambda one: (EFFECTS.index(one.effect), RISKS.index(one.risk)),
        reverse=True,
    )
    found = dict.fromkeys(reason for one in worst for reason in _why(one))
    return list(found)[:REASONS_MAX]


def _why(one: _Finding) -> Iterator[DecisionReason]:
    """What it is stands in the first reason only."""
    what = one.invocation.explanation if one.invocation else "It is a prompt for an agent."
    if not one.rules:
        yield DecisionReason(code="NO_RULE", explanation=f"{what} No rule speaks of it.", rule=None)
    ranked = sorted(one.rules, key=lambda rule: EFFECTS.index(rule.effect), reverse=True)
    for place, rule in enumerate(ranked):
        because = rule.explanation or f"The rule {rule.name!r} matches."
        explanation = because if place else f"{what} {because}"
        yield DecisionReason(code=CODES[rule.effect], explanation=explanation, rule=rule.name)
    if one.invocation and one.invocation.outside:
        paths = ", ".join(one.invocation.outside)[:200]
        explanation = f"It reaches out of the workspace: {paths}."
        yield DecisionReason(code="OUTSIDE_WORKSPACE", explanation=explanation, rule=None)
