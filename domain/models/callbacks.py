"""What a provider sends us of its own accord."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """As it came. Headers by their names in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Signed by the provider: something has happened to a run, at this time of its clock where it
    tells."""

    provider_run_id: str
    at: datetime | None
