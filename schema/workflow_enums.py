"""What the values of the enums of workflows mean; see schema/enums.py."""

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
        "VALIDATION": "Checks what came of the steps before.",
        "APPROVAL": "Asks people.",
    },
    FailureAction: {
        "STOP": "Those that need it are not begun, and the workflow run fails.",
        "CONTINUE": "Those that need it go on as if it had succeeded.",
    },
    WorkflowRunState: {
        "QUEUED": "Waits for an engine to take it.",
        "RUNNING": "Some step runs, or will without anybody's doing.",
        "BLOCKED": "Nothing goes on until a person decides.",
        "PAUSED": "Nothing new starts until somebody has it go on.",
        "FAILED": "A step that others need has failed; retry, skip or replan to go on.",
        "SUCCEEDED": "Every step is over, and well. Final.",
        "CANCELED": "Was stopped on request. Final.",
    },
    WorkflowAction: {
        "PAUSE": "Let nothing more of it start; what runs goes on to its end.",
        "RESUME": "Have it go on from its last checkpoint.",
        "CANCEL": "Stop it, and what runs of it.",
        "REPLAN": "Replace the steps that have not started.",
        "RETRY_STEP": "Try a step once more, and then what needs it.",
        "SKIP_STEP": "Leave a step out, so that what needs it goes on.",
    },
    ReportFormat: {
        "MARKDOWN": "CommonMark with the tables of GitHub.",
        "HTML": "One page that loads nothing and runs nothing.",
        "JSON": "For programs: every key is documented and stays.",
    },
    StepRunState: {
        "PENDING": "Waits for the steps that it needs, for its turn, or for its next attempt.",
        "BLOCKED": "Waits for a person.",
        "RUNNING": "Is being done.",
        "SUCCEEDED": "Was done.",
        "FAILED": "Did not succeed; it can be tried again or skipped.",
        "SKIPPED": "Was left out; what needs it goes on.",
        "CANCELED": "Was stopped, or never came to its turn.",
    },
}
