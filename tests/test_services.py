"""The servers that tests run against can be had in each of the promised ways."""

import sys

import pytest

from tests import services
from tests.fixtures_services import required

NOWHERE = "127.0.0.1:1"


def test_postgres_given_by_name_but_not_there_is_missing() -> None:
    """A server somebody named is never replaced by another."""
    named = {"WORKBENCH_TEST_POSTGRES_URL": f"postgresql+asyncpg://postgres@{NOWHERE}/postgres"}
    with pytest.raises(services.ServiceMissing), services.postgres(named):
        pass


def test_redis_given_by_name_but_not_there_is_missing() -> None:
    """A server somebody named is never replaced by another."""
    with (
        pytest.raises(services.ServiceMissing),
        services.redis({"WORKBENCH_TEST_REDIS_URL": f"redis://{NOWHERE}/0"}),
    ):
        pass


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_service_fails_in_ci_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    """CI never passes by not running."""
    monkeypatch.setenv("CI", ci)
    named = {"WORKBENCH_TEST_REDIS_URL": f"redis://{NOWHERE}/0"}
    with pytest.raises(outcome), required(services.redis(named)):
        pass


@pytest.mark.parametrize("path", ["machine", "package"])
def test_a_private_postgres_starts_again_where_it_was(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """From the machine's own programs, or from the registry package where there are none; killed,
    it comes back."""
    if path == "package":
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(services, "POSTGRES_DIRS", services.POSTGRES_DIRS[-1:])
    with services.private_postgres() as server:
        server.kill()
        assert not services.postgres_answers(server.url)
        server.start()
        assert services.postgres_answers(server.url)
    assert not services.postgres_answers(server.url)


@pytest.mark.parametrize("path", ["machine", "package"])
def test_a_private_redis_starts_again_where_it_was(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """From the machine's own program or the registry package's; killed, it comes back."""
    if path == "package":
        monkeypatch.setenv("PATH", "")
    with services.private_redis() as server:
        server.kill()
        assert not services.redis_answers(server.url)
        server.start()
        assert services.redis_answers(server.url)
    assert not services.redis_answers(server.url)


def test_a_program_that_is_nowhere_is_missing() -> None:
    """The message says what was looked for and where."""
    with pytest.raises(services.ServiceMissing, match=r"no-such-server.*somewhere"):
        services.find_program("no-such-server", (f"{sys.prefix}/somewhere",))


def test_a_database_is_the_tests_own(postgres_url: str, postgres_database_url: str) -> None:
    """It is there, and it is none of the server's."""
    assert services.postgres_answers(postgres_database_url)
    assert postgres_url != postgres_database_url


def test_redis_is_there(redis_url: str) -> None:
    """It answers."""
    assert services.redis_answers(redis_url)
