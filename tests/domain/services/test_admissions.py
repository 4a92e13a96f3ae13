"""How many may come, who is refused, and that those who leave make room."""

from contextlib import ExitStack

import pytest

from domain.errors import QuotaExceeded
from domain.ids import PrincipalId
from domain.limits import ConnectionKind, ConnectionLimits
from domain.services.admissions import Admissions
from tests.domain.services.scripted import CountingMeter

ADA, BOB = PrincipalId("ada"), PrincipalId("bob")


@pytest.fixture
def meter() -> CountingMeter:
    return CountingMeter()


@pytest.fixture
def admissions(meter: CountingMeter) -> Admissions:
    limits = ConnectionLimits(
        principal_connections=2, unsigned_sockets=3, unsigned_sockets_per_address=2
    )
    return Admissions(limits, meter)


def test_those_who_have_not_signed_in(admissions: Admissions, meter: CountingMeter) -> None:
    """So many in all, and fewer from one address; whoever leaves makes room."""
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(admissions.unsigned("1.1.1.1"))
        with pytest.raises(QuotaExceeded), admissions.unsigned("1.1.1.1"):
            pass
        stack.enter_context(admissions.unsigned("2.2.2.2"))
        with pytest.raises(QuotaExceeded), admissions.unsigned("3.3.3.3"):
            pass
        assert 3 == meter.connections[ConnectionKind.UNSIGNED]
    with admissions.unsigned("1.1.1.1"):
        assert 1 == meter.connections[ConnectionKind.UNSIGNED]

    assert ["unsigned_sockets_per_address", "unsigned_sockets"] == meter.bounds
    assert 0 == meter.connections[ConnectionKind.UNSIGNED]


def test_sockets_and_streams_of_a_principal(admissions: Admissions, meter: CountingMeter) -> None:
    """Count together, each principal's apart."""
    with (
        admissions.signed(ADA, ConnectionKind.SOCKET),
        admissions.signed(ADA, ConnectionKind.STREAM),
        admissions.signed(BOB, ConnectionKind.SOCKET),
    ):
        with pytest.raises(QuotaExceeded), admissions.signed(ADA, ConnectionKind.STREAM):
            pass
        assert [2, 1] == [
            meter.connections[kind] for kind in (ConnectionKind.SOCKET, ConnectionKind.STREAM)
        ]
    with admissions.signed(ADA, ConnectionKind.STREAM), admissions.operating():
        assert 1 == meter.operations

    assert ["principal_connections"] == meter.bounds
    assert (0, 0) == (meter.connections.total(), meter.operations)


def test_nobody_is_remembered_who_has_left(admissions: Admissions) -> None:
    """Addresses and principals come without end."""
    for number in range(10):
        with (
            admissions.unsigned(str(number)),
            admissions.signed(PrincipalId(str(number)), ConnectionKind.SOCKET),
        ):
            pass

    assert 0 == len(admissions._unsigned_of) + len(admissions._signed_of)
