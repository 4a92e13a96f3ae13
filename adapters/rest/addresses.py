"""Where the platform of a manifest is, for one project."""

from collections.abc import Mapping
from typing import Any

from adapters.rest.manifest import Manifest
from adapters.rest.templates import PlaceMissing, fill_text
from domain.errors import ProviderRefused


def base_url(manifest: Manifest, config: Mapping[str, Any]) -> str:
    """Where a project's platform is. Raises ProviderRefused."""
    try:
        return fill_text(manifest.base_url, {"config": config})
    except PlaceMissing as error:
        raise ProviderRefused(f"This provider needs {error.name}, which is not set.") from error


def is_private_allowed(manifest: Manifest, config: Mapping[str, Any]) -> bool:
    """Whether the platform may have a private address."""
    if manifest.private_addresses == "config":
        return config.get("allowPrivate") is True
    return manifest.private_addresses == "always"
