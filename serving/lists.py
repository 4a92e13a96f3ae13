"""Settings that hold several things with commas between."""

from typing import Annotated

from pydantic import StringConstraints


def parts(text: object) -> object:
    """`a, b` -> a and b."""
    if not isinstance(text, str):
        return text
    return [part.strip().lower() for part in text.split(",") if part.strip()]


def flags(text: object) -> object:
    """`connectors, sdk_steps` -> CONNECTORS and SDK_STEPS."""
    found = parts(text)
    return [part.upper() for part in found] if isinstance(found, list) else found


HostName = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9._-]+$|^\[[0-9a-f:.]+\]$")]
Origin = Annotated[
    str, StringConstraints(pattern=r"^https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?$")
]
