"""A verifier for an issuer of the test's own, both on the test's clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from adapters.oidc.verifier import Verifier
from domain.models import subjects
from tests.domain.services.scripted import ManualClock
from tests.issuer import AUDIENCE, Issuer


@dataclass
class Door:
    """Where tokens are shown. The verifier is not entered: it asks only when it is asked."""

    issuer: Issuer
    clock: ManualClock
    groups_in: str = "groups"
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.verifier = Verifier(
            subjects.Issuer(url=self.issuer.url, audience=AUDIENCE, groups_in=self.groups_in),
            clock=self.clock,
            failed=lambda: self.failures.append("issuer"),
        )

    async def show(self, text: str) -> str:
        """Whom it lets in, by `sub`."""
        return (await self.verifier.verify(text)).subject.sub


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def issuer(clock: ManualClock) -> Iterator[Issuer]:
    with Issuer(now=lambda: clock.now().timestamp()).running() as running:
        yield running


@pytest.fixture
async def door(anyio_backend: str, issuer: Issuer, clock: ManualClock) -> Door:
    return Door(issuer, clock)
