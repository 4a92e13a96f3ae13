"""No config shows a secret of its project, whatever provider the secret is for."""

import base64
from urllib.parse import quote

import pytest

from domain.errors import InvalidInput
from domain.models.commands import ConfigureProvider
from tests.domain.services.conftest import Desk
from tests.domain.services.office import URL, Office
from tests.keyed import KeyedProvider

pytestmark = pytest.mark.anyio

OTHER = "other"
SECRET = "open sesame/now"
SHOWN = [SECRET, quote(SECRET, safe=""), base64.b64encode(f"u:{SECRET}".encode()).decode()]


@pytest.fixture
def office(desk: Desk) -> Office:
    """With two providers."""
    made = Office(desk)
    made.services.registry._providers[OTHER] = KeyedProvider(key=OTHER)
    return made


async def configure_other(office: Office, text: str) -> None:
    config = {"baseUrl": URL, "labels": {"note": f"it is {text}"}}
    command = ConfigureProvider(project="main", provider=OTHER, config=config)
    await office.services.configs.configure(command, office.desk.project.id, office.desk.caller)


@pytest.mark.parametrize("shown", SHOWN)
async def test_a_config_with_a_secret_of_another_provider_is_refused(
    office: Office, shown: str
) -> None:
    """In any form; the message does not show it again."""
    await office.put(SECRET)
    with pytest.raises(InvalidInput, match="holds a secret") as refused:
        await configure_other(office, shown)
    assert ("config", "labels", "note") == refused.value.path
    assert shown not in refused.value.message


@pytest.mark.parametrize("shown", SHOWN)
async def test_a_secret_that_another_config_shows_is_refused(office: Office, shown: str) -> None:
    """It would be told to all who read the project; nor is it masked from then on."""
    await configure_other(office, shown)
    with pytest.raises(InvalidInput, match="'other' holds it") as refused:
        await office.put(SECRET)
    assert SECRET not in refused.value.message
    assert shown == office.masked(shown)


async def test_words_that_are_not_masked_may_stand_anywhere(office: Office) -> None:
    """They are too short to be told from others."""
    await configure_other(office, "dev")
    await office.put("dev")
