"""Exit codes of `workbench run`: the run's own, and the documented few for where it has none.

124 and 125 are what coreutils' `timeout` answers, 130 what a shell answers after Ctrl-C.
"""

from typing import Final

from cli.client.api import Ending

FAILED: Final = 1
TIMED_OUT: Final = 124
REFUSED: Final = 125
CANCELED: Final = 130

_NEVER_STARTED: Final = frozenset(
    {"POLICY_DENIED", "APPROVAL_REJECTED", "APPROVAL_EXPIRED", "PROVIDER_UNAVAILABLE"}
)


def exit_code(ending: Ending) -> int:
    """What a script is told. A code of 0 from a run that failed would be a lie, so that is 1."""
    if ending.state == "SUCCEEDED":
        return ending.exit_code or 0
    if ending.failure_code in _NEVER_STARTED or _was_refused(ending):
        return REFUSED
    if ending.state == "CANCELED":
        return CANCELED
    if ending.failure_code == "TIMED_OUT":
        return TIMED_OUT
    return ending.exit_code or FAILED


def _was_refused(ending: Ending) -> bool:
    """Whether the provider would not start it, as with a program that is not there."""
    return ending.failure_code == "PROVIDER_ERROR" and not ending.has_started
