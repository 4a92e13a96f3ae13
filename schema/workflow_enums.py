"""Descriptions of the values of workflow enums; see schema/enums.py."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.reports import ReportFormat
from domain.models.workflow_runs import WorkflowAction
from domain.models.workflows import FailureAction, StepType

VALUES: Final[dict[type[StrEnum], Mapping[str, str]]] = {
    StepType: {
        "COMMAND": "Runs a command.",
        "SDK": "Gives an agent a prompt.",
        "VALIDATION": "Checks the results of earlier steps.",
        "APPROVAL": "Asks people for an approval.",
    },
    FailureAction: {
        "STOP": "The steps that need it do not start, and the workflow run fails.",
        "CONTINUE": "The steps that need it go on as if it had succeeded.",
    },
    WorkflowRunState: {
        "QUEUED": "Waits for an engine to claim it.",
        "RUNNING": "A step is running, or will start without anybody's action.",
        "BLOCKED": "Nothing can continue until a person decides.",
        "PAUSED": "No further step starts until somebody resumes the workflow run.",
        "FAILED": "A step failed, or time ran out; resume, retry, skip or replan to continue.",
        "SUCCEEDED": "Every step succeeded, was skipped, or failed with onFailure CONTINUE. Final.",
        "CANCELED": "Was stopped on request. Final.",
    },
    WorkflowAction: {
        "PAUSE": "Start no further step; running steps continue to their end.",
        "RESUME": "Continue from the last checkpoint.",
        "CANCEL": "Stop the workflow run and its running steps.",
        "REPLAN": "Replace the steps that have not started.",
        "RETRY_STEP": "Try a step again, and then the steps that need it.",
        "SKIP_STEP": "Skip a step, so that the steps that need it go on.",
    },
    ReportFormat: {
        "MARKDOWN": "CommonMark with GitHub tables.",
        "HTML": "One self-contained page, without scripts.",
        "JSON": "For programs; its keys are documented and stable.",
    },
    StepRunState: {
        "PENDING": "Waits for the steps it needs, for capacity, or for its next attempt.",
        "BLOCKED": "Waits for a person.",
        "RUNNING": "Is running.",
        "SUCCEEDED": "Ended successfully.",
        "FAILED": "Did not succeed; it can be retried or skipped.",
        "SKIPPED": "Was skipped; the steps that need it go on.",
        "CANCELED": "Was stopped, or canceled before it started.",
    },
}
