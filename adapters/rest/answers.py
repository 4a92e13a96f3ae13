"""What an answer means, by the manifest: an outcome, what was found in it, or an error."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapters.http.failures import masked, refusal_of
from adapters.http.target import Answer
from adapters.rest.manifest import Operation, Outcome, RateLimit, Words
from adapters.rest.paths import find
from domain.errors import CredentialsRejected, ProviderRefused, ProviderUnavailable, WorkbenchError
from domain.models.secrets import Secret

RESET_S_MAX: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that was understood."""

    outcome: Outcome
    found: Mapping[str, Any] = field(default_factory=dict)
    document: Any = None
    body: bytes = b""
    at: datetime | None = None
    """By the platform's clock, where it tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Understands answers. What it raises holds none of the secrets."""

    rate_limit: RateLimit | None
    rejected: Collection[Words]
    secrets: Collection[Secret]
    now: datetime

    def read(self, op: Operation, answer: Answer) -> Reply:
        """Raises ProviderUnavailable and ProviderRefused, also for an answer without sense."""
        if any(_says(answer, words) for words in self.rejected):
            raise CredentialsRejected(self._failure(answer).message)
        outcome = _treated(op, answer)
        if outcome is None:
            if not _is_ok(op, answer.status):
                raise self._failure(answer)
        elif outcome is Outcome.REFUSED:
            raise ProviderRefused(self._failure(answer).message)
        elif outcome is Outcome.UNAVAILABLE:
            raise ProviderUnavailable(self._failure(answer).message)
        elif outcome is not Outcome.DONE:
            return Reply(outcome=outcome)
        return self._success(op, answer)

    def _success(self, op: Operation, answer: Answer) -> Reply:
        if op.answer != "json":
            return Reply(outcome=Outcome.DONE, body=answer.body)
        document = answer.json()
        trouble = find(document, op.error) if op.error else None
        if trouble:
            raise _trouble(op, masked(str(trouble), self.secrets))
        found = {name: find(document, path) for name, path in op.extract.items()}
        for name in op.require:
            if found[name] is None:
                raise ProviderUnavailable(f"The provider's answer has no {op.extract[name]}.")
        return Reply(
            outcome=Outcome.DONE, found=found, document=document, body=answer.body, at=answer.date
        )

    def _failure(self, answer: Answer) -> WorkbenchError:
        error = refusal_of(
            answer.status, answer.headers, answer.body, secrets=self.secrets, now=self.now
        )
        limit = self.rate_limit
        if limit is None or not _is_spent(answer, limit):
            return error
        wait_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        # Who counts requests has not carried out the one that was too many.
        return ProviderUnavailable(
            error.message,
            is_unsent=True,
            retry_after_s=wait_s if wait_s is not None else self._until_reset(answer, limit),
        )

    def _until_reset(self, answer: Answer, limit: RateLimit) -> float | None:
        try:
            value = float(answer.headers.get(limit.reset.lower(), ""))
        except ValueError:
            return None
        at = (answer.date or self.now).timestamp()
        seconds = value - at if limit.reset_as == "epoch_s" else value
        return min(max(seconds, 0.0), RESET_S_MAX)


def _trouble(op: Operation, told: str) -> WorkbenchError:
    """An error in a success: what was to be done may be done all the same."""
    if op.method == "GET":
        return ProviderRefused(f"The provider refused: {told}")
    return ProviderUnavailable(f"The provider answered with an error: {told}")


def _treated(op: Operation, answer: Answer) -> Outcome | None:
    for each in op.treat:
        if _says(answer, each):
            return each.outcome
    return None


def _says(answer: Answer, words: Words) -> bool:
    return words.status == answer.status and (words.contains or "").encode() in answer.body


def _is_ok(op: Operation, status: int) -> bool:
    return status in op.ok if op.ok else status // 100 == 2  # noqa: PLR2004 - RFC 9110, 15.3


def _is_spent(answer: Answer, limit: RateLimit) -> bool:
    return answer.status in limit.statuses and answer.headers.get(limit.remaining.lower()) == "0"
