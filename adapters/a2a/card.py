"""An agent's card: where it is spoken to, in which words, and what it wants to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import ProviderRefused

PATH: Final = "/.well-known/agent-card.json"
BINDING: Final = "HTTP+JSON"
VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How the token is shown: `header` or `query` names where, `prefix` goes before it."""

    header: str | None = None
    query: str | None = None
    prefix: str = ""


BEARER: Final = Scheme(header="Authorization", prefix="Bearer ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What we need of a card. `scheme` is None where the agent lets in anybody."""

    name: str
    url: str
    streams: bool
    pushes: bool
    scheme: Scheme | None


def card_of(told: Mapping[str, Any]) -> Card:
    """Raises ProviderRefused where we cannot speak to the agent, and says why."""
    interface = _interface(told)
    tenant = interface.get("tenant")
    url = interface["url"].rstrip("/") + (f"/{tenant}" if tenant else "")
    capabilities = told.get("capabilities")
    return Card(
        name=str(told.get("name") or "an agent without a name"),
        url=url,
        streams=_has(capabilities, "streaming"),
        pushes=_has(capabilities, "pushNotifications"),
        scheme=_scheme(told),
    )


def _interface(told: Mapping[str, Any]) -> Mapping[str, Any]:
    interfaces = [each for each in _list(told.get("supportedInterfaces")) if _has_url(each)]
    spoken: list[Mapping[str, Any]] = [
        each for each in interfaces if each.get("protocolBinding") == BINDING
    ]
    for interface in spoken:
        if str(interface.get("protocolVersion", "")).split(".")[0] == VERSION.split(".")[0]:
            return interface
    if spoken:
        versions = ", ".join(str(each.get("protocolVersion")) for each in spoken)[:100]
        raise ProviderRefused(f"The agent speaks A2A {versions}; {VERSION} is wanted.")
    raise ProviderRefused(f"The agent's card names no interface of the binding {BINDING}.")


def _has(capabilities: object, name: str) -> bool:
    return isinstance(capabilities, Mapping) and capabilities.get(name) is True


def _has_url(interface: object) -> bool:
    return isinstance(interface, Mapping) and isinstance(interface.get("url"), str)


def _scheme(told: Mapping[str, Any]) -> Scheme | None:
    """The first of those that are enough alone and that one token can meet."""
    schemes = told.get("securitySchemes")
    named = schemes if isinstance(schemes, Mapping) else {}
    wanted = [_names(each) for each in _list(told.get("securityRequirements"))]
    if not wanted and not named:
        return None
    for names in wanted or [[name] for name in named]:
        found = [scheme for name in names if (scheme := _known(named.get(name)))]
        if len(names) <= 1 and len(found) == len(names):
            return found[0] if found else None
    if not wanted:
        return None
    raise ProviderRefused("The agent wants to be shown what one token cannot be: see its card.")


def _names(requirement: object) -> Sequence[str]:
    schemes = requirement.get("schemes") if isinstance(requirement, Mapping) else None
    return list(schemes) if isinstance(schemes, Mapping) else []


def _known(told: object) -> Scheme | None:
    match told:
        case {"httpAuthSecurityScheme": {"scheme": str(name)}} if name.lower() == "bearer":
            return BEARER
        case {"oauth2SecurityScheme": _} | {"openIdConnectSecurityScheme": _}:
            return BEARER
        case {"apiKeySecurityScheme": {"location": "header", "name": str(name)}}:
            return Scheme(header=name)
        case {"apiKeySecurityScheme": {"location": "query", "name": str(name)}}:
            return Scheme(query=name)
        case _:
            return None


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
