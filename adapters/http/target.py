"""What goes into calls to a provider and what comes out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from adapters.http import documents
from adapters.http.failures import read_date
from domain.errors import ProviderUnavailable
from domain.models.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one project's calls to one provider may go, and what goes with them.

    `credentials` are headers for the place of `base_url` alone, `query_credentials` likewise;
    `headers` go everywhere. `hosts` may be called besides that of `base_url`; one that begins with
    a dot stands for all below it. `secrets` are masked in what the provider says. `allows_private`
    opens private addresses, and http without TLS.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    query_credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: Collection[str] = frozenset()
    secrets: Collection[Secret] = ()
    allows_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. Headers by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Raises ProviderUnavailable for what is no JSON: the call may have been understood."""
        try:
            return documents.read(self.body)
        except orjson.JSONDecodeError as error:
            raise ProviderUnavailable("The provider's answer is no JSON.") from error

    def object(self) -> Mapping[str, Any]:
        """As `json`, where nothing but an object will do."""
        value = self.json()
        if not isinstance(value, dict):
            raise ProviderUnavailable("The provider's answer is no JSON object.")
        return value

    @property
    def date(self) -> datetime | None:
        """What time it was for the provider."""
        return read_date(self.headers.get("date", ""))
