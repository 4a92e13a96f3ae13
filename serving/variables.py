"""Variables of the environment that are called like settings, and are none."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from serving.settings import PREFIX, Settings

READ_BY_OTHERS: Final = (
    "WORKBENCH_URL",
    "WORKBENCH_TOKEN",
    "WORKBENCH_WEB",
    "WORKBENCH_RUN_ID",
    "WORKBENCH_OUTPUT",
)
"""What clients and an installation read, and what a run is told."""


def strangers(variables: Iterable[str]) -> dict[str, str | None]:
    """Variables that are called like settings and are none, mistyped as a rule; each with the
    setting that is called nearly so. Case makes no difference, as it makes none to Settings."""
    fields = [field.upper() for field in Settings.model_fields]
    ours = {*READ_BY_OTHERS, *(PREFIX + field for field in fields)}
    strange = sorted(
        name
        for name in variables
        if (upper := name.upper()).startswith(PREFIX) and upper not in ours
    )
    meant = {
        name: get_close_matches(name.upper().removeprefix(PREFIX), fields, n=1) for name in strange
    }
    return {name: PREFIX + near[0] if near else None for name, near in meant.items()}
