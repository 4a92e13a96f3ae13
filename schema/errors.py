"""Errors that a client can act on, as data: one table pairs the domain's errors with types."""

from collections.abc import Mapping
from typing import Any, Final, Self

import strawberry

from domain import errors as domain
from domain.errors import ErrorCode, Ineligibility
from domain.models.kill_switches import KillSwitchScope
from domain.models.settings import FeatureFlag
from domain.models.workflows import Fault
from schema.decisions import PolicyDecision


@strawberry.interface(description="Why an operation did nothing; every error type has this.")
class UserError:
    """A code for programs and a message for people."""

    code: ErrorCode = strawberry.field(description="Stable, for programs.")
    message: str = strawberry.field(description="A sentence for people.")

    @classmethod
    def of(cls, error: Any) -> Self:
        """`error` is the domain error that the table pairs with this type."""
        return cls(code=error.code, message=error.message)


@strawberry.type(description="The policy does not allow it; nothing was dispatched.")
class PolicyDenied(UserError):
    """With the stored decision."""

    decision: PolicyDecision = strawberry.field(description="What the policy said.")

    @classmethod
    def of(cls, error: domain.PolicyDenied) -> Self:
        decision = PolicyDecision.of(error.decision)
        return cls(code=error.code, message=error.message, decision=decision)


@strawberry.type(
    description="The policy asks people about it, and it has not been granted; nothing was sent."
)
class ApprovalRequired(UserError):
    """With the stored decision, whose requirement says who would have to approve."""

    decision: PolicyDecision = strawberry.field(description="What the policy asks for.")

    @classmethod
    def of(cls, error: domain.ApprovalRequired) -> Self:
        decision = PolicyDecision.of(error.decision)
        return cls(code=error.code, message=error.message, decision=decision)


@strawberry.type(description="You may see it, but not do this with it.")
class NotPermitted(UserError):
    """A permission is missing."""


@strawberry.type(description="There is nothing with this id or name that you can see.")
class NotFound(UserError):
    """Also what you may not know of."""


@strawberry.type(description="One thing that is wrong with an input.")
class InputFault:
    """Where, and what."""

    path: list[str] = strawberry.field(
        description="Names and indexes from the input down to the field; of a workflow, from its "
        "definition on."
    )
    message: str = strawberry.field(description="A sentence for people.")
    line: int | None = strawberry.field(
        description="The line of the file, from 1 on; null where it came as inputs, or is about "
        "no line."
    )
    column: int | None = strawberry.field(description="The column of the line, from 1 on.")

    @classmethod
    def of(cls, fault: Fault) -> Self:
        return cls(
            path=list(fault.path), message=fault.message, line=fault.line, column=fault.column
        )


@strawberry.type(description="A field of the input cannot be accepted.")
class InvalidInput(UserError):
    """With the way to the field."""

    path: list[str] = strawberry.field(
        description="Names and indexes from the input down to the field."
    )
    faults: list[InputFault] = strawberry.field(
        description="All that is known to be wrong, in order; path and message are those of the "
        "first."
    )

    @classmethod
    def of(cls, error: domain.InvalidInput) -> Self:
        all_faults = error.all_faults or (Fault(path=error.path, message=error.message),)
        return cls(
            code=error.code,
            message=error.message,
            path=list(error.path),
            faults=list(map(InputFault.of, all_faults)),
        )


@strawberry.type(description="It cannot be done in the present state.")
class IllegalTransition(UserError):
    """With the state, and what could be done in it: texts, since not only runs have states."""

    state: str = strawberry.field(description="The present state.")
    allowed_actions: list[str] = strawberry.field(description="What it allows instead.")

    @classmethod
    def of(cls, error: domain.IllegalTransition) -> Self:
        return cls(
            code=error.code,
            message=error.message,
            state=error.state,
            allowed_actions=list(error.allowed),
        )


@strawberry.type(description="The provider cannot do this at all.")
class CapabilityMissing(UserError):
    """With what is missing."""

    capability: str = strawberry.field(description="What the provider lacks.")

    @classmethod
    def of(cls, error: domain.CapabilityMissing) -> Self:
        return cls(code=error.code, message=error.message, capability=error.capability)


@strawberry.type(description="The provider did not answer; trying again may help.")
class ProviderUnavailable(UserError):
    """An outage, or a network's."""


@strawberry.type(description="The provider is not configured for this project.")
class ProviderUnconfigured(UserError):
    """Something must be set first."""


@strawberry.type(description="You cannot decide on this approval; nothing was counted.")
class ApprovalNotEligible(UserError):
    """With why not."""

    reason: Ineligibility = strawberry.field(description="Why not, for programs.")

    @classmethod
    def of(cls, error: domain.ApprovalNotEligible) -> Self:
        return cls(code=error.code, message=error.message, reason=error.reason)


@strawberry.type(description="The idempotency key came before with another input.")
class IdempotencyConflict(UserError):
    """Use a new key for new input."""


@strawberry.type(description="A limit of this server is reached; try again later.")
class QuotaExceeded(UserError):
    """Too much at once."""


@strawberry.type(description="A kill switch is engaged; nothing was dispatched.")
class KillSwitchEngaged(UserError):
    """With the switch's scope, and why it was engaged."""

    scope: KillSwitchScope = strawberry.field(description="What the switch is for.")
    reason: str | None = strawberry.field(description="Why it was engaged.")

    @classmethod
    def of(cls, error: domain.KillSwitchEngaged) -> Self:
        return cls(code=error.code, message=error.message, scope=error.scope, reason=error.reason)


@strawberry.type(description="This part of the workbench is off here.")
class FeatureDisabled(UserError):
    """With the part that is off."""

    feature: FeatureFlag = strawberry.field(description="What is off.")

    @classmethod
    def of(cls, error: domain.FeatureDisabled) -> Self:
        return cls(code=error.code, message=error.message, feature=error.feature)


@strawberry.type(description="The server has no key to seal secrets with; nothing was stored.")
class SecretKeysMissing(UserError):
    """Its operator has to set one."""


ERRORS: Final[Mapping[type[domain.WorkbenchError], type[UserError]]] = {
    domain.PolicyDenied: PolicyDenied,
    domain.ApprovalRequired: ApprovalRequired,
    domain.NotPermitted: NotPermitted,
    domain.NotFound: NotFound,
    domain.InvalidInput: InvalidInput,
    domain.IllegalTransition: IllegalTransition,
    domain.CapabilityMissing: CapabilityMissing,
    domain.ProviderUnavailable: ProviderUnavailable,
    domain.ProviderUnconfigured: ProviderUnconfigured,
    domain.ApprovalNotEligible: ApprovalNotEligible,
    domain.IdempotencyConflict: IdempotencyConflict,
    domain.QuotaExceeded: QuotaExceeded,
    domain.KillSwitchEngaged: KillSwitchEngaged,
    domain.FeatureDisabled: FeatureDisabled,
    domain.SecretKeysMissing: SecretKeysMissing,
}
"""A union that holds the type answers with it; elsewhere the error is a top-level one."""


class ErrorHandler:
    """Turns one domain error into its type, wherever a field's union holds it."""

    def __init__(self, raised: type[domain.WorkbenchError], shown: type[UserError]) -> None:
        self.exception_type = raised
        self.error_type = shown

    def handle(self, exception: Exception, *, field: object, info: object) -> UserError:
        return self.error_type.of(exception)


def handlers() -> list[ErrorHandler]:
    return [ErrorHandler(raised, shown) for raised, shown in ERRORS.items()]
