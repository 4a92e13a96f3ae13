"""The exit code that a script gets, for every way a run can end."""

import pytest

from cli.client.api import Ending
from cli.client.exits import exit_code


@pytest.mark.parametrize(
    ("expected", "ending"),
    [
        (0, Ending(state="SUCCEEDED", exit_code=0)),
        (0, Ending(state="SUCCEEDED")),
        (3, Ending(state="FAILED", failure_code="EXIT_NONZERO", exit_code=3)),
        (137, Ending(state="FAILED", failure_code="SIGNALED", exit_code=137)),
        (1, Ending(state="FAILED", failure_code="SIGNALED")),
        (1, Ending(state="FAILED", failure_code="LOST")),
        (1, Ending(state="FAILED", failure_code="OUTPUT_LIMIT", exit_code=0)),
        (124, Ending(state="FAILED", failure_code="TIMED_OUT")),
        (124, Ending(state="FAILED", failure_code="TIMED_OUT", exit_code=143)),
        (125, Ending(state="FAILED", failure_code="PROVIDER_ERROR", has_started=False)),
        (1, Ending(state="FAILED", failure_code="PROVIDER_ERROR")),
        (125, Ending(state="FAILED", failure_code="PROVIDER_UNAVAILABLE", has_started=False)),
        (125, Ending(state="FAILED", failure_code="POLICY_DENIED", has_started=False)),
        (125, Ending(state="CANCELED", failure_code="APPROVAL_REJECTED", has_started=False)),
        (125, Ending(state="CANCELED", failure_code="APPROVAL_EXPIRED", has_started=False)),
        (130, Ending(state="CANCELED")),
        (130, Ending(state="CANCELED", exit_code=143)),
    ],
)
def test_exit_codes(expected: int, ending: Ending) -> None:
    """The table in `workbench run --help`."""
    assert expected == exit_code(ending)
