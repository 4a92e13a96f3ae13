"""The domain's enums as GraphQL enums, every value described."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import strawberry

from domain.circuit import CircuitState
from domain.errors import ErrorCode, Ineligibility
from domain.lifecycle import ApprovalState, RunState
from domain.models.approvals import ApprovalDecision, ApprovalSubject
from domain.models.artifacts import ArtifactFault
from domain.models.credentials import CredentialHealth, CredentialSource
from domain.models.decisions import ExpiryAction, PolicyVerdict, RiskLevel
from domain.models.features import DocumentType
from domain.models.invocations import CommandClass
from domain.models.kill_switches import KillSwitchScope
from domain.models.outputs import OutputsFault
from domain.models.policies import PolicyEffect
from domain.models.principals import Permission, PrincipalKind, Role, TokenScope
from domain.models.providers import EnvProfile, HealthStatus, LogStream, ProviderKind
from domain.models.runs import FailureCode, RunAction, RunKind, RunResolution, RunWait, SyncStatus
from domain.models.settings import FeatureFlag, ProviderFallback
from resolvers.streams import StreamStart
from schema.audit_enums import VALUES as AUDIT_VALUES
from schema.workflow_enums import VALUES as WORKFLOW_VALUES

_VALUES: Final[dict[type[StrEnum], Mapping[str, str]]] = {
    ErrorCode: {
        "POLICY_DENIED": "The policy does not allow it; the decision says why.",
        "APPROVAL_REQUIRED": "The policy asks people about it, and it has not been granted.",
        "NOT_PERMITTED": "You may see this, but have no permission for the operation.",
        "NOT_FOUND": "There is nothing with this id or name that you can see.",
        "INVALID_INPUT": "A field of the input cannot be accepted; path names it.",
        "ILLEGAL_TRANSITION": "It cannot be done in the present state.",
        "CAPABILITY_MISSING": "The provider cannot do this at all.",
        "PROVIDER_UNAVAILABLE": "The provider did not answer; trying again may help.",
        "PROVIDER_UNCONFIGURED": "The provider is not configured for this project.",
        "PROVIDER_ERROR": "The provider answered that it will not do this.",
        "APPROVAL_NOT_ELIGIBLE": "You cannot decide on this approval.",
        "IDEMPOTENCY_CONFLICT": "The idempotency key came before with another input.",
        "QUOTA_EXCEEDED": "A limit of this server is reached; try again later.",
        "KILL_SWITCH_ENGAGED": "A kill switch is engaged: nothing is dispatched.",
        "FEATURE_DISABLED": "This part of the workbench is off here.",
        "UNAUTHENTICATED": "Sign in with a valid token.",
        "CURSOR_INVALID": "The cursor is broken, of another list or run, or beyond its end.",
        "STORAGE_UNAVAILABLE": "The database cannot be read or written now.",
        "COST_EXCEEDED": "The operation asks for more at once than any may.",
        "RATE_LIMITED": "This token has asked for too much within a minute; retryAfterMs says how "
        "long to wait.",
        "ISSUER_UNAVAILABLE": "The issuer of this token cannot be asked now for its keys.",
        "SECRET_KEYS_MISSING": "The server has no key to seal secrets with.",
    },
    Ineligibility: {
        "NOT_PENDING": "It is decided, or its time is over.",
        "REQUESTER": "Whoever asked for it cannot decide on it.",
        "NO_RIGHT": "The right to approve that it needs is missing, here or in the token.",
        "VOTED_ALREADY": "The same person has decided on it before.",
        "RIGHT_USED": "The right was used on it already, by its holder or by who stands in.",
        "OF_REQUESTER": "It would be in the place of whoever asked for it.",
        "NO_PERSON": "A service account, where the project wants people for a HIGH risk.",
        "SAME_HAND": "Where the project is strict: the account or token is in the same hand as "
        "whoever asked for it, or as somebody who has agreed already.",
    },
    ApprovalState: {
        "PENDING": "People are asked.",
        "APPROVED": "Enough people agreed. Final.",
        "REJECTED": "Somebody refused. Final.",
        "EXPIRED": "Nobody decided in time. Final.",
        "VOIDED": "It was withdrawn, or a new policy asks for more. Final.",
    },
    ApprovalDecision: {
        "APPROVE": "Yes: it may be dispatched.",
        "REJECT": "No: it ends here.",
    },
    ApprovalSubject: {
        "RUN": "A run.",
        "STEP_RUN": "A step of a workflow.",
        "TOOL_CALL": "What an agent's tool would do.",
        "OVERRIDE": "A run that the policy is to be set aside for.",
    },
    RunState: {
        "QUEUED": "Waits for its turn on the provider.",
        "BLOCKED": "Waits for a person's decision.",
        "RUNNING": "The provider works on it.",
        "SUCCEEDED": "Ended well. Final.",
        "FAILED": "Ended badly; the failure says how. Final.",
        "CANCELED": "Was stopped on request. Final.",
    },
    RunWait: {
        "APPROVAL": "For people: blockedBy has the question.",
        "KILL_SWITCH": "For a kill switch to be released: heldBy has it.",
        "TURN": "For its turn in the queue of its provider.",
    },
    RunKind: {
        "COMMAND": "A program with its arguments, started without a shell.",
        "PROMPT": "A text for an agent.",
    },
    RunAction: {
        "CANCEL": "Ask for the run to be stopped.",
        "RETRY": "Launch the same again as a new, linked run.",
        "APPROVE": "Agree to what it waits for.",
        "REJECT": "Refuse what it waits for.",
        "ANSWER": "Answer what it asks, so that its provider goes on.",
        "RECONCILE": "Have its provider asked after it; decide how it ended where it is degraded.",
    },
    CircuitState: {
        "CLOSED": "It is asked as usual.",
        "OPEN": "It did not answer, or wants to be left alone, and is not asked for a while.",
        "HALF_OPEN": "One question finds out whether it can be asked again.",
    },
    ProviderFallback: {
        "NEVER": "Nowhere: it is tried on, and fails at last.",
        "LOCAL": "To the machine of the server, where the policy allows it there.",
    },
    RunResolution: {
        "SUCCEEDED": "It ended well.",
        "FAILED": "It ended badly.",
        "CANCELED": "It was stopped, or never did anything.",
    },
    SyncStatus: {
        "IN_SYNC": "Our record agrees with the provider.",
        "STALE": "The provider could not be asked lately.",
        "ERROR": "The provider was asked, and its answer made no sense.",
    },
    FailureCode: {
        "EXIT_NONZERO": "The program ended with another exit code than 0.",
        "SIGNALED": "The program was ended by a signal.",
        "TIMED_OUT": "It took longer than its timeout and was stopped.",
        "POLICY_DENIED": "The policy did not allow it.",
        "APPROVAL_REJECTED": "A person refused the approval.",
        "APPROVAL_EXPIRED": "Nobody decided on the approval in time.",
        "PROVIDER_ERROR": "The provider would not take it.",
        "PROVIDER_UNAVAILABLE": "The provider did not answer for too long.",
        "LOST": "The provider no longer knows it: how it ended cannot be told.",
        "INTERRUPTED": "What did the work is gone in the middle of it, for certain.",
        "VALIDATION_FAILED": "Its result did not hold what was asked of it.",
        "BUDGET_EXCEEDED": "It used up its budget.",
        "OUTPUT_LIMIT": "It printed more than is allowed and was stopped.",
        "INTERNAL": "A mistake in the workbench.",
    },
    EnvProfile: {
        "MINIMAL": "Only what a program needs to start: PATH, HOME, LANG.",
        "DEFAULT": "The usual variables of a terminal, without any secret.",
        "CI": "As DEFAULT, and CI=true without colors or prompts.",
        "PROJECT": "As DEFAULT, with the project's own programs (.venv, node_modules) first.",
    },
    LogStream: {
        "STDOUT": "Standard output.",
        "STDERR": "Standard error.",
    },
    ProviderKind: {
        "LOCAL": "Processes on this machine.",
        "PLATFORM": "A hosted agent platform.",
        "SDK": "An agent library that runs inside the workbench.",
        "ENGINE": "A compute or workflow engine.",
    },
    HealthStatus: {
        "HEALTHY": "Takes work.",
        "DEGRADED": "Takes work, with trouble.",
        "UNAVAILABLE": "Does not answer.",
        "UNCONFIGURED": "Something is missing that it needs.",
    },
    CredentialSource: {
        "VALUE": "Its text was given, and is sealed in the database.",
        "ENVIRONMENT": "A variable of the server's environment, read whenever it is needed.",
        "FILE": "A file of the server's machine, read whenever it is needed.",
    },
    CredentialHealth: {
        "UNKNOWN": "Nobody has tried it yet.",
        "HEALTHY": "It worked when it was tried last.",
        "REJECTED": "The provider did not take it when it was tried last.",
        "EXPIRING": "Its end is less than 7 days away.",
        "EXPIRED": "Its end has come.",
        "UNREADABLE": "It cannot be opened, or read from where it is: set it again.",
    },
    PolicyVerdict: {
        "ALLOW": "It may be dispatched.",
        "REQUIRE_APPROVAL": "It may be dispatched once people have approved it.",
        "DENY": "It is not dispatched.",
    },
    PolicyEffect: {
        "ALLOW": "Lets it through.",
        "REQUIRE_APPROVAL": "Lets it through once people have approved it.",
        "DENY": "Keeps it from being dispatched.",
    },
    ExpiryAction: {
        "CANCEL": "What waits for it is canceled.",
        "ESCALATE": "An elevated approver is asked once more for as long; then it is canceled.",
    },
    CommandClass: {
        "READ_ONLY": "Looks at things.",
        "DEV_TOOL": "Builds, tests or checks the project.",
        "VCS_WRITE": "Changes the history of the project, here or elsewhere.",
        "NETWORK": "Talks to other machines.",
        "PACKAGE": "Installs what others have published.",
        "FILE_WRITE": "Writes, moves or changes files.",
        "DESTRUCTIVE": "Removes what cannot be had back.",
        "PRIVILEGED": "Acts with more rights than its user has.",
        "FORBIDDEN": "Destroys the machine or brings it down.",
        "OPAQUE": "Cannot be seen through.",
        "UNKNOWN": "Is no program that the workbench knows.",
    },
    RiskLevel: {
        "LOW": "Reads, or changes what is easily restored.",
        "MEDIUM": "Changes things inside the project.",
        "HIGH": "May do harm outside the project, or for good.",
    },
    PrincipalKind: {
        "USER": "A person.",
        "SERVICE": "A program with an account of its own.",
    },
    Role: {
        "VIEWER": "Sees everything in the project.",
        "OPERATOR": "As VIEWER, and launches, cancels and retries runs.",
        "APPROVER": "As VIEWER, and decides on what needs an approval.",
        "ELEVATED_APPROVER": "As APPROVER, also where an approval asks for more than that.",
        "ADMIN": "As OPERATOR, and changes the project and its members. Does not approve.",
    },
    TokenScope: {
        "READ": "See.",
        "LAUNCH": "See, launch, retry and cancel.",
        "APPROVE": "See, and decide on approvals.",
        "ADMIN": "See, and change projects, members, and what belongs to the server.",
    },
    Permission: {
        "READ": "See the project and what is in it.",
        "LAUNCH": "Launch and retry runs.",
        "CANCEL": "Cancel runs.",
        "APPROVE": "Decide on what needs an approval.",
        "APPROVE_ELEVATED": "Decide also where an approval asks for an elevated approver.",
        "ADMINISTER": "Change the project and its members.",
    },
    KillSwitchScope: {
        "SERVER": "Everything on this server.",
        "PROJECT": "All runs of one project.",
        "PROVIDER": "All runs on one provider, in one project or in all.",
    },
    DocumentType: {
        "PRD": "What is wanted, and why.",
        "IMPLEMENTATION_PLAN": "How it is to be done.",
        "PHASE_PLAN": "How one phase of it is to be done.",
        "PROGRESS": "How far it has come.",
        "DESIGN_DOC": "How it is made.",
        "SPEC": "What exactly it has to do.",
        "REPORT": "What was found.",
        "DOCUMENT": "Anything else.",
    },
    FeatureFlag: {
        "CONNECTORS": "Runs on providers beyond this machine.",
        "ORCHESTRATION": "Workflows of several steps.",
        "SDK_STEPS": "Steps of workflows that agents take.",
    },
    ArtifactFault: {
        "OUTSIDE": "It leads out of the workspace, or into what is the server's.",
        "UNREADABLE": "It cannot be read.",
        "CHANGED": "It was written to while it was read.",
        "SECRET": "It is text, and a secret that is known here stands in it.",
        "TOO_LARGE": "It has more bytes than a file may have.",
        "TOO_MANY": "There are more files than are kept of a run, or looked through.",
        "TOO_MUCH": "With it there would be more bytes than are kept of a run.",
        "UNAVAILABLE": "It could not be had in time.",
    },
    OutputsFault: {
        "TOO_LARGE": "There is more than 64 KiB of it.",
        "UNREADABLE": "It is no file that can be read.",
        "MALFORMED": "It is neither lines of name=value nor one JSON object.",
    },
    StreamStart: {
        "BEGINNING": "From the first event; everything is delivered.",
        "END": "Only what happens from now on.",
    },
}


def _register(enum: type[StrEnum], values: Mapping[str, str]) -> None:
    strawberry.enum(enum, description=(enum.__doc__ or "").strip())
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined] # set by Strawberry
        value.description = values[value.name]


for _enum, _descriptions in (_VALUES | AUDIT_VALUES | WORKFLOW_VALUES).items():
    _register(_enum, _descriptions)
