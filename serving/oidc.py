"""What the settings say of an issuer of OpenID Connect. Pure; raises ValueError."""

from collections.abc import Mapping

import orjson

from domain.models.principals import Role
from domain.models.subjects import GroupRights
from domain.services.projects import SLUG
from domain.validation import is_private_place


def issuer_url(url: str | None) -> str | None:
    """The URL, if one can trust what is said there."""
    if url is None:
        return None
    if not is_private_place(url) or "?" in url or "#" in url:
        raise ValueError("an issuer is a URL with https, or of this machine, and no query")
    return url


def rights(text: str | None) -> Mapping[str, GroupRights] | None:
    """By group: `{"admins": "server-admin", "team-a": {"shop": ["OPERATOR", "APPROVER"]}}`."""
    if text is None:
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError("not valid JSON") from error
    match value:
        case dict():
            return {group: _of_group(group, given) for group, given in value.items()}
        case _:
            raise ValueError("a JSON object is wanted, with the groups as names")


def _of_group(group: str, given: object) -> GroupRights:
    match given:
        case "server-admin":
            return GroupRights(is_server_admin=True)
        case dict():
            return GroupRights(roles={_slug(slug): _roles(group, given[slug]) for slug in given})
        case _:
            raise ValueError(f"{group!r} has neither 'server-admin' nor an object by project")


def _slug(text: str) -> str:
    """It may be a project that is still to come, but not a pattern that none can have."""
    if not SLUG.fullmatch(text):
        raise ValueError(f"no project is called {text!r}")
    return text


def _roles(group: str, given: object) -> frozenset[Role]:
    match given:
        case [*named] if all(role in list(Role) for role in named):
            return frozenset(role for role in Role if role in named)
        case _:
            raise ValueError(f"{group!r} has a project without a list of {', '.join(Role)}")
