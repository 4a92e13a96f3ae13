"""From what a platform says of a run to what it means."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from adapters.rest.checking import ABSENT
from adapters.rest.manifest import Rule, Status, Used
from adapters.rest.times import time_of
from domain.models.outputs import NO_OUTPUTS, Outputs
from domain.models.providers import ProviderSignal, ProviderStatus
from domain.models.usage import Usage
from domain.outputs import outputs_of
from domain.usage import usage_of

RAW_CHARACTERS: Final = 200
MESSAGE_CHARACTERS: Final = 2000
WAIT_STATUS_MAX: Final = 0xFFFF
TERMINAL: Final = frozenset(
    {
        ProviderSignal.SUCCEEDED,
        ProviderSignal.FAILED,
        ProviderSignal.CANCELED,
        ProviderSignal.TIMED_OUT,
    }
)
VANISHED: Final = ProviderStatus(
    raw="not found",
    signal=ProviderSignal.VANISHED,
    message="The provider does not know this run.",
)
ANOTHER: Final = ProviderStatus(
    raw="another run",
    signal=ProviderSignal.VANISHED,
    message="The provider has another run under this id by now: it has begun to count anew.",
)


def status_of(status: Status, found: Mapping[str, Any]) -> ProviderStatus:
    """What the values that were found mean."""
    rule = next((rule for rule in status.rules if _fits(rule, found)), None)
    signal = status.unknown if rule is None else rule.signal
    is_waiting = signal is ProviderSignal.WAITING
    message = (rule.message if rule else None) or _first(status, status.message, found)
    return ProviderStatus(
        raw=" ".join(_word(found.get(name)) for name in status.raw)[:RAW_CHARACTERS],
        signal=signal,
        message=message,
        question=(_first(status, status.question, found) or message) if is_waiting else None,
        exit_code=_exit_code(status, found) if signal in TERMINAL else None,
        ended_at=_ended_at(status, found) if signal in TERMINAL else None,
        outputs=_outputs(status, found) if signal in TERMINAL else NO_OUTPUTS,
        usage=_usage(status.usage, found),
    )


def _fits(rule: Rule, found: Mapping[str, Any]) -> bool:
    return all(_word(found.get(name)) in map(_word, fits) for name, fits in rule.when.items())


def _word(value: Any) -> str:
    """A value as it is compared and shown; a list is shown by its items."""
    if value is None:
        return ABSENT
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "+".join(value) or ABSENT
    return value if isinstance(value, str) else json.dumps(value)


def _first(status: Status, names: tuple[str, ...], found: Mapping[str, Any]) -> str | None:
    for name in names:
        value = found.get(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value and value not in status.empty:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            return text.replace("\0", "\u2400")[:MESSAGE_CHARACTERS]
    return None


def _exit_code(status: Status, found: Mapping[str, Any]) -> int | None:
    value = found.get(status.exit_code or "")
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > WAIT_STATUS_MAX:
        return None
    if status.exit_code_as == "code":
        return value
    code = os.waitstatus_to_exitcode(value)
    return code if code >= 0 else None


def _outputs(status: Status, found: Mapping[str, Any]) -> Outputs:
    value = found.get(status.outputs or "")
    return NO_OUTPUTS if value is None else outputs_of(value)


def _usage(used: Used, found: Mapping[str, Any]) -> Usage | None:
    names = (used.cost, used.input_tokens, used.output_tokens, used.tokens)
    cost, given, made, tokens = (found.get(name or "") for name in names)
    if used.cost_as == "cents" and isinstance(cost, int | float | str):
        cost = f"{cost}e-2"
    return usage_of(cost_usd=cost, input_tokens=given, output_tokens=made, tokens=tokens)


def _ended_at(status: Status, found: Mapping[str, Any]) -> datetime | None:
    return time_of(found.get(status.ended_at or ""), status.ended_at_as)
