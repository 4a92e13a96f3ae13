"""What the environment says, and what follows from it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.models.principals import Role
from domain.models.settings import FeatureFlag
from domain.models.subjects import GroupRights, Issuer
from serving.settings import Settings
from serving.variables import strangers


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test sets."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"WORKBENCH_{name.upper()}", raising=False)
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(tmp_path))


def test_unset_means_sqlite_and_no_bus(tmp_path: Path) -> None:
    """The database is a file in the data directory, and wake-ups stay in the process."""
    settings = Settings()
    assert f"sqlite+aiosqlite:///{tmp_path}/workbench.db" == settings.store_url
    assert (True, None) == (settings.is_sqlite, settings.wake_url)


def test_postgres_brings_its_own_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several servers on one database wake each other without being told how."""
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", "postgresql+asyncpg://u:secret@h/db")
    settings = Settings()
    assert (False, "postgresql://u:secret@h/db") == (settings.is_sqlite, settings.wake_url)
    monkeypatch.setenv("WORKBENCH_BUS_URL", "redis://:hidden@h:6379")
    assert Settings().wake_url == "redis://:hidden@h:6379"


def test_secrets_are_known_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords and the token are masked in logs, and a printed Settings has none of them."""
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", "postgresql+asyncpg://u:secret-pw@h/db")
    monkeypatch.setenv("WORKBENCH_BUS_URL", "redis://:hidden-pw@h:6379")
    monkeypatch.setenv("WORKBENCH_BOOTSTRAP_TOKEN", "wb_0123456789abcdef")
    settings = Settings()
    assert {"secret-pw", "hidden-pw", "wb_0123456789abcdef"} == settings.secret_texts
    shown = repr(settings) + settings.store_name
    assert "postgresql://h/db" == settings.store_name
    assert not any(secret in shown for secret in settings.secret_texts)


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")]
)
def test_the_base_url(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    """An IPv6 address is bracketed."""
    monkeypatch.setenv("WORKBENCH_HOST", host)
    assert url == Settings().at_port(80).base_url


def test_names_and_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    """With commas between; the loopback and the address to listen on are always trusted."""
    monkeypatch.setenv("WORKBENCH_HOST", "fd00::1")
    monkeypatch.setenv("WORKBENCH_ALLOWED_HOSTS", "WB.example.org, *.wb.test,")
    monkeypatch.setenv("WORKBENCH_CORS_ORIGINS", "https://a.test,http://[::1]:3000")
    settings = Settings()

    always = ["localhost", "127.0.0.1", "[::1]", "[fd00::1]"]
    assert [*always, "wb.example.org", "*.wb.test"] == settings.trusted_hosts
    assert ("https://a.test", "http://[::1]:3000") == settings.cors_origins


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "wb.*.test"),
        ("ALLOWED_HOSTS", "http://wb.test"),
        ("ALLOWED_HOSTS", "wb.test:8000"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "wb.test"),
        ("CORS_ORIGINS", "https://wb.test/"),
        ("CORS_ORIGINS", "null"),
    ],
)
def test_what_is_no_name_and_no_origin(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """All names and all origins are none either."""
    monkeypatch.setenv(f"WORKBENCH_{name}", text)
    with pytest.raises(ValueError, match=name.lower()):
        Settings()


def test_mistyped_names() -> None:
    """What looks like a setting and is none is found, with what was meant where that is clear."""
    variables = ["WORKBENCH_PROT", "WORKBENCH_COLOUR_OF_ROOF", "WORKBENCH_PORT", "HOME"]
    assert {"WORKBENCH_PROT": "WORKBENCH_PORT", "WORKBENCH_COLOUR_OF_ROOF": None} == strangers(
        variables
    )
    assert {} == strangers(["workbench_port", "WORKBENCH_URL", "WORKBENCH_RUN_ID"])


ISSUER = "https://login.example.org/realms/main"
ROLES = '{"admins": "server-admin", "team-a": {"shop": ["OPERATOR", "APPROVER"], "docs": []}}'


def set_all(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"WORKBENCH_OIDC_{name.upper()}", value)


def test_without_an_issuer_nobody_vouches() -> None:
    """As it comes."""
    assert Settings().issuer is None


def test_an_issuer_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its URL and the audience; its groups may bring rights."""
    set_all(monkeypatch, issuer=ISSUER, audience="workbench")
    assert Issuer(url=ISSUER, audience="workbench") == Settings().issuer
    set_all(monkeypatch, claim="realm_access.roles", roles=ROLES)
    settings = Settings()
    assert "realm_access.roles" == (settings.issuer and settings.issuer.groups_in)
    assert {
        "admins": GroupRights(is_server_admin=True),
        "team-a": GroupRights(
            roles={"shop": frozenset({Role.OPERATOR, Role.APPROVER}), "docs": frozenset()}
        ),
    } == settings.oidc_roles


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"issuer": ISSUER}, "oidc_audience"),
        ({"issuer": ISSUER, "audience": ""}, "oidc_audience"),
        *(
            ({"issuer": url, "audience": "workbench"}, "oidc_issuer")
            for url in (
                *("", "login.example.org", "http://login.example.org", "https://", "ftp://[::1]"),
                *("https://login.example.org?a", "https://login.example.org#a"),
                *("http://localhost.example.org", "http://127.0.0.1.example.org", "http://[::1"),
            )
        ),
        ({"claim": ""}, "oidc_claim"),
        *(
            ({"roles": text}, "oidc_roles")
            for text in (
                *("", "team-a", "[]", '{"team-a": "admin"}', '{"team-a": ["OPERATOR"]}'),
                *('{"team-a": {"shop": "OPERATOR"}}', '{"team-a": {"shop": ["operator"]}}'),
                *('{"team-a": {"*": ["VIEWER"]}}', '{"team-a": {"shop": [{}]}}'),
            )
        ),
    ],
)
def test_an_issuer_that_cannot_be_right_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    """One fault, of the variable that is wrong: the server does not start."""
    set_all(monkeypatch, **variables)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert [(named,)] == [fault["loc"] for fault in refused.value.errors()]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9/a"])
def test_an_issuer_of_this_machine_needs_no_tls(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Nobody is in between."""
    set_all(monkeypatch, issuer=url, audience="workbench")
    assert url == Settings().oidc_issuer


def test_features_are_turned_off_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any case, with commas between; a name that is none is an error."""
    monkeypatch.setenv("WORKBENCH_DISABLED_FEATURES", "connectors, SDK_steps")
    off = frozenset({FeatureFlag.CONNECTORS, FeatureFlag.SDK_STEPS})
    assert off == Settings().disabled_features

    monkeypatch.setenv("WORKBENCH_DISABLED_FEATURES", "connectors,teleport")
    with pytest.raises(ValidationError):
        Settings()
