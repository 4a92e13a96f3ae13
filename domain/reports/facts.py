"""The content of a report as JSON. docs/reference/reports.md documents every key."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from domain.digest import canonical, sha256
from domain.ids import PrincipalId, RunId
from domain.limits import REPORT_TEXT_CHARACTERS_MAX, REPORT_VALUE_BYTES_MAX
from domain.models.approvals import ApprovalVote
from domain.models.artifacts import Artifact
from domain.models.audit import AuditEntry, AuditSpan, instant
from domain.models.decisions import Decision
from domain.models.reports import Excerpt, Report, ReportedApproval, ReportedStep
from domain.models.runs import Run, RunFailure
from domain.models.usage import Usage
from domain.models.workflow_runs import StepAttempt, StepRun, between_ms
from domain.reports.places import Places, number
from domain.reports.texts import CUT, short
from domain.reports.timeline import revisions, timeline
from domain.usage import MICROS_PER_CENT, total

FORMAT: Final = "workbench-report-1"
Facts = dict[str, Any]


def facts(report: Report) -> Facts:
    """Return the JSON object of a report; equal reports give equal objects in equal order."""
    places = Places(report)
    return {
        "format": FORMAT,
        "project": report.project,
        "workflow": _workflow(report),
        "run": _run(report),
        "revisions": revisions(report.events, report.names),
        "usage": _summed(report.runs.values()),
        "steps": [_step(each, report) for each in report.steps],
        "decisions": [_decision(each, places) for each in report.decisions],
        "approvals": [_approval(each, places, report) for each in report.approvals],
        "artifacts": [_artifact(each, places) for each in report.artifacts],
        "logs": [_excerpt(each, places) for each in report.excerpts],
        "timeline": timeline(report.events, report.names),
        "audit": None if report.audit is None else _audit(report.audit),
        "omitted": asdict(report.omitted),
    }


def _workflow(report: Report) -> Facts:
    workflow = report.workflow
    return {
        "id": workflow.id,
        "name": workflow.name,
        "version": workflow.version,
        "description": short(workflow.definition.description),
    }


def _run(report: Report) -> Facts:
    run = report.run
    return {
        "id": run.id,
        "state": run.state,
        "sequence": run.sequence,
        "revision": run.revision,
        "feature": run.feature,
        "inputs": dict(run.inputs),
        "toolScopes": list(run.tool_scopes),
        "reason": short(run.reason),
        "requestedBy": _name(run.requested_by, report.names),
        "createdAt": instant(run.created_at),
        "startedAt": _instant(run.started_at),
        "finishedAt": _instant(run.finished_at),
        "durationMs": run.duration_ms,
        "failure": _failure(run.failure),
        "pauseReason": short(run.pause_reason),
        "cancelRequestedAt": _instant(run.cancel_requested_at),
        "cancelReason": short(run.cancel_reason),
    }


def _step(reported: ReportedStep, report: Report) -> Facts:
    one = reported.step_run
    item, item_bytes = _value(one.item)
    return {
        "key": one.key,
        "type": one.type,
        "state": one.state,
        "revision": one.revision,
        "removedIn": one.removed_in,
        "needs": list(one.needs),
        "when": short(one.step.when),
        "condition": short(one.step.condition),
        "item": item,
        "itemOmittedBytes": item_bytes,
        "attempts": [_attempt(each, report.runs) for each in reported.attempts],
    }


def _attempt(attempt: StepAttempt | StepRun, runs: Mapping[RunId, Run]) -> Facts:
    outputs, omitted = _value(dict(attempt.outputs))
    run = runs.get(attempt.run_id) if attempt.run_id else None
    return {
        "number": number(attempt),
        "state": attempt.state,
        "startedAt": _instant(attempt.started_at),
        "finishedAt": _instant(attempt.finished_at),
        "durationMs": between_ms(attempt.started_at, attempt.finished_at),
        "exitCode": attempt.exit_code,
        "failure": _failure(attempt.failure),
        "outputs": outputs,
        "outputsOmittedBytes": omitted,
        "approval": attempt.approval_id,
        "run": None if run is None else _child(run),
    }


def _child(run: Run) -> Facts:
    """Describe a step's run. A prompt is given by its digest, since it may hold whole documents."""
    command, is_cut = _command(run.command)
    return {
        "id": run.id,
        "provider": run.provider,
        "requestedProvider": run.requested_provider,
        "command": command,
        "commandIsCut": is_cut,
        "promptSha256": None if run.prompt is None else sha256(run.prompt),
        "cwd": short(run.cwd),
        "state": run.state,
        "failure": _failure(run.failure),
        "decision": run.decision_id,
        "approval": run.approval_id,
        "externalUrl": short(run.external_url),
        "logLines": run.log.lines,
        "logRedactions": run.log.redactions,
        "usage": used(run.usage),
    }


