"""The family of errors a person may see. A class's docstring is its default message."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.models.decisions import Decision
    from domain.models.kill_switches import KillSwitchScope
    from domain.models.settings import FeatureFlag
    from domain.models.workflows import Fault


class ErrorCode(StrEnum):
    """Stable code of an error, for programs to match on."""

    POLICY_DENIED = "POLICY_DENIED"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    NOT_PERMITTED = "NOT_PERMITTED"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    CAPABILITY_MISSING = "CAPABILITY_MISSING"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    PROVIDER_UNCONFIGURED = "PROVIDER_UNCONFIGURED"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    APPROVAL_NOT_ELIGIBLE = "APPROVAL_NOT_ELIGIBLE"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    KILL_SWITCH_ENGAGED = "KILL_SWITCH_ENGAGED"
    FEATURE_DISABLED = "FEATURE_DISABLED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    CURSOR_INVALID = "CURSOR_INVALID"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
    COST_EXCEEDED = "COST_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    SECRET_KEYS_MISSING = "SECRET_KEYS_MISSING"  # noqa: S105 - the name of an error


class WorkbenchError(Exception):
    """Something the caller can act on."""

    code: ErrorCode

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self.args[0])


class PolicyDenied(WorkbenchError):
    """The policy does not allow this."""

    code = ErrorCode.POLICY_DENIED

    def __init__(self, decision: "Decision") -> None:
        super().__init__()
        self.decision = decision


class ApprovalRequired(WorkbenchError):
    """The policy asks people about this, and it has not been granted."""

    code = ErrorCode.APPROVAL_REQUIRED

    def __init__(self, decision: "Decision", message: str) -> None:
        super().__init__(message)
        self.decision = decision


class NotPermitted(WorkbenchError):
    """You have no permission for this here."""

    code = ErrorCode.NOT_PERMITTED


class NotFound(WorkbenchError):
    """There is nothing with this id or name that you can see."""

    code = ErrorCode.NOT_FOUND


class InvalidInput(WorkbenchError):
    """The input cannot be accepted."""

    code = ErrorCode.INVALID_INPUT

    def __init__(self, message: str, *path: str, faults: "Sequence[Fault]" = ()) -> None:
        """They are in `all_faults`, where more than the first one is known."""
        super().__init__(message)
        self.path = path
        self.all_faults = tuple(faults)


class IllegalTransition(WorkbenchError):
    """This cannot be done in the present state."""

    code = ErrorCode.ILLEGAL_TRANSITION

    def __init__(self, state: StrEnum, message: str, allowed: Sequence[StrEnum] = ()) -> None:
        super().__init__(message)
        self.state = state
        self.allowed = tuple(allowed)


class CapabilityMissing(WorkbenchError):
    """The provider cannot do this."""

    code = ErrorCode.CAPABILITY_MISSING

    def __init__(self, capability: str, message: str | None = None) -> None:
        super().__init__(message)
        self.capability = capability


class ProviderUnavailable(WorkbenchError):
    """The provider did not answer."""

    code = ErrorCode.PROVIDER_UNAVAILABLE

    def __init__(
        self,
        message: str | None = None,
        *,
        is_unsent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        """`is_unsent`: it is certain that the provider did not get what was asked of it.
        `retry_after_s`: when it wants to be asked again, in seconds, where it says so."""
        super().__init__(message)
        self.is_unsent = is_unsent
        self.retry_after_s = retry_after_s


class ProviderLeftAlone(ProviderUnavailable):
    """The provider did not answer others just now, so it was not asked."""


class ProviderUnconfigured(WorkbenchError):
    """The provider is not configured for this project."""

    code = ErrorCode.PROVIDER_UNCONFIGURED


class Ineligibility(StrEnum):
    """Why somebody's word does not count for an approval."""

    NOT_PENDING = "NOT_PENDING"
    REQUESTER = "REQUESTER"
    NO_RIGHT = "NO_RIGHT"
    VOTED_ALREADY = "VOTED_ALREADY"
    RIGHT_USED = "RIGHT_USED"
    OF_REQUESTER = "OF_REQUESTER"
    NO_PERSON = "NO_PERSON"
    SAME_HAND = "SAME_HAND"


class ApprovalNotEligible(WorkbenchError):
    """You cannot decide on this approval."""

    code = ErrorCode.APPROVAL_NOT_ELIGIBLE

    def __init__(self, reason: Ineligibility, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class IdempotencyConflict(WorkbenchError):
    """The same idempotency key came before with another input."""

    code = ErrorCode.IDEMPOTENCY_CONFLICT


class QuotaExceeded(WorkbenchError):
    """A limit of this server is reached."""

    code = ErrorCode.QUOTA_EXCEEDED


class KillSwitchEngaged(WorkbenchError):
    """A kill switch is engaged: nothing is dispatched."""

    code = ErrorCode.KILL_SWITCH_ENGAGED

    def __init__(self, scope: "KillSwitchScope", reason: str | None) -> None:
        told = f" Reason: {reason}" if reason else ""
        super().__init__(f"The {scope.lower()}'s kill switch is engaged.{told}")
        self.scope = scope
        self.reason = reason


class FeatureDisabled(WorkbenchError):
    """This feature is off."""

    code = ErrorCode.FEATURE_DISABLED

    def __init__(self, feature: "FeatureFlag", message: str) -> None:
        super().__init__(message)
        self.feature = feature


class Unauthenticated(WorkbenchError):
    """Sign in with a valid token."""

    code = ErrorCode.UNAUTHENTICATED


class CursorInvalid(WorkbenchError):
    """The cursor does not belong here."""

    code = ErrorCode.CURSOR_INVALID


class StorageUnavailable(WorkbenchError):
    """The database cannot be written or read now. Nothing was changed."""

    code = ErrorCode.STORAGE_UNAVAILABLE


class ProviderRefused(WorkbenchError):
    """The provider will not take this run."""

    code = ErrorCode.PROVIDER_ERROR


class CredentialsRejected(ProviderRefused):
    """The provider does not let us in with the credentials that are set."""


class CostExceeded(WorkbenchError):
    """The operation asks for more than any may; ask for less at once."""

    code = ErrorCode.COST_EXCEEDED

    def __init__(self, requested: int, most: int) -> None:
        super().__init__(f"The operation costs {requested} points; {most} are the most.")
        self.requested = requested
        self.most = most


class RateLimited(WorkbenchError):
    """This token has asked for too much within a minute; wait, and ask again."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__()
        self.retry_after_ms = retry_after_ms


class IssuerUnavailable(WorkbenchError):
    """The issuer of this token cannot be asked now for the key to check it with."""

    code = ErrorCode.ISSUER_UNAVAILABLE


class SecretKeysMissing(WorkbenchError):
    """This server has no key to seal secrets with."""

    code = ErrorCode.SECRET_KEYS_MISSING
