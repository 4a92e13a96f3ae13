"""Whether a part of the workbench may be used. Pure; the one place where a flag is looked at."""

from collections.abc import Collection

from domain.errors import FeatureDisabled
from domain.models.providers import ProviderKind
from domain.models.settings import FeatureFlag, ProjectSettings


def check(flag: FeatureFlag, settings: ProjectSettings, off: Collection[FeatureFlag]) -> None:
    """`off` are those that the server has off; a project can only add to them.

    Raises FeatureDisabled, which says who has it off.
    """
    if flag in off:
        raise FeatureDisabled(flag, f"{flag} is off on this server.")
    if flag in settings.disabled:
        raise FeatureDisabled(flag, f"{flag} is off in this project.")


def check_provider(
    kind: ProviderKind, settings: ProjectSettings, off: Collection[FeatureFlag]
) -> None:
    """All but this machine is reached by a connector. Raises FeatureDisabled."""
    if kind is not ProviderKind.LOCAL:
        check(FeatureFlag.CONNECTORS, settings, off)