def used(usage: Usage | None) -> Facts | None:
    """As the provider has told it, or as the sum of that."""
    if usage is None:
        return None
    cost = usage.cost_micros
    return {
        "costCents": None if cost is None else cost / MICROS_PER_CENT,
        "tokens": usage.tokens,
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
    }


def _summed(runs: Collection[Run]) -> Facts:
    """How many runs there were, of how many that is known, and all of it together."""
    told = [run.usage for run in runs if run.usage is not None]
    return {"runs": len(runs), "told": len(told), "total": used(total(told))}


def _decision(decision: Decision, places: Places) -> Facts:
    return {
        "id": decision.id,
        **places.of_decision(decision.id),
        "verdict": decision.verdict,
        "risk": decision.risk,
        "reasons": [
            {"code": each.code, "explanation": short(each.explanation), "rule": each.rule}
            for each in decision.reasons
        ],
        "policyVersion": decision.policy_version,
        "inputSha256": decision.input_digest,
        "decidedAt": instant(decision.decided_at),
    }


def _approval(reported: ReportedApproval, places: Places, report: Report) -> Facts:
    one = reported.approval
    return {
        "id": one.id,
        **places.of_approval(one),
        "about": one.subject_kind,
        "state": one.state,
        "risk": one.risk,
        "requestedBy": _name(one.requested_by, report.names),
        "requestedAt": instant(one.created_at),
        "reason": short(one.reason),
        "requiredRole": one.required_role,
        "requiredCount": one.required_count,
        "decision": one.decision_id,
        "sha256": one.digest,
        "decidedAt": _instant(one.decided_at),
        "votes": [_vote(each, report.names) for each in reported.votes],
    }


def _vote(vote: ApprovalVote, names: Mapping[PrincipalId, str]) -> Facts:
    return {
        "by": _name(vote.principal_id, names),
        "onBehalfOf": _name(vote.on_behalf_of, names),
        "decision": vote.decision,
        "reason": short(vote.reason),
        "sha256": vote.digest,
        "at": instant(vote.at),
    }


def _artifact(artifact: Artifact, places: Places) -> Facts:
    return {
        "id": artifact.id,
        **places.of_run(artifact.run_id),
        "name": short(artifact.name),
        "mediaType": short(artifact.media_type),
        "bytes": artifact.size,
        "sha256": artifact.sha256,
        "createdAt": instant(artifact.created_at),
        "removedAt": _instant(artifact.removed_at),
    }


def _excerpt(excerpt: Excerpt, places: Places) -> Facts:
    return {
        "run": excerpt.run_id,
        **places.of_run(excerpt.run_id),
        "firstLine": excerpt.first_line,
        "lines": list(excerpt.lines),
        "isCut": excerpt.is_cut,
    }


def _audit(span: AuditSpan) -> Facts:
    return {
        "chain": span.first.chain,
        "entries": span.entries,
        "first": _entry(span.first),
        "last": _entry(span.last),
    }


def _entry(entry: AuditEntry) -> Facts:
    return {
        "sequence": entry.sequence,
        "hash": entry.hash,
        "action": entry.action,
        "at": instant(entry.at),
    }


def _failure(failure: RunFailure | None) -> Facts | None:
    if failure is None:
        return None
    return {"code": failure.code, "message": short(failure.message)}


def _name(principal: PrincipalId | None, names: Mapping[PrincipalId, str]) -> str | None:
    return None if principal is None else names.get(principal, principal)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def _command(command: Sequence[str]) -> tuple[list[str], bool]:
    """Return the arguments within REPORT_TEXT_CHARACTERS_MAX, and whether anything was cut."""
    told: list[str] = []
    room = REPORT_TEXT_CHARACTERS_MAX
    for word in command:
        if room <= 0:
            return told, True
        told.append(word if len(word) <= room else word[:room] + CUT)
        room -= len(word) + 1
    return told, room < -1


def _value(value: object) -> tuple[object, int | None]:
    """Return the value and None, or None and its size in bytes of JSON where that is too much."""
    size = len(canonical({"": value}).encode("utf-8", "surrogatepass"))
    return (value, None) if size <= REPORT_VALUE_BYTES_MAX else (None, size)
