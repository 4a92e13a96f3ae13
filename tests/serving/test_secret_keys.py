"""The keys that credentials are sealed with: what is one, and where they come from."""

import secrets
from base64 import b64encode
from pathlib import Path
from threading import Thread

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from serving.secret_keys import GivenKeys, KeyFile, key_of, new_key
from serving.settings import Settings

PLAIN = bytes(range(224, 256))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test sets."""
    for name in ("SECRET_KEYS", "DATABASE_URL"):
        monkeypatch.delenv(f"WORKBENCH_{name}", raising=False)
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(tmp_path))


def test_a_key_is_read_in_each_of_its_forms() -> None:
    """Base64 of either alphabet, padded or not, and hex."""
    padded = b64encode(PLAIN).decode()
    forms = [padded, padded.strip("="), padded.replace("+", "-").replace("/", "_")]
    forms += [PLAIN.hex(), PLAIN.hex().upper()]
    assert [PLAIN] * 5 == list(map(key_of, forms))
    for made in (new_key(), Fernet.generate_key().decode(), secrets.token_urlsafe(32)):
        assert 32 == len(key_of(made))


@pytest.mark.parametrize(
    "text", ["hush", "h" * 42, "h" * 44 + "=", "hush" * 16 + "!", "é" * 43, "a" * 63, "g" * 64]
)
def test_what_is_no_key_is_not_shown(text: str) -> None:
    """Neither too short a one nor a passphrase is stretched into something that looks safe."""
    with pytest.raises(ValueError, match="no key") as refused:
        key_of(text)
    assert text not in str(refused.value)


def test_the_settings_give_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order; they are masked in logs, and not shown."""
    texts = [new_key(), new_key()]
    monkeypatch.setenv("WORKBENCH_SECRET_KEYS", f" {texts[0]} , {texts[1]},")
    settings = Settings()
    assert [key_of(text) for text in texts] == list(settings.sealing_keys.all())
    assert not settings.sealing_keys.make()
    assert set(texts) <= settings.secret_texts
    assert not any(text in repr(settings) for text in texts)


def test_a_wrong_key_is_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server does not start with it, and says so without it."""
    monkeypatch.setenv("WORKBENCH_SECRET_KEYS", f"{new_key()},hush-hush")
    with pytest.raises(ValidationError) as refused:
        Settings()
    (fault,) = refused.value.errors(include_input=False)
    assert "key 2 is no key" in fault["msg"]
    assert "hush" not in fault["msg"]


def test_without_keys_there_is_a_file_on_sqlite_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of one PostgreSQL may be on several machines, each with another file."""
    assert isinstance(Settings().sealing_keys, KeyFile)
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", "postgresql+asyncpg://u@h/db")
    assert GivenKeys(()) == Settings().sealing_keys


def test_of_many_who_make_a_file_at_once_all_get_the_same(tmp_path: Path) -> None:
    """The first one's, whole."""
    file, found = KeyFile(tmp_path / "secret-keys"), list[bytes]()

    def make() -> None:
        file.make()
        found.extend(file.all())

    threads = [Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[0]] * 8 == found
    assert ["secret-keys"] == [path.name for path in tmp_path.iterdir()]
