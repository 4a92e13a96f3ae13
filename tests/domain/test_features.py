"""What is off answers with a coded refusal, whoever has it off."""

import pytest

from domain import features
from domain.errors import ErrorCode, FeatureDisabled
from domain.models.providers import ProviderKind
from domain.models.settings import FeatureFlag, ProjectSettings

ALL_ON = ProjectSettings(default_provider="local")
NOTHING: frozenset[FeatureFlag] = frozenset()


@pytest.mark.parametrize("flag", FeatureFlag)
def test_a_feature_is_off_where_the_project_or_the_server_has_it_off(flag: FeatureFlag) -> None:
    """One of them is enough; the other features stay on."""
    off = frozenset({flag})
    all_off = ProjectSettings(default_provider="local", disabled=off)
    for settings, of_server in ((all_off, NOTHING), (ALL_ON, off), (all_off, off)):
        with pytest.raises(FeatureDisabled) as refused:
            features.check(flag, settings, of_server)
        assert (ErrorCode.FEATURE_DISABLED, flag) == (refused.value.code, refused.value.feature)
        for other in set(FeatureFlag) - off:
            features.check(other, settings, of_server)
    features.check(flag, ALL_ON, NOTHING)


@pytest.mark.parametrize("kind", ProviderKind)
def test_only_this_machine_is_no_connector(kind: ProviderKind) -> None:
    """Every other kind of provider is reached by one."""
    no_connectors = ProjectSettings(
        default_provider="local", disabled=frozenset({FeatureFlag.CONNECTORS})
    )
    features.check_provider(kind, ALL_ON, NOTHING)
    if kind is ProviderKind.LOCAL:
        features.check_provider(kind, no_connectors, NOTHING)
        return
    with pytest.raises(FeatureDisabled):
        features.check_provider(kind, no_connectors, NOTHING)
